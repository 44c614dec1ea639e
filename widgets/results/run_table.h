// SPDX-License-Identifier: GPL-3.0-or-later
// The runs of a database as a table to sort, filter, select from, copy and export.
#pragma once

#include <QByteArray>
#include <QLabel>
#include <QLineEdit>
#include <QString>
#include <QWidget>
#include <cstdint>
#include <vector>

#include "widgets/base/appearance.h"
#include "widgets/results/run_table_model.h"

class QAction;
class QTableView;

namespace longscope {

class RunColumns;

class RunTable : public QWidget {
    Q_OBJECT

  public:
    explicit RunTable(const Appearance& appearance, QWidget* parent = nullptr);

    void open(const QString& database);
    // What stands in the empty table while no database is open.
    void set_closed_text(const QString& text);
    void refresh() { model_->refresh(); }
    // Empty: all runs are shown.
    void set_filter(const QString& filter) { filter_->setText(filter); }
    void focus_filter();

    [[nodiscard]] std::vector<std::int64_t> selected_runs() const;  // as they stand in the table
    void select_runs(const std::vector<std::int64_t>& runs);
    // The selected rows with a header, tabs between the columns, raw values. The clipboard has them a moment later.
    void copy_selection();
    // All rows that match the filter, as CSV; the result stands in the line below the table.
    void export_csv(const QString& path) { model_->export_csv(path); }
    // The same runs as a page for a browser.
    void export_html(const QString& path) { model_->export_html(path); }

    // Widths, order and visibility of the columns, and the order of the rows.
    [[nodiscard]] QByteArray layout_state() const;
    bool restore_layout_state(const QByteArray& state);

    [[nodiscard]] RunTableModel& model() { return *model_; }
    [[nodiscard]] QTableView& view() { return *view_; }
    // For a window's menus: open, look, copy, tags, note, export, delete.
    [[nodiscard]] QList<QAction*> row_actions() const;

  Q_SIGNALS:
    void run_activated(qint64 run);
    void look_requested(qint64 run);
    void deletion_requested(const std::vector<std::int64_t>& runs);  // nothing is deleted here
    void selection_changed(const std::vector<std::int64_t>& runs);
    void export_requested();  // the window asks for a file name and calls export_csv() or export_html()

  protected:
    void focusInEvent(QFocusEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void recolour();
    void make_view();
    void make_actions();
    void keep_place();
    void find_place();
    void tell_selection();
    void show_status();
    void say(const QString& line);
    void escape();
    void activate(const QModelIndex& index);
    void edit(RunColumn column);

    const Appearance& appearance_;
    RunTableModel* model_;
    QLineEdit* filter_;
    QLabel* count_;
    QTableView* view_;
    RunColumns* columns_ = nullptr;
    QLabel* empty_;
    QString closed_text_ = tr("No database is open");
    QLabel* line_;
    QAction* open_ = nullptr;
    QAction* look_ = nullptr;
    QAction* copy_ = nullptr;
    QAction* tags_ = nullptr;
    QAction* note_ = nullptr;
    QAction* delete_ = nullptr;
    QAction* export_ = nullptr;

    // Where the view was before the list changed.
    struct Place {
        std::vector<std::int64_t> selected;
        std::int64_t current = -1;
        int current_column = 0;
        std::int64_t top = -1;
        int below_top = 0;  // pixels of the top row that are scrolled away
    };
    Place place_;
    std::vector<std::int64_t> told_;  // the selection that was signalled last
    bool moving_ = false;
};

}  // namespace longscope
