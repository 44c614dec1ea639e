// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/tile_sums.h"

#include "engine/mask/stripe.h"

namespace longscope {

namespace {

std::int64_t& at(std::vector<std::int64_t>& list, std::int64_t index) {
    return list[static_cast<std::size_t>(index)];
}

}  // namespace

TileSums::TileSums(std::int64_t key_tokens, std::int64_t k_tile)
    : key_tokens_(key_tokens), k_tile_(k_tile), tiles_(ceil_divided(key_tokens, k_tile)) {
    sums_.assign(static_cast<std::size_t>(tiles_), 0);
    whole_.assign(static_cast<std::size_t>(tiles_) + 1, 0);
}

void TileSums::add(Range keys, std::int64_t rows) {
    const std::int64_t first = keys.begin / k_tile_;
    const std::int64_t last = (keys.end - 1) / k_tile_;
    if (first == last) {
        at(sums_, first) += rows * keys.size();
        return;
    }
    at(sums_, first) += rows * ((first + 1) * k_tile_ - keys.begin);
    at(sums_, last) += rows * (keys.end - last * k_tile_);
    at(whole_, first + 1) += rows;
    at(whole_, last) -= rows;
}

template <typename Visit>
void TileSums::visit(std::int64_t rows, Visit visit) const {
    std::int64_t whole_rows = 0;
    for (std::int64_t tile = 0; tile < tiles_; ++tile) {
        whole_rows += whole_[static_cast<std::size_t>(tile)];
        const std::int64_t width = std::min(k_tile_, key_tokens_ - tile * k_tile_);
        const std::int64_t kept = sums_[static_cast<std::size_t>(tile)] + whole_rows * width;
        visit(tile, kept == 0 ? TileClass::empty : kept == rows * width ? TileClass::full : TileClass::partial);
    }
}

std::vector<TileRun> TileSums::runs(std::int64_t rows) const {
    std::vector<TileRun> runs;
    visit(rows, [&](std::int64_t tile, TileClass tile_class) {
        if (!runs.empty() && runs.back().tile_class == tile_class) {
            runs.back().tiles.end = tile + 1;
        } else {
            runs.push_back({{tile, tile + 1}, tile_class});
        }
    });
    return runs;
}

TileRowCounts TileSums::counts(std::int64_t rows) const {
    TileRowCounts counts;
    visit(rows, [&](std::int64_t /*tile*/, TileClass tile_class) { ++counts.of(tile_class); });
    return counts;
}

}  // namespace longscope
