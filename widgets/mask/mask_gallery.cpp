// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_gallery.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/mask/mask_gallery_delegate.h"

namespace longscope {

namespace {

constexpr int details_lines = 4;

// Keys that move through the masks while a search is being typed.
bool moves(int key) {
    switch (key) {
        case Qt::Key_Up:
        case Qt::Key_Down:
        case Qt::Key_Left:
        case Qt::Key_Right:
        case Qt::Key_PageUp:
        case Qt::Key_PageDown:
            return true;
        default:
            return false;
    }
}

}  // namespace

MaskGallery::MaskGallery(const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      model_(new MaskGalleryModel(appearance, this)),
      filter_(new MaskGalleryFilter(this)),
      search_(new QLineEdit(this)),
      list_(new QListView(this)),
      details_(new QLabel(this)),
      add_(new QPushButton(tr("&Add as layer"), this)),
      replace_(new QPushButton(tr("&Replace mask"), this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    search_->setObjectName(QStringLiteral("gallery_search"));
    search_->setPlaceholderText(
        tr("Search names, meanings and sources: \"window\", \"2007.14062\", \"preset causal\""));
    search_->setAccessibleName(tr("Search the gallery of masks"));
    search_->setClearButtonEnabled(true);
    column->addWidget(search_);

    filter_->setSourceModel(model_);
    list_->setModel(filter_);
    list_->setItemDelegate(new MaskGalleryDelegate(appearance, list_));
    list_->setObjectName(QStringLiteral("gallery_list"));
    list_->setAccessibleName(tr("Masks"));
    list_->setViewMode(QListView::IconMode);
    list_->setMovement(QListView::Static);
    list_->setResizeMode(QListView::Adjust);
    list_->setUniformItemSizes(true);
    list_->setMouseTracking(true);
    list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    column->addWidget(list_, 1);

    auto* row = new QHBoxLayout;
    details_->setObjectName(QStringLiteral("gallery_details"));
    details_->setAccessibleName(tr("About this mask"));
    details_->setTextFormat(Qt::PlainText);
    details_->setWordWrap(true);
    details_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    details_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    details_->setFixedHeight(details_lines * details_->fontMetrics().lineSpacing());
    row->addWidget(details_, 1);
    add_->setObjectName(QStringLiteral("gallery_add"));
    add_->setToolTip(tr("Join it to the layers of the mask (Return)"));
    replace_->setObjectName(QStringLiteral("gallery_replace"));
    replace_->setToolTip(tr("Put it in the place of the whole mask (Ctrl+Return)"));
    auto* buttons = new QVBoxLayout;
    buttons->addWidget(add_);
    buttons->addWidget(replace_);
    row->addLayout(buttons);
    column->addLayout(row);

    for (QWidget* widget : {static_cast<QWidget*>(search_), static_cast<QWidget*>(list_)}) {
        widget->installEventFilter(this);
    }
    connect(search_, &QLineEdit::textChanged, this, &MaskGallery::filter);
    connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, &MaskGallery::tell_current);
    connect(list_, &QListView::doubleClicked, this, &MaskGallery::add_current);
    connect(add_, &QPushButton::clicked, this, &MaskGallery::add_current);
    connect(replace_, &QPushButton::clicked, this, &MaskGallery::replace_current);
    filter({});
}

void MaskGallery::start_again() {
    search_->clear();
    filter({});
}

void MaskGallery::filter(const QString& text) {
    filter_->search(text);
    list_->setCurrentIndex(filter_->index(0, 0));
    list_->scrollToTop();
    tell_current();
}

const GalleryEntry* MaskGallery::current() const {
    const QModelIndex index = filter_->mapToSource(list_->currentIndex());
    return index.isValid() ? &model_->entry(index.row()) : nullptr;
}

void MaskGallery::tell_current() {
    const GalleryEntry* entry = current();
    add_->setEnabled(entry != nullptr);
    replace_->setEnabled(entry != nullptr);
    details_->setText(entry == nullptr
                          ? tr("No leaf and no preset has all of these words.")
                          : tr("%1\n%2\nSource: %3").arg(entry->meaning(), entry->definition(), entry->source()));
}

void MaskGallery::add_current() {
    if (const GalleryEntry* entry = current()) {
        Q_EMIT add_wanted(*entry);
    }
}

void MaskGallery::replace_current() {
    if (const GalleryEntry* entry = current()) {
        Q_EMIT replace_wanted(*entry);
    }
}

void MaskGallery::showEvent(QShowEvent* event) {
    model_->set_ratio(devicePixelRatioF());
    QWidget::showEvent(event);
}

bool MaskGallery::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
            if ((key->modifiers() & Qt::ControlModifier) != 0) {
                replace_current();
            } else {
                add_current();
            }
            return true;
        }
        const bool plain = (key->modifiers() & ~Qt::KeypadModifier) == 0;
        if (watched == search_ && plain && moves(key->key())) {
            QCoreApplication::sendEvent(list_, event);
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace longscope
