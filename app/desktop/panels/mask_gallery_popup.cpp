// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/mask_gallery_popup.h"

#include <QApplication>
#include <QKeyEvent>
#include <QVBoxLayout>
#include <algorithm>

namespace longscope {

MaskGalleryPopup::MaskGalleryPopup(MaskStackEditor& editor, const Appearance& appearance, QWidget& window)
    : QFrame(&window), window_(window), gallery_(new MaskGallery(appearance, this)) {
    setObjectName(QStringLiteral("mask_gallery"));
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->addWidget(gallery_);
    connect(gallery_, &MaskGallery::add_wanted, this, [this, &editor](const GalleryEntry& entry) {
        hide();
        editor.add_mask(entry.name(), entry.expression());
    });
    connect(gallery_, &MaskGallery::replace_wanted, this, [this, &editor](const GalleryEntry& entry) {
        hide();
        editor.replace_mask(entry.name(), entry.expression());
    });
    connect(&editor, &MaskStackEditor::gallery_wanted, this, &MaskGalleryPopup::open);
    connect(qApp, &QApplication::focusChanged, this,
            [this](QWidget* /*before*/, QWidget* now) { hide_without_focus(now); });
    hide();
}

void MaskGalleryPopup::open() {
    const int width = std::min(980, window_.width() - 40);
    const int height = std::min(720, window_.height() - 80);
    setGeometry((window_.width() - width) / 2, 50, width, height);
    if (!isVisible()) {
        focus_before_ = QApplication::focusWidget();
    }
    gallery_->start_again();
    show();
    raise();
    gallery_->search().setFocus();
}

void MaskGalleryPopup::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) {
        close_popup();
        return;
    }
    QFrame::keyPressEvent(event);
}

bool MaskGalleryPopup::focusNextPrevChild(bool next) {
    QWidget* from = QApplication::focusWidget();
    if (from == nullptr || !isAncestorOf(from)) {
        return false;
    }
    const auto is_stop = [&](const QWidget& widget) {
        return isAncestorOf(&widget) && (widget.focusPolicy() & Qt::TabFocus) != 0 && widget.isVisible() &&
               widget.isEnabled();
    };
    QWidget* at = from;
    do {
        at = next ? at->nextInFocusChain() : at->previousInFocusChain();
    } while (at != from && !is_stop(*at));
    at->setFocus(next ? Qt::TabFocusReason : Qt::BacktabFocusReason);
    return true;
}

void MaskGalleryPopup::close_popup() {
    hide();
    QWidget* focus = focus_before_ != nullptr ? focus_before_.data() : &window_;
    focus->setFocus();
}

// Who goes on elsewhere in the window has chosen none.
void MaskGalleryPopup::hide_without_focus(QWidget* now) {
    if (isVisible() && now != nullptr && now->window() == window() && now != this && !isAncestorOf(now)) {
        hide();
    }
}

}  // namespace longscope
