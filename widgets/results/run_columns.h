// SPDX-License-Identifier: GPL-3.0-or-later
// The columns of the table of runs: those that are looked at most stand in a window of usual size without scrolling,
// the others are a click on the headings away. Who moves, widens, hides or shows any has the columns that way from then
// on.
#pragma once

#include <QByteArray>
#include <QObject>
#include <vector>

#include "storage/run_page.h"

class QAction;
class QTableView;

namespace longscope {

class RunColumns : public QObject {
    Q_OBJECT

  public:
    // The view, whose model has the columns of RunColumn, outlives it. Its headings get a menu.
    explicit RunColumns(QTableView& view, QObject* parent = nullptr);

    // As they are at first.
    void reset();
    // What is left of the view is the name's, then the note's, until the user has set a width.
    void fit();
    void show(RunColumn column);

    // Widths, order and visibility, and the order of the rows.
    [[nodiscard]] QByteArray state() const;
    // False, and nothing is changed, for what this version has not written.
    bool restore(const QByteArray& state);

  private:
    void make_menu();
    void tick_menu();
    [[nodiscard]] int usual_width(RunColumn column) const;

    QTableView& view_;
    std::vector<QAction*> shown_;  // by RunColumn; null for the number, which stays
    bool fitting_ = true;          // the user has set no width
    bool setting_ = false;         // what changes now is not the user's doing
};

}  // namespace longscope
