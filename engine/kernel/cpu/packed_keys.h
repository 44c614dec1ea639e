// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values in the order in which tile_compute reads them, tile by tile; columns and dimensions that are missing
// at the edges are zero.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/tile_compute.h"
#include "engine/tensor/aligned_buffer.h"
#include "engine/tensor/head_matrix.h"

namespace longscope::cpu {

class PackedKeys {
  public:
    // Memory for all tiles; pack() fills one. Different tiles may be packed by different threads.
    PackedKeys(HeadMatrix<const float> keys, HeadMatrix<const float> values, const TileGeometry& geometry);

    void pack(std::int64_t kv_head, std::int64_t tile);

    [[nodiscard]] std::int64_t tiles() const { return tiles_; }
    [[nodiscard]] std::int64_t dim_v_padded() const { return dim_v_padded_; }
    [[nodiscard]] const float* keys(std::int64_t kv_head, std::int64_t tile) const {
        return packed_keys_.data() + (kv_head * tiles_ + tile) * geometry_.k_tile * keys_.dim;
    }
    [[nodiscard]] const float* values(std::int64_t kv_head, std::int64_t tile) const {
        return packed_values_.data() + (kv_head * tiles_ + tile) * geometry_.k_tile * dim_v_padded_;
    }
    // False when the tile holds a NaN or an infinity: a hidden one must not reach a result as 0 x NaN.
    [[nodiscard]] bool finite(std::int64_t kv_head, std::int64_t tile) const {
        return finite_[static_cast<std::size_t>(kv_head * tiles_ + tile)] != 0;
    }

  private:
    HeadMatrix<const float> keys_;
    HeadMatrix<const float> values_;
    TileGeometry geometry_;
    std::int64_t tiles_;
    std::int64_t dim_v_padded_;
    AlignedBuffer<float> packed_keys_;
    AlignedBuffer<float> packed_values_;
    std::vector<unsigned char> finite_;  // not vector<bool>: written from several threads
};

}  // namespace longscope::cpu
