// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_overlay.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

#include "engine/draw/ticks.h"
#include "widgets/base/colours.h"
#include "widgets/mask/mask_canvas.h"

namespace longscope::mask_overlay {

namespace {

constexpr double left_margin = 64;
constexpr double top_margin = 30;
constexpr double end_margin = 12;
constexpr double strip = 8;
constexpr double strip_gap = 3;
constexpr double tick_length = 4;
constexpr double tick_spacing = 84;
constexpr double smallest_document = 4;  // pixels
constexpr double smallest_token = 9;
constexpr double smallest_rank = 48;

double crisp(double value) {
    return std::floor(value) + 0.5;
}

// One pixel column or row of a strip.
QColor strip_colour(const Scene& scene, double begin, double end) {
    const Range tokens{
        static_cast<std::int64_t>(std::floor(begin)),
        std::max(static_cast<std::int64_t>(std::floor(begin)) + 1, static_cast<std::int64_t>(std::ceil(end)))};
    const TokenOwners& owners = *scene.mask.owners;
    if (const auto rank = owners.rank_of_all(tokens)) {
        return to_qcolor(scene.theme.rank(*rank, owners.ranks()));
    }
    return to_qcolor(scene.theme.grid);  // several share it
}

// Places of borders between ranks, in tokens, when they are far enough apart to be told from one another.
std::vector<std::int64_t> rank_borders(const Scene& scene, Range visible, double pixels) {
    const TokenOwners& owners = *scene.mask.owners;
    std::vector<std::int64_t> borders;
    const auto most = static_cast<std::size_t>(pixels / smallest_rank);
    for (std::size_t run = owners.first_run_after(visible.begin); run < owners.runs().size(); ++run) {
        const std::int64_t begin = owners.runs()[run].begin;
        if (begin >= visible.end) {
            break;
        }
        borders.push_back(begin);
        if (borders.size() > most) {
            return {};
        }
    }
    return borders;
}

}  // namespace

QRectF plot_of(const QSize& size, bool with_ranks) {
    const double ranks = with_ranks ? strip + strip_gap : 0;
    const double left = left_margin + ranks;
    const double top = top_margin + ranks;
    return {left, top, std::max(1.0, size.width() - left - end_margin),
            std::max(1.0, size.height() - top - end_margin)};
}

void paint_documents(QPainter& painter, const Scene& scene) {
    const std::vector<std::int64_t>& cu_seqlens = scene.mask.draw.domain.cu_seqlens;
    const Box box = scene.viewport.visible();
    const Range seen{std::max(box.q.begin, box.k.begin), std::min(box.q.end, box.k.end)};
    if (cu_seqlens.size() < 3 || seen.size() <= 0) {
        return;
    }
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(to_qcolor(scene.theme.edge), 1));
    const double smallest = smallest_document * scene.viewport.tokens_per_pixel();
    auto at = std::upper_bound(cu_seqlens.begin(), cu_seqlens.end(), seen.begin);
    for (; at != cu_seqlens.end() && *(at - 1) < seen.end; ++at) {
        const auto begin = static_cast<double>(*(at - 1));
        const auto end = static_cast<double>(*at);
        if (end - begin >= smallest) {
            const double left = crisp(scene.plot.left() + scene.viewport.x_of(begin));
            const double top = crisp(scene.plot.top() + scene.viewport.y_of(begin));
            // Far outside of the view the exact place does not matter, but the painter minds large numbers.
            const double right = std::min(crisp(scene.plot.left() + scene.viewport.x_of(end)), scene.plot.right() + 9);
            const double bottom = std::min(crisp(scene.plot.top() + scene.viewport.y_of(end)), scene.plot.bottom() + 9);
            const double from_x = std::max(left, scene.plot.left() - 9);
            const double from_y = std::max(top, scene.plot.top() - 9);
            painter.drawRect(QRectF(from_x, from_y, right - from_x, bottom - from_y));
        }
    }
}

void paint_token_lines(QPainter& painter, const Scene& scene) {
    if (scene.viewport.tokens_per_pixel() * smallest_token > 1) {
        return;
    }
    const Box box = scene.viewport.visible();
    QColor colour = to_qcolor(scene.theme.grid);
    colour.setAlpha(110);
    painter.setPen(QPen(colour, 1));
    for (std::int64_t key = box.k.begin; key <= box.k.end; ++key) {
        const double x = crisp(scene.plot.left() + scene.viewport.x_of(static_cast<double>(key)));
        painter.drawLine(QPointF(x, scene.plot.top()), QPointF(x, scene.plot.bottom()));
    }
    for (std::int64_t query = box.q.begin; query <= box.q.end; ++query) {
        const double y = crisp(scene.plot.top() + scene.viewport.y_of(static_cast<double>(query)));
        painter.drawLine(QPointF(scene.plot.left(), y), QPointF(scene.plot.right(), y));
    }
}

void paint_selection(QPainter& painter, const QRectF& area, const Theme& theme) {
    QColor colour = to_qcolor(theme.flow);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(colour, 2));
    colour.setAlpha(40);
    painter.setBrush(colour);
    painter.drawRect(area);
}

void paint_ranks(QPainter& painter, const Scene& scene) {
    if (!scene.mask.shows_ranks()) {
        return;
    }
    const MaskViewport& viewport = scene.viewport;
    const QRectF& plot = scene.plot;
    const Box box = viewport.visible();
    const auto matrix_end = [](double x, double size) { return std::min(x, size); };
    const double x_begin = std::max(0.0, viewport.x_of(static_cast<double>(box.k.begin)));
    const double x_end = matrix_end(viewport.x_of(static_cast<double>(box.k.end)), plot.width());
    for (double x = x_begin; x < x_end; ++x) {
        const QColor colour = strip_colour(scene, viewport.at(x, 0).key, viewport.at(std::min(x + 1, x_end), 0).key);
        painter.fillRect(QRectF(plot.left() + x, plot.top() - strip - strip_gap, std::min(1.0, x_end - x), strip),
                         colour);
    }
    const double y_begin = std::max(0.0, viewport.y_of(static_cast<double>(box.q.begin)));
    const double y_end = matrix_end(viewport.y_of(static_cast<double>(box.q.end)), plot.height());
    for (double y = y_begin; y < y_end; ++y) {
        const QColor colour =
            strip_colour(scene, viewport.at(0, y).query, viewport.at(0, std::min(y + 1, y_end)).query);
        painter.fillRect(QRectF(plot.left() - strip - strip_gap, plot.top() + y, strip, std::min(1.0, y_end - y)),
                         colour);
    }
    QColor line = to_qcolor(scene.theme.foreground);
    line.setAlpha(90);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.setPen(QPen(line, 1, Qt::DashLine));
    for (const std::int64_t key : rank_borders(scene, box.k, plot.width())) {
        const double x = crisp(plot.left() + viewport.x_of(static_cast<double>(key)));
        painter.drawLine(QPointF(x, plot.top() + y_begin), QPointF(x, plot.top() + y_end));
    }
    for (const std::int64_t query : rank_borders(scene, box.q, plot.height())) {
        const double y = crisp(plot.top() + viewport.y_of(static_cast<double>(query)));
        painter.drawLine(QPointF(plot.left() + x_begin, y), QPointF(plot.left() + x_end, y));
    }
}

void paint_axes(QPainter& painter, const Scene& scene) {
    const MaskViewport& viewport = scene.viewport;
    const QRectF& plot = scene.plot;
    const Box box = viewport.visible();
    const double strips = scene.mask.shows_ranks() ? strip + strip_gap : 0;
    QFont font = painter.font();
    font.setPixelSize(11);
    painter.setFont(font);
    const QFontMetricsF metrics(font);
    painter.setRenderHint(QPainter::Antialiasing, false);
    const QColor text = to_qcolor(scene.theme.muted);
    const QPen grid(to_qcolor(scene.theme.grid), 1);

    const double top = plot.top() - strips;
    for (const Tick& tick : token_ticks(box.k, std::max(1, static_cast<int>(plot.width() / tick_spacing)))) {
        const double x = crisp(plot.left() + viewport.x_of(static_cast<double>(tick.value)));
        const QString label = to_qstring(tick.label);
        const double width = metrics.horizontalAdvance(label);
        painter.setPen(grid);
        painter.drawLine(QPointF(x, top - tick_length), QPointF(x, top));
        painter.setPen(text);
        painter.drawText(QPointF(std::min(x - width / 2, plot.right() + end_margin - width - 1), top - tick_length - 3),
                         label);
    }
    const double left = plot.left() - strips;
    for (const Tick& tick : token_ticks(box.q, std::max(1, static_cast<int>(plot.height() / tick_spacing)))) {
        const double y = crisp(plot.top() + viewport.y_of(static_cast<double>(tick.value)));
        const QString label = to_qstring(tick.label);
        painter.setPen(grid);
        painter.drawLine(QPointF(left - tick_length, y), QPointF(left, y));
        painter.setPen(text);
        painter.drawText(QPointF(left - tick_length - 4 - metrics.horizontalAdvance(label),
                                 std::min(y + metrics.ascent() / 2 - 1, plot.bottom() + end_margin - 2)),
                         label);
    }
    painter.setPen(text);
    painter.drawText(QPointF(6, top - tick_length - 3), MaskCanvas::tr("keys \u2192"));
    painter.save();
    painter.translate(6 + metrics.ascent() - 2,
                      plot.top() + metrics.horizontalAdvance(MaskCanvas::tr("\u2190 queries")) + 4);
    painter.rotate(-90);
    painter.drawText(QPointF(0, 0), MaskCanvas::tr("\u2190 queries"));
    painter.restore();
    painter.setPen(grid);
    painter.setBrush(Qt::NoBrush);
    const auto visible_end = [](double place, double room) { return std::min(place, room); };
    const QPointF from(plot.left() + std::max(0.0, viewport.x_of(0)), plot.top() + std::max(0.0, viewport.y_of(0)));
    const Mask& mask = *scene.mask.draw.mask;
    const QPointF to(plot.left() + visible_end(viewport.x_of(static_cast<double>(mask.key_tokens())), plot.width()),
                     plot.top() + visible_end(viewport.y_of(static_cast<double>(mask.query_tokens())), plot.height()));
    painter.drawRect(QRectF(from, to).adjusted(-0.5, -0.5, 0.5, 0.5));
}

}  // namespace longscope::mask_overlay
