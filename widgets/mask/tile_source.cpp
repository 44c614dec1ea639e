// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/tile_source.h"

#include "engine/draw/difference_tile.h"

namespace longscope {

namespace {

class MaskTileSource : public TileSource {
  public:
    explicit MaskTileSource(std::shared_ptr<const Mask> mask) : mask_(std::move(mask)) {}

    [[nodiscard]] Box box() const override { return mask_->box(); }
    [[nodiscard]] DensityTile tile(const DensityTileKey& key) const override { return density_tile(*mask_, key); }
    [[nodiscard]] std::array<Colour, 256> colours(const Theme& theme) const override { return density_colours(theme); }

  private:
    std::shared_ptr<const Mask> mask_;
};

class DifferenceTileSource : public TileSource {
  public:
    explicit DifferenceTileSource(std::shared_ptr<const MaskDifference> difference)
        : difference_(std::move(difference)) {}

    [[nodiscard]] Box box() const override { return difference_->both->box(); }
    [[nodiscard]] DensityTile tile(const DensityTileKey& key) const override {
        return difference_tile(*difference_, key);
    }
    [[nodiscard]] std::array<Colour, 256> colours(const Theme& theme) const override {
        return difference_tile_colours(theme);
    }

  private:
    std::shared_ptr<const MaskDifference> difference_;
};

}  // namespace

std::shared_ptr<const TileSource> tiles_of(std::shared_ptr<const Mask> mask) {
    return mask == nullptr ? nullptr : std::make_shared<const MaskTileSource>(std::move(mask));
}

std::shared_ptr<const TileSource> tiles_of(std::shared_ptr<const MaskDifference> difference) {
    return difference == nullptr ? nullptr : std::make_shared<const DifferenceTileSource>(std::move(difference));
}

}  // namespace longscope
