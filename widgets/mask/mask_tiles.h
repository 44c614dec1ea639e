// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix of a mask's canvas: tiles of the level that fits the screen, shaded by density, or by what two masks have
// in common; a coarser one stands in for a tile that is still being computed. Lives on the GUI thread.
#pragma once

#include <QCache>
#include <QImage>
#include <QPainter>
#include <array>
#include <cstdint>
#include <memory>

#include "engine/draw/theme.h"
#include "widgets/mask/mask_viewport.h"
#include "widgets/mask/tile_store.h"

namespace longscope {

// Of the last frame: how many of its tiles were as fine as they should be.
struct FrameQuality {
    int tiles = 0;
    int exact = 0;
    int one_level_coarser = 0;

    [[nodiscard]] bool sharp() const { return tiles > 0 && exact == tiles; }
    [[nodiscard]] bool counts() const { return tiles > 0 && exact + one_level_coarser == tiles; }
};

[[nodiscard]] uint qHash(const DensityTileKey& key, uint seed = 0);

// Where a box of tokens is painted, on whole pixels of a screen with `ratio` of them for one of the widget's, so that
// neighbours neither overlap nor leave a gap. `origin` is the corner of the matrix's view.
[[nodiscard]] QRectF pixels_of(const Box& box, const MaskViewport& viewport, const QPointF& origin, double ratio);

class MaskTiles : public QObject {
    Q_OBJECT

  public:
    explicit MaskTiles(const Theme& theme, QObject* parent = nullptr);

    // May be null: then nothing is wanted, and nothing may be painted.
    void set_source(std::shared_ptr<const TileSource> source, const Theme& theme);
    void recolour(const Theme& theme);
    // Asks for what this view shows, and then for what the next one may.
    void want(const MaskViewport& viewport, double ratio);
    void paint(QPainter& painter, const MaskViewport& viewport, const QPointF& origin, double ratio);
    [[nodiscard]] const FrameQuality& last_frame() const { return last_frame_; }
    // Is everything that was wanted there?
    [[nodiscard]] bool idle() const { return store_.idle(); }

  Q_SIGNALS:
    // There is something finer to paint.
    void came();

  private:
    void paint_tile(QPainter& painter, const DensityTileKey& key, std::int32_t coarsest, const QRectF& target);
    [[nodiscard]] Box tokens_of(const DensityTileKey& key) const;
    const QImage* image_of(const DensityTileKey& key, const DensityTile& tile);

    TileStore store_;
    QCache<DensityTileKey, QImage> images_;
    std::array<Colour, 256> colours_{};
    FrameQuality last_frame_;
};

}  // namespace longscope
