// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/notice_area.h"

#include <QEvent>
#include <QLayout>
#include <QVBoxLayout>
#include <algorithm>

namespace longscope {

namespace {

constexpr int gap = 8;  // pixels between the last button and a message

}  // namespace

NoticeArea::NoticeArea(QMainWindow& window, QToolBar& toolbar, QToolBar& strip)
    : QWidget(&window), window_(window), toolbar_(toolbar), strip_(strip), bars_(new QVBoxLayout(this)) {
    bars_->setContentsMargins(0, 0, 0, 0);
    bars_->setSpacing(0);
    setAutoFillBackground(true);
    window.installEventFilter(this);
    toolbar.installEventFilter(this);
    strip.installEventFilter(this);
    strip.hide();
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

int NoticeArea::height_for(int width) const {
    const int height = bars_->hasHeightForWidth() ? bars_->totalHeightForWidth(width) : bars_->totalSizeHint().height();
    return std::max(height, bars_->totalMinimumSize().height());
}

QRect NoticeArea::free_part() const {
    if (!toolbar_.isVisibleTo(&window_) || toolbar_.isFloating()) {
        return {};
    }
    QRect place = toolbar_.geometry();
    int taken = 0;
    for (QAction* action : toolbar_.actions()) {
        const QWidget* button = toolbar_.widgetForAction(action);
        taken = button->isHidden() ? taken : std::max(taken, button->geometry().right() + 1);
    }
    place.setLeft(place.left() + std::min(taken + gap, place.width() / 2));
    return place;
}

void NoticeArea::arrange() {
    bool used = false;
    for (int i = 0; i < bars_->count(); ++i) {
        used = used || !bars_->itemAt(i)->widget()->isHidden();
    }
    if (!used) {
        strip_.hide();
        hide();
        return;
    }
    QRect place = free_part();
    if (place.isEmpty() || height_for(place.width()) > place.height()) {
        strip_.setFixedHeight(height_for(window_.width()));
        strip_.show();
        window_.layout()->activate();
        place = strip_.geometry();
    } else {
        strip_.hide();
    }
    setGeometry(place);
    show();
    raise();
}

}  // namespace longscope
