// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/packed_keys.h"

#include <algorithm>

#include "engine/kernel/cpu/finite.h"

namespace longscope::cpu {

PackedKeys::PackedKeys(HeadMatrix<const float> keys, HeadMatrix<const float> values, const TileGeometry& geometry)
    : keys_(keys),
      values_(values),
      geometry_(geometry),
      tiles_((keys.tokens + geometry.k_tile - 1) / geometry.k_tile),
      dim_v_padded_((values.dim + geometry.panel - 1) / geometry.panel * geometry.panel),
      packed_keys_(keys.heads * tiles_ * geometry.k_tile * keys.dim),
      packed_values_(keys.heads * tiles_ * geometry.k_tile * dim_v_padded_),
      finite_(static_cast<std::size_t>(keys.heads * tiles_), 0) {}

void PackedKeys::pack(std::int64_t kv_head, std::int64_t tile) {
    const std::int64_t panel = geometry_.panel;
    const std::int64_t first = tile * geometry_.k_tile;
    const std::int64_t columns = std::min(geometry_.k_tile, keys_.tokens - first);
    const std::int64_t slot = kv_head * tiles_ + tile;

    float* keys = packed_keys_.data() + slot * geometry_.k_tile * keys_.dim;
    for (std::int64_t p = 0; p < geometry_.k_tile; p += panel, keys += panel * keys_.dim) {
        const std::int64_t present = std::clamp<std::int64_t>(columns - p, 0, panel);
        for (std::int64_t c = 0; c < present; ++c) {
            const float* row = keys_.row(kv_head, first + p + c);
            for (std::int64_t d = 0; d < keys_.dim; ++d) {
                keys[d * panel + c] = row[d];
            }
        }
        for (std::int64_t d = 0; d < keys_.dim; ++d) {
            std::fill(keys + d * panel + present, keys + (d + 1) * panel, 0.0F);
        }
    }

    float* values = packed_values_.data() + slot * geometry_.k_tile * dim_v_padded_;
    for (std::int64_t p = 0; p < dim_v_padded_; p += panel) {
        const std::int64_t present = std::min(panel, values_.dim - p);
        for (std::int64_t c = 0; c < geometry_.k_tile; ++c, values += panel) {
            const std::int64_t copied = c < columns ? present : 0;
            if (copied > 0) {
                std::copy_n(values_.row(kv_head, first + c) + p, copied, values);
            }
            std::fill(values + copied, values + panel, 0.0F);
        }
    }
    finite_[static_cast<std::size_t>(slot)] =
        static_cast<unsigned char>(all_finite(keys_.row(kv_head, first), columns * keys_.dim) &&
                                   all_finite(values_.row(kv_head, first), columns * values_.dim));
}

}  // namespace longscope::cpu
