// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/notice_area.h"

#include <QEvent>
#include <QVBoxLayout>
#include <algorithm>

namespace longscope {

namespace {

constexpr int gap = 8;  // pixels between the last button and a message

}  // namespace

NoticeArea::NoticeArea(QMainWindow& window, QToolBar& toolbar)
    : QWidget(&window), window_(window), toolbar_(toolbar), bars_(new QVBoxLayout(this)) {
    bars_->setContentsMargins(0, 0, 0, 0);
    bars_->setSpacing(0);
    setAutoFillBackground(true);
    window.installEventFilter(this);
    toolbar.installEventFilter(this);
    hide();
}

void NoticeArea::add(QWidget& bar) {
    bars_->addWidget(&bar);
    bar.installEventFilter(this);
}

bool NoticeArea::event(QEvent* event) {
    if (event->type() == QEvent::LayoutRequest) {
        arrange();
    }
    return QWidget::event(event);
}

bool NoticeArea::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
        case QEvent::Resize:
        case QEvent::Move:
        case QEvent::Show:
        case QEvent::Hide:
        case QEvent::ShowToParent:
        case QEvent::HideToParent:
        case QEvent::LayoutRequest:
            arrange();
            break;
        default:
            break;
    }
    return QWidget::eventFilter(watched, event);
}

void NoticeArea::arrange() {
    bool used = false;
    for (int i = 0; i < bars_->count(); ++i) {
        used = used || !bars_->itemAt(i)->widget()->isHidden();
    }
    if (!used) {
        hide();
        return;
    }
    QRect place;
    if (toolbar_.isVisibleTo(&window_) && !toolbar_.isFloating()) {
        place = toolbar_.geometry();
        int taken = 0;
        for (QAction* action : toolbar_.actions()) {
            const QWidget* button = toolbar_.widgetForAction(action);
            taken = button->isHidden() ? taken : std::max(taken, button->geometry().right() + 1);
        }
        place.setLeft(place.left() + std::min(taken + gap, place.width() / 2));
    } else {
        place = window_.centralWidget()->geometry();
        place.setHeight(0);
    }
    const int height =
        bars_->hasHeightForWidth() ? bars_->totalHeightForWidth(place.width()) : bars_->totalSizeHint().height();
    setGeometry(place.left(), place.top(), place.width(), std::max(height, place.height()));
    show();
    raise();
}

}  // namespace longscope
