// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/padded_cells.h"

#include <QApplication>
#include <QStyle>

namespace longscope {

void PaddedCells::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyleOptionViewItem whole = option;
    initStyleOption(&whole, index);
    const QStyle* style = option.widget != nullptr ? option.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &whole, painter, option.widget);
    QStyleOptionViewItem inside = option;
    inside.rect.adjust(padding, 0, -padding, 0);
    QStyledItemDelegate::paint(painter, inside, index);
}

}  // namespace longscope
