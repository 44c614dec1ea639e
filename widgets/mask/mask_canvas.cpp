// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_canvas.h"

#include <QHash>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "engine/base/units.h"
#include "engine/draw/mask_picture.h"
#include "widgets/base/colours.h"
#include "widgets/mask/mask_overlay.h"

namespace longscope {

namespace {

constexpr int kept_images = 256;  // 64 MiB
constexpr double zoom_step = 1.25;
constexpr double keyboard_pan = 0.1;  // of the view
constexpr double smallest_drag = 4;   // pixels; less is a click
constexpr std::int64_t class_tile = 128;

// The part of a tile's image that shows `tokens`.
QRectF source_of(const DensityTileKey& key, const Box& tokens) {
    const Box all = key.tokens();
    const double cell = std::ldexp(1.0, key.level);
    return {static_cast<double>(tokens.k.begin - all.k.begin) / cell,
            static_cast<double>(tokens.q.begin - all.q.begin) / cell, static_cast<double>(tokens.k.size()) / cell,
            static_cast<double>(tokens.q.size()) / cell};
}

QString class_text(TileClass tile_class) {
    switch (tile_class) {
        case TileClass::empty:
            return MaskCanvas::tr("empty");
        case TileClass::full:
            return MaskCanvas::tr("full");
        case TileClass::partial:
            return MaskCanvas::tr("partial");
    }
    return {};
}

}  // namespace

uint qHash(const DensityTileKey& key, uint seed) {
    return ::qHash(key.level, seed) ^ ::qHash(key.row * 1'000'003 + key.column, seed);
}

MaskCanvas::MaskCanvas(const Appearance& appearance, QWidget* parent)
    : QWidget(parent), appearance_(appearance), images_(kept_images), colours_(density_colours(appearance.theme())) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Mask"));
    connect(&appearance_, &Appearance::changed, this, [this] {
        colours_ = density_colours(appearance_.theme());
        images_.clear();
        update();
    });
    connect(&tiles_, &TileStore::tiles_came, this, [this] { update(); });
}

void MaskCanvas::show_mask(std::shared_ptr<const ShownMask> mask) {
    mask_ = std::move(mask);
    images_.clear();
    tiles_.set_mask(mask_ == nullptr ? nullptr : mask_->draw.mask);
    if (mask_ != nullptr) {
        const Mask& shape = *mask_->draw.mask;
        viewport_.set_matrix(shape.query_tokens(), shape.key_tokens());
        if (selection_ && (selection_->q.end > shape.query_tokens() || selection_->k.end > shape.key_tokens())) {
            selection_.reset();
        }
    }
    moved();
    Q_EMIT selection_changed();
}

void MaskCanvas::set_empty_text(const QString& text) {
    empty_text_ = text;
    update();
}

QRectF MaskCanvas::plot() const {
    return mask_overlay::plot_of(size(), mask_ != nullptr && mask_->owners.ranks() > 1);
}

std::function<DisplayList()> MaskCanvas::picture_maker(double width) const {
    MaskPictureOptions options;
    options.theme = appearance_.theme();
    options.width = width;
    options.title = mask_->draw.experiment.name + ": " + to_text(mask_->draw.experiment.mask);
    options.region = viewport_.visible();
    return [shown = mask_, options = std::move(options)]() mutable {
        options.cu_seqlens = shown->draw.domain.cu_seqlens;
        options.ranks = shown->draw.ranks;
        return draw_mask(*shown->draw.mask, options);
    };
}

QString MaskCanvas::text_at(const QPointF& point) const {
    const QRectF area = plot();
    const auto pair = mask_ != nullptr && area.contains(point)
                          ? viewport_.pair_at(point.x() - area.left(), point.y() - area.top())
                          : std::nullopt;
    if (!pair) {
        return {};
    }
    const auto [query, key] = *pair;
    const auto count = [](std::int64_t value) { return to_qstring(format_count(value)); };
    QString text =
        tr("query %1, key %2: %3")
            .arg(count(query), count(key), mask_->draw.mask->contains(query, key) ? tr("kept") : tr("masked"));
    const std::vector<std::int64_t>& cu_seqlens = mask_->draw.domain.cu_seqlens;
    if (cu_seqlens.size() > 2) {
        const auto document = [&](std::int64_t token) {
            return count(std::upper_bound(cu_seqlens.begin(), cu_seqlens.end(), token) - cu_seqlens.begin() - 1);
        };
        text += document(query) == document(key) ? tr("  |  document %1").arg(document(query))
                                                 : tr("  |  documents %1, %2").arg(document(query), document(key));
    }
    const auto query_rank = mask_->owners.rank_of(query);
    const auto key_rank = mask_->owners.rank_of(key);
    if (mask_->owners.ranks() > 1 && query_rank && key_rank) {
        text += tr("  |  ranks %1, %2").arg(*query_rank).arg(*key_rank);
    }
    const auto tile_of = [](std::int64_t token, std::int64_t tokens) {
        const std::int64_t begin = token / class_tile * class_tile;
        return Range{begin, std::min(begin + class_tile, tokens)};
    };
    const Mask& mask = *mask_->draw.mask;
    const Box tile{tile_of(query, mask.query_tokens()), tile_of(key, mask.key_tokens())};
    return text + tr("  |  tile %1, %2: %3")
                      .arg(count(query / class_tile), count(key / class_tile), class_text(mask.tile_class(tile)));
}

void MaskCanvas::zoom_in() {
    zoom_by(1 / zoom_step, plot().center());
}

void MaskCanvas::zoom_out() {
    zoom_by(zoom_step, plot().center());
}

void MaskCanvas::zoom_by(double factor, const QPointF& at) {
    const QPointF inside = at - plot().topLeft();
    viewport_.zoom_at(inside.x(), inside.y(), factor);
    moved();
}

void MaskCanvas::fit() {
    viewport_.fit();
    moved();
}

void MaskCanvas::focus_selection() {
    MaskViewport focused = viewport_;
    if (selection_) {
        focused.focus(*selection_);
    }
    if (!selection_ || focused.visible() == viewport_.visible()) {
        focused.fit();
    }
    viewport_ = focused;
    moved();
}

void MaskCanvas::select(std::optional<Box> box) {
    if (box != selection_) {
        selection_ = box;
        update();
        Q_EMIT selection_changed();
    }
}

void MaskCanvas::moved() {
    want_tiles();
    describe();
    update();
    Q_EMIT view_changed();
}

void MaskCanvas::describe() {
    if (mask_ == nullptr) {
        setAccessibleDescription(empty_text_);
        return;
    }
    const Box box = viewport_.visible();
    const auto count = [](std::int64_t value) { return to_qstring(format_count(value)); };
    setAccessibleDescription(tr("%1; queries %2 to %3, keys %4 to %5 are in view")
                                 .arg(to_qstring(to_text(mask_->draw.experiment.mask)), count(box.q.begin),
                                      count(box.q.end), count(box.k.begin), count(box.k.end)));
}

// A cell is one to two pixels of the screen: thin lines of a mask never fall between pixels.
std::int32_t MaskCanvas::level() const {
    const double tokens = viewport_.tokens_per_pixel() / devicePixelRatioF();
    return std::max(0, static_cast<std::int32_t>(std::ceil(std::log2(tokens) - 1e-9)));
}

void MaskCanvas::want_tiles() {
    if (mask_ == nullptr) {
        return;
    }
    const std::int32_t coarsest = coarsest_level(*mask_->draw.mask);
    const Box box = viewport_.visible();
    std::vector<DensityTileKey> keys{{coarsest, 0, 0}};
    // In view: first one level coarser, as a stand-in, then the level itself from the middle outwards. Then a ring
    // around, for what comes when the view moves, and the finer level in the middle.
    const auto add = [&](std::int32_t of_level, std::int64_t ring) {
        const std::int64_t side = std::int64_t{density_tile_cells} << of_level;
        const Range rows{box.q.begin / side - ring, (box.q.end + side - 1) / side + ring};
        const Range columns{box.k.begin / side - ring, (box.k.end + side - 1) / side + ring};
        const std::size_t first = keys.size();
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            for (std::int64_t column = columns.begin; column < columns.end; ++column) {
                keys.push_back({of_level, row, column});
            }
        }
        const auto distance = [&](const DensityTileKey& key) {
            return std::abs(2 * key.row + 1 - rows.begin - rows.end) +
                   std::abs(2 * key.column + 1 - columns.begin - columns.end);
        };
        std::stable_sort(keys.begin() + static_cast<std::ptrdiff_t>(first), keys.end(),
                         [&](const DensityTileKey& a, const DensityTileKey& b) { return distance(a) < distance(b); });
    };
    const std::int32_t exact = std::min(level(), coarsest);
    add(std::min(exact + 1, coarsest), 0);
    add(exact, 0);
    add(exact, 1);
    add(std::min(exact + 1, coarsest), 1);
    if (exact > 0) {
        add(exact - 1, 0);
    }
    tiles_.want(std::move(keys));
}

QRectF MaskCanvas::rect_of(const Box& box) const {
    // Edges on whole pixels of the screen, so that neighbours neither overlap nor leave a gap.
    const double ratio = devicePixelRatioF();
    const QPointF origin = plot().topLeft();
    const auto crisp = [&](double value) { return std::round(value * ratio) / ratio; };
    const double left = crisp(origin.x() + viewport_.x_of(static_cast<double>(box.k.begin)));
    const double right = crisp(origin.x() + viewport_.x_of(static_cast<double>(box.k.end)));
    const double top = crisp(origin.y() + viewport_.y_of(static_cast<double>(box.q.begin)));
    const double bottom = crisp(origin.y() + viewport_.y_of(static_cast<double>(box.q.end)));
    return {left, top, right - left, bottom - top};
}

Box MaskCanvas::box_between(const QPointF& a, const QPointF& b) const {
    const QPointF origin = plot().topLeft();
    const TokenPosition from = viewport_.at(a.x() - origin.x(), a.y() - origin.y());
    const TokenPosition to = viewport_.at(b.x() - origin.x(), b.y() - origin.y());
    const auto between = [](double first, double second, std::int64_t tokens) {
        const auto clamp = [&](double value) {
            return std::clamp<std::int64_t>(static_cast<std::int64_t>(value), 0, tokens);
        };
        const Range range{clamp(std::floor(std::min(first, second))), clamp(std::ceil(std::max(first, second)))};
        return range;
    };
    const Mask& mask = *mask_->draw.mask;
    return {between(from.query, to.query, mask.query_tokens()), between(from.key, to.key, mask.key_tokens())};
}

const QImage* MaskCanvas::image_of(const DensityTileKey& key, const DensityTile& tile) {
    if (const QImage* image = images_.object(key)) {
        return image;
    }
    auto image = std::make_unique<QImage>(tile.columns, tile.rows, QImage::Format_RGB32);
    std::array<QRgb, 256> colours{};
    std::transform(colours_.begin(), colours_.end(), colours.begin(),
                   [](Colour colour) { return qRgb(colour.red, colour.green, colour.blue); });
    for (std::int32_t row = 0; row < tile.rows; ++row) {
        const auto from = tile.cells.begin() + std::ptrdiff_t{row} * tile.columns;
        std::transform(from, from + tile.columns, reinterpret_cast<QRgb*>(image->scanLine(row)),
                       [&](std::uint8_t density) { return colours.at(density); });
    }
    const QImage* kept = image.get();
    images_.insert(key, image.release());
    return kept;
}

void MaskCanvas::paint_tile(QPainter& painter, const DensityTileKey& key, std::int32_t coarsest) {
    const Box all = mask_->draw.mask->box();
    const Box tokens{intersect(key.tokens().q, all.q), intersect(key.tokens().k, all.k)};
    ++quality_.tiles;
    DensityTileKey from = key;
    const DensityTile* tile = tiles_.find(from);
    while (tile == nullptr && from.level < coarsest) {
        from = from.parent();
        tile = tiles_.find(from);
    }
    quality_.exact += from.level == key.level && tile != nullptr ? 1 : 0;
    quality_.one_level_coarser += from.level == key.level + 1 && tile != nullptr ? 1 : 0;
    const QRectF target = rect_of(tokens);
    if (tile == nullptr) {
        painter.fillRect(target, to_qcolor(colours_[0]));
    } else if (tile->uniform()) {
        painter.fillRect(target, to_qcolor(colours_.at(tile->cells[0])));
    } else {
        painter.drawImage(target, *image_of(from, *tile), source_of(from, tokens));
    }
}

void MaskCanvas::paint_tiles(QPainter& painter) {
    quality_ = {};
    const std::int32_t coarsest = coarsest_level(*mask_->draw.mask);
    const std::int32_t exact = std::min(level(), coarsest);
    const std::int64_t side = std::int64_t{density_tile_cells} << exact;
    const Box box = viewport_.visible();
    for (std::int64_t row = box.q.begin / side; row * side < box.q.end; ++row) {
        for (std::int64_t column = box.k.begin / side; column * side < box.k.end; ++column) {
            paint_tile(painter, {exact, row, column}, coarsest);
        }
    }
}

void MaskCanvas::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const Theme& theme = appearance_.theme();
    painter.fillRect(rect(), to_qcolor(theme.background));
    if (mask_ == nullptr) {
        painter.setPen(to_qcolor(theme.muted));
        painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
        return;
    }
    const QRectF area = plot();
    painter.save();
    painter.setClipRect(area);
    paint_tiles(painter);
    const mask_overlay::Scene scene{*mask_, viewport_, area, theme};
    mask_overlay::paint_documents(painter, scene);
    mask_overlay::paint_token_lines(painter, scene);
    if (selection_) {
        mask_overlay::paint_selection(painter, rect_of(*selection_), theme);
    }
    painter.restore();
    mask_overlay::paint_ranks(painter, scene);
    mask_overlay::paint_axes(painter, scene);
    if (hasFocus()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MaskCanvas::resizeEvent(QResizeEvent* /*event*/) {
    const QRectF area = plot();
    viewport_.set_size(area.width(), area.height());
    moved();
}

void MaskCanvas::changeEvent(QEvent* event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
        moved();
    }
    QWidget::changeEvent(event);
}

void MaskCanvas::wheelEvent(QWheelEvent* event) {
    const double notches = event->angleDelta().y() / 120.0;
    if (notches != 0) {
        zoom_by(std::pow(zoom_step, -notches), event->position());
        Q_EMIT hovered(text_at(event->position()));
    }
    event->accept();
}

void MaskCanvas::mousePressEvent(QMouseEvent* event) {
    const bool shifted = (event->modifiers() & Qt::ShiftModifier) != 0;
    drag_from_ = drag_at_ = event->localPos();
    if (mask_ == nullptr || !plot().contains(event->localPos())) {
        return;
    }
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && shifted)) {
        drag_ = Drag::pan;
        setCursor(Qt::ClosedHandCursor);
    } else if (event->button() == Qt::LeftButton) {
        drag_ = Drag::select;
    }
}

void MaskCanvas::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->localPos();
    if (drag_ == Drag::pan) {
        viewport_.pan(at.x() - drag_at_.x(), at.y() - drag_at_.y());
        moved();
    } else if (drag_ == Drag::select && (at - drag_from_).manhattanLength() >= smallest_drag) {
        select(box_between(drag_from_, at));
    }
    drag_at_ = at;
    Q_EMIT hovered(text_at(at));
}

void MaskCanvas::mouseReleaseEvent(QMouseEvent* event) {
    if (drag_ == Drag::select && (event->localPos() - drag_from_).manhattanLength() < smallest_drag) {
        select(std::nullopt);
    }
    if (drag_ == Drag::pan) {
        unsetCursor();
    }
    drag_ = Drag::none;
}

void MaskCanvas::mouseDoubleClickEvent(QMouseEvent* event) {
    zoom_by(1 / (zoom_step * zoom_step * zoom_step), event->localPos());
}

void MaskCanvas::leaveEvent(QEvent* /*event*/) {
    Q_EMIT hovered({});
}

void MaskCanvas::keyPressEvent(QKeyEvent* event) {
    const double across = viewport_.width() * keyboard_pan;
    const double down = viewport_.height() * keyboard_pan;
    switch (event->key()) {
        case Qt::Key_Left:
        case Qt::Key_A:
            viewport_.pan(across, 0);
            break;
        case Qt::Key_Right:
        case Qt::Key_D:
            viewport_.pan(-across, 0);
            break;
        case Qt::Key_Up:
            viewport_.pan(0, down);
            break;
        case Qt::Key_Down:
            viewport_.pan(0, -down);
            break;
        case Qt::Key_W:
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            zoom_in();
            return;
        case Qt::Key_S:
        case Qt::Key_Minus:
            zoom_out();
            return;
        case Qt::Key_F:
            focus_selection();
            return;
        case Qt::Key_Home:
            fit();
            return;
        case Qt::Key_Escape:
            if (selection_) {
                select(std::nullopt);
                return;
            }
            [[fallthrough]];
        default:
            QWidget::keyPressEvent(event);
            return;
    }
    moved();
}

}  // namespace longscope
