// SPDX-License-Identifier: GPL-3.0-or-later
// Cells with room at their sides, so that a number does not touch the word in the column after it.
#pragma once

#include <QHeaderView>
#include <QStyledItemDelegate>

namespace longscope {

class PaddedCells : public QStyledItemDelegate {
    Q_OBJECT

  public:
    static constexpr int padding = 3;  // pixels at either side

    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// The same for the headings of columns, whose titles stand at the side of their numbers or words.
void pad_headings(QHeaderView& header);

}  // namespace longscope
