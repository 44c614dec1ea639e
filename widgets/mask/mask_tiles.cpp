// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_tiles.h"

#include <QHash>
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/draw/density_tile.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

constexpr int kept_images = 256;  // 64 MiB

// The part of a tile's image that shows `tokens`.
QRectF source_of(const DensityTileKey& key, const Box& tokens) {
    const Box all = key.tokens();
    const double cell = std::ldexp(1.0, key.level);
    return {static_cast<double>(tokens.k.begin - all.k.begin) / cell,
            static_cast<double>(tokens.q.begin - all.q.begin) / cell, static_cast<double>(tokens.k.size()) / cell,
            static_cast<double>(tokens.q.size()) / cell};
}

// A cell is one to two pixels of the screen: thin lines of a mask never fall between pixels.
std::int32_t level_of(const MaskViewport& viewport, double ratio) {
    const double tokens = viewport.tokens_per_pixel() / ratio;
    return std::max(0, static_cast<std::int32_t>(std::ceil(std::log2(tokens) - 1e-9)));
}

}  // namespace

uint qHash(const DensityTileKey& key, uint seed) {
    return ::qHash(key.level, seed) ^ ::qHash(key.row * 1'000'003 + key.column, seed);
}

QRectF pixels_of(const Box& box, const MaskViewport& viewport, const QPointF& origin, double ratio) {
    const auto crisp = [&](double value) { return std::round(value * ratio) / ratio; };
    const double left = crisp(origin.x() + viewport.x_of(static_cast<double>(box.k.begin)));
    const double right = crisp(origin.x() + viewport.x_of(static_cast<double>(box.k.end)));
    const double top = crisp(origin.y() + viewport.y_of(static_cast<double>(box.q.begin)));
    const double bottom = crisp(origin.y() + viewport.y_of(static_cast<double>(box.q.end)));
    return {left, top, right - left, bottom - top};
}

MaskTiles::MaskTiles(const Theme& theme, QObject* parent)
    : QObject(parent), images_(kept_images), colours_(density_colours(theme)) {
    connect(&store_, &TileStore::tiles_came, this, &MaskTiles::came);
}

void MaskTiles::set_source(std::shared_ptr<const TileSource> source, const Theme& theme) {
    store_.set_source(std::move(source));
    recolour(theme);
}

void MaskTiles::recolour(const Theme& theme) {
    colours_ = store_.source() == nullptr ? density_colours(theme) : store_.source()->colours(theme);
    images_.clear();
}

void MaskTiles::want(const MaskViewport& viewport, double ratio) {
    if (store_.source() == nullptr) {
        return;
    }
    const std::int32_t coarsest = coarsest_level(store_.source()->box());
    const Box box = viewport.visible();
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
    const std::int32_t exact = std::min(level_of(viewport, ratio), coarsest);
    add(std::min(exact + 1, coarsest), 0);
    add(exact, 0);
    add(exact, 1);
    add(std::min(exact + 1, coarsest), 1);
    if (exact > 0) {
        add(exact - 1, 0);
    }
    store_.want(std::move(keys));
}

Box MaskTiles::tokens_of(const DensityTileKey& key) const {
    const Box all = store_.source()->box();
    return {intersect(key.tokens().q, all.q), intersect(key.tokens().k, all.k)};
}

const QImage* MaskTiles::image_of(const DensityTileKey& key, const DensityTile& tile) {
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

void MaskTiles::paint_tile(QPainter& painter, const DensityTileKey& key, std::int32_t coarsest, const QRectF& target) {
    ++last_frame_.tiles;
    DensityTileKey from = key;
    const DensityTile* tile = store_.find(from);
    while (tile == nullptr && from.level < coarsest) {
        from = from.parent();
        tile = store_.find(from);
    }
    last_frame_.exact += from.level == key.level && tile != nullptr ? 1 : 0;
    last_frame_.one_level_coarser += from.level == key.level + 1 && tile != nullptr ? 1 : 0;
    if (tile == nullptr) {
        painter.fillRect(target, to_qcolor(colours_[0]));
    } else if (tile->uniform()) {
        painter.fillRect(target, to_qcolor(colours_.at(tile->cells[0])));
    } else {
        painter.drawImage(target, *image_of(from, *tile), source_of(from, tokens_of(key)));
    }
}

void MaskTiles::paint(QPainter& painter, const MaskViewport& viewport, const QPointF& origin, double ratio) {
    last_frame_ = {};
    const std::int32_t coarsest = coarsest_level(store_.source()->box());
    const std::int32_t exact = std::min(level_of(viewport, ratio), coarsest);
    const std::int64_t side = std::int64_t{density_tile_cells} << exact;
    const Box box = viewport.visible();
    for (std::int64_t row = box.q.begin / side; row * side < box.q.end; ++row) {
        for (std::int64_t column = box.k.begin / side; column * side < box.k.end; ++column) {
            const DensityTileKey key{exact, row, column};
            paint_tile(painter, key, coarsest, pixels_of(tokens_of(key), viewport, origin, ratio));
        }
    }
}

}  // namespace longscope
