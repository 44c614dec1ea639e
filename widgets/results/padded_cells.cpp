// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/padded_cells.h"

#include <QApplication>
#include <QProxyStyle>
#include <algorithm>

namespace longscope {

namespace {

// The style of the application, with more room beside headings.
class HeadingStyle : public QProxyStyle {
  public:
    [[nodiscard]] int pixelMetric(PixelMetric metric, const QStyleOption* option,
                                  const QWidget* widget) const override {
        const int usual = QProxyStyle::pixelMetric(metric, option, widget);
        return metric == PM_HeaderMargin ? std::max(usual, 2 * PaddedCells::padding) : usual;
    }
};

}  // namespace

void pad_headings(QHeaderView& header) {
    auto* style = new HeadingStyle;
    style->setParent(&header);
    header.setStyle(style);
}

void PaddedCells::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyleOptionViewItem whole = option;
    initStyleOption(&whole, index);
    const QStyle* style = option.widget != nullptr ? option.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &whole, painter, option.widget);
    QStyleOptionViewItem inside = option;
    inside.rect.adjust(padding, 0, -padding, 0);
    QStyledItemDelegate::paint(painter, inside, index);
}

QSize PaddedCells::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    return QStyledItemDelegate::sizeHint(option, index) + QSize(2 * padding, 0);
}

}  // namespace longscope
