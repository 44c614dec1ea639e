// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that can be done, found by typing parts of its name.
#pragma once

#include <QFrame>
#include <QLineEdit>
#include <QListWidget>
#include <QPointer>

#include "app/desktop/actions/action_table.h"

namespace longscope {

class CommandPalette : public QFrame {
    Q_OBJECT

  public:
    // Lies over `window`, hidden at first. The table outlives it.
    CommandPalette(const ActionTable& actions, QWidget& window);

    void open();
    [[nodiscard]] QLineEdit& input() { return *input_; }
    [[nodiscard]] QListWidget& list() { return *list_; }

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void filter(const QString& text);
    void run_current();
    void close_palette();

    const ActionTable& actions_;
    QWidget& window_;
    QLineEdit* input_;
    QListWidget* list_;
    QPointer<QWidget> focus_before_;  // gets it back
};

// How well `text` has the letters of `pattern` in order: larger is better, -1 is not at all. Case does not matter.
[[nodiscard]] int fuzzy_score(const QString& pattern, const QString& text);

}  // namespace longscope
