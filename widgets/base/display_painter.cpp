// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/display_painter.h"

#include <QFontMetricsF>
#include <QImage>
#include <QPolygonF>

#include "widgets/base/colours.h"

namespace longscope {

namespace {

QRectF to_qrect(const Rect& rect) {
    return {rect.x, rect.y, rect.width, rect.height};
}

class ItemPainter {
  public:
    explicit ItemPainter(QPainter& painter) : painter_(painter) {}

    void operator()(const FilledRect& rect) { painter_.fillRect(to_qrect(rect.area), to_qcolor(rect.colour)); }

    void operator()(const Line& line) {
        const bool straight = line.from.x == line.to.x || line.from.y == line.to.y;
        painter_.setRenderHint(QPainter::Antialiasing, !straight);
        painter_.setPen(QPen(to_qcolor(line.colour), line.width, Qt::SolidLine, Qt::FlatCap));
        painter_.drawLine(QPointF(line.from.x, line.from.y), QPointF(line.to.x, line.to.y));
    }

    void operator()(const Polyline& line) {
        QPolygonF points;
        points.reserve(static_cast<int>(line.points.size()));
        for (const Point& point : line.points) {
            points << QPointF(point.x, point.y);
        }
        painter_.setRenderHint(QPainter::Antialiasing, true);
        if (line.filled) {
            painter_.setPen(Qt::NoPen);
            painter_.setBrush(to_qcolor(line.colour));
            painter_.drawPolygon(points);
        } else {
            painter_.setPen(QPen(to_qcolor(line.colour), line.width));
            painter_.drawPolyline(points);
        }
    }

    void operator()(const Text& text) {
        QFont font = painter_.font();
        font.setPixelSize(std::max(1, static_cast<int>(text.size + 0.5)));
        font.setBold(text.weight == Text::Weight::bold);
        const QString words = to_qstring(text.text);
        const double width = QFontMetricsF(font).horizontalAdvance(words);
        const double share = text.anchor == Text::Anchor::start ? 0.0 : text.anchor == Text::Anchor::middle ? 0.5 : 1.0;
        painter_.save();
        painter_.setFont(font);
        painter_.setPen(to_qcolor(text.colour));
        painter_.translate(text.at.x, text.at.y);
        painter_.rotate(text.rotation_degrees);
        painter_.drawText(QPointF(-share * width, 0), words);
        painter_.restore();
    }

    void operator()(const CellGrid& grid) {
        QImage image(grid.columns, grid.rows, QImage::Format_ARGB32);
        for (std::int32_t row = 0; row < grid.rows; ++row) {
            for (std::int32_t column = 0; column < grid.columns; ++column) {
                image.setPixelColor(column, row, to_qcolor(grid.colour_of(row, column)));
            }
        }
        painter_.setRenderHint(QPainter::SmoothPixmapTransform, false);
        painter_.drawImage(to_qrect(grid.area), image);
    }

  private:
    QPainter& painter_;
};

}  // namespace

void paint(QPainter& painter, const DisplayList& list) {
    painter.save();
    painter.fillRect(QRectF(0, 0, list.width, list.height), to_qcolor(list.background));
    ItemPainter items(painter);
    for (const DisplayItem& item : list.items) {
        std::visit(items, item);
    }
    painter.restore();
}

}  // namespace longscope
