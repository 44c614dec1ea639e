// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_gallery_delegate.h"

#include <QApplication>
#include <QImage>
#include <QPainter>
#include <QTextLayout>

#include "widgets/base/colours.h"
#include "widgets/mask/mask_gallery_model.h"

namespace longscope {

namespace {

constexpr int margin = 8;
constexpr int gap = 4;
constexpr int picture = MaskGalleryModel::picture_points + 2;  // with its frame
constexpr int card_width = 184;
constexpr int meaning_lines = 2;

// Names in bold, with underscores, are higher than other text.
int line_of(const QFontMetrics& metrics) {
    return metrics.lineSpacing() + 1;
}

// As many lines as there is room for; the last one says that there is more.
void draw_lines(QPainter& painter, const QRect& area, const QString& text) {
    QTextLayout layout(text, painter.font());
    const int height = line_of(painter.fontMetrics());
    layout.beginLayout();
    for (int y = area.top(); y + height <= area.bottom() + 1; y += height) {
        const QTextLine line = layout.createLine();
        if (!line.isValid()) {
            break;
        }
        QTextLine sized = line;
        sized.setLineWidth(area.width());
        const bool last = y + 2 * height > area.bottom() + 1;
        const QString rest = text.mid(line.textStart());
        painter.drawText(QRect(area.left(), y, area.width(), height), Qt::AlignHCenter | Qt::TextDontClip,
                         last ? painter.fontMetrics().elidedText(rest, Qt::ElideRight, area.width())
                              : text.mid(line.textStart(), line.textLength()).trimmed());
    }
    layout.endLayout();
}

}  // namespace

MaskGalleryDelegate::MaskGalleryDelegate(const Appearance& appearance, QObject* parent)
    : QStyledItemDelegate(parent), appearance_(appearance) {}

QSize MaskGalleryDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& /*index*/) const {
    const int line = line_of(QFontMetrics(option.font));
    return {card_width, 2 * margin + picture + gap + (2 + meaning_lines) * line};
}

void MaskGalleryDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const Theme& theme = appearance_.theme();
    painter->save();
    const bool selected = (option.state & QStyle::State_Selected) != 0;
    if (selected) {
        // The view never has the focus while a search is typed: the mark is as strong without.
        painter->setPen(QPen(option.palette.color(QPalette::Highlight), 2));
        QColor fill = option.palette.color(QPalette::Highlight);
        fill.setAlpha(40);
        painter->setBrush(fill);
        painter->drawRoundedRect(option.rect.adjusted(3, 3, -3, -3), 4, 4);
    } else if ((option.state & QStyle::State_MouseOver) != 0) {
        painter->setPen(to_qcolor(theme.grid));
        painter->drawRoundedRect(option.rect.adjusted(3, 3, -3, -3), 4, 4);
    }
    const QRect inside = option.rect.adjusted(margin, margin, -margin, -margin);
    const QRect place(inside.left() + (inside.width() - picture) / 2, inside.top(), picture, picture);
    if (const auto image = index.data(Qt::DecorationRole).value<QImage>(); !image.isNull()) {
        const QSize points = image.size() / image.devicePixelRatio();
        painter->drawImage(QPoint(place.left() + (picture - points.width()) / 2, place.bottom() + 1 - points.height()),
                           image);
    } else {
        painter->setPen(to_qcolor(theme.grid));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(place.adjusted(0, 0, -1, -1));
    }
    const int line = line_of(option.fontMetrics);
    QRect text(inside.left(), place.bottom() + 1 + gap, inside.width(), line);
    QFont bold = option.font;
    bold.setBold(true);
    painter->setFont(bold);
    painter->setPen(to_qcolor(theme.foreground));
    painter->drawText(text, Qt::AlignHCenter | Qt::TextDontClip,
                      QFontMetrics(bold).elidedText(index.data().toString(), Qt::ElideRight, text.width()));
    painter->setFont(option.font);
    painter->setPen(to_qcolor(theme.muted));
    text.translate(0, line);
    painter->drawText(text, Qt::AlignHCenter | Qt::TextDontClip,
                      option.fontMetrics.elidedText(index.data(MaskGalleryModel::OriginRole).toString(), Qt::ElideRight,
                                                    text.width()));
    painter->setPen(to_qcolor(theme.foreground));
    text.translate(0, line);
    draw_lines(*painter, QRect(text.topLeft(), QSize(text.width(), meaning_lines * line)),
               index.data(MaskGalleryModel::MeaningRole).toString());
    painter->restore();
}

}  // namespace longscope
