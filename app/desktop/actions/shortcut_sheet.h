// SPDX-License-Identifier: GPL-3.0-or-later
// All keys on one sheet, made from the table of actions.
#pragma once

#include <QFrame>
#include <QPointer>
#include <QTextBrowser>

#include "app/desktop/actions/action_table.h"

namespace longscope {

class ShortcutSheet : public QFrame {
    Q_OBJECT

  public:
    // Lies over `window`, hidden at first. The table outlives it.
    ShortcutSheet(const ActionTable& actions, QWidget& window);

    void toggle();
    [[nodiscard]] QString text() const { return text_->toPlainText(); }

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    [[nodiscard]] QString html() const;
    void close_sheet();

    const ActionTable& actions_;
    QWidget& window_;
    QTextBrowser* text_;
    QPointer<QWidget> focus_before_;  // gets it back
};

}  // namespace longscope
