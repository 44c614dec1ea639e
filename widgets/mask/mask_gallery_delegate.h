// SPDX-License-Identifier: GPL-3.0-or-later
// A mask of the gallery as a card: its picture, its name, where it comes from, and what it means in two lines.
#pragma once

#include <QStyledItemDelegate>

#include "widgets/base/appearance.h"

namespace longscope {

class MaskGalleryDelegate : public QStyledItemDelegate {
    Q_OBJECT

  public:
    // The appearance outlives it.
    explicit MaskGalleryDelegate(const Appearance& appearance, QObject* parent = nullptr);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

  private:
    const Appearance& appearance_;
};

}  // namespace longscope
