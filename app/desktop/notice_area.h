// SPDX-License-Identifier: GPL-3.0-or-later
// Where messages and questions of the window stand: in the free part of its toolbar, so that nothing moves when they
// come and go. What does not fit there has a strip of its own below it, and everything else moves down.
#pragma once

#include <QMainWindow>
#include <QToolBar>

class QVBoxLayout;

namespace longscope {

class NoticeArea : public QWidget {
    Q_OBJECT

  public:
    // All outlive it. The strip is a toolbar without buttons, in a row of its own.
    NoticeArea(QMainWindow& window, QToolBar& toolbar, QToolBar& strip);

    // Bars stand below one another while they are shown.
    void add(QWidget& bar);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    bool event(QEvent* event) override;

  private:
    void arrange();
    [[nodiscard]] int height_for(int width) const;
    [[nodiscard]] QRect free_part() const;  // of the toolbar; empty when it is not in sight

    QMainWindow& window_;
    QToolBar& toolbar_;
    QToolBar& strip_;
    QVBoxLayout* bars_;
};

}  // namespace longscope
