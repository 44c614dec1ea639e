// SPDX-License-Identifier: GPL-3.0-or-later
// Where messages and questions of the window stand: in the free part of its toolbar, so that nothing moves when they
// come and go. A long one lies over what is below until it is closed.
#pragma once

#include <QMainWindow>
#include <QToolBar>

class QVBoxLayout;

namespace longscope {

class NoticeArea : public QWidget {
    Q_OBJECT

  public:
    // Both outlive it; without the toolbar in sight, it stands on top of the page in the middle.
    NoticeArea(QMainWindow& window, QToolBar& toolbar);

    // Bars stand below one another while they are shown.
    void add(QWidget& bar);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    bool event(QEvent* event) override;

  private:
    void arrange();

    QMainWindow& window_;
    QToolBar& toolbar_;
    QVBoxLayout* bars_;
};

}  // namespace longscope
