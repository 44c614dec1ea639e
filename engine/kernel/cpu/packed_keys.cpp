// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/packed_keys.h"

#include <algorithm>
#include <utility>

#include "engine/kernel/cpu/source_rows.h"

namespace longscope::cpu {

PackedKeys::PackedKeys(const HeadView& keys, const HeadView& values, const TileFunctions& functions,
                       SpareBuffers& spare)
    : keys_(keys),
      values_(values),
      functions_(functions),
      spare_(&spare),
      tiles_((keys.tokens + functions.geometry.k_tile - 1) / functions.geometry.k_tile),
      dim_v_padded_(functions.geometry.padded_to_panels(values.dim)),
      key_floats_(functions.geometry.units(keys.dim) * functions.geometry.k_tile),
      value_floats_(functions.geometry.units(functions.geometry.k_tile) * dim_v_padded_),
      index_(static_cast<std::size_t>(tiles_), 0) {}

PackedKeys::~PackedKeys() {
    spare_->give_back(std::move(packed_));
}

bool PackedKeys::choose(Range kv_heads, std::vector<std::int64_t> tiles) {
    if (kv_heads == kv_heads_ && tiles == chosen_) {
        return false;
    }
    kv_heads_ = kv_heads;
    chosen_ = std::move(tiles);
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
        index_[static_cast<std::size_t>(chosen_[i])] = static_cast<std::int64_t>(i);
    }
    finite_.assign(static_cast<std::size_t>(slots()), 0);
    if (const std::int64_t floats = slots() * (key_floats_ + value_floats_); floats > packed_.size()) {
        spare_->give_back(std::move(packed_));
        packed_ = spare_->take(floats);
    }
    return true;
}

void PackedKeys::pack(std::int64_t slot) {
    const auto count = static_cast<std::int64_t>(chosen_.size());
    const std::int64_t kv_head = kv_heads_.begin + slot / count;
    const std::int64_t first = chosen_[static_cast<std::size_t>(slot % count)] * functions_.geometry.k_tile;
    const Range columns{first, std::min(first + functions_.geometry.k_tile, keys_.tokens)};
    std::vector<float> scratch;
    float* out = packed_.data() + slot * (key_floats_ + value_floats_);
    const SourceRows keys = source_rows(keys_, kv_head, columns, scratch);
    functions_.pack_columns(keys, functions_.geometry.k_tile, out);
    const bool finite_keys = all_finite(keys);
    const SourceRows values = source_rows(values_, kv_head, columns, scratch);
    functions_.pack_rows(values, functions_.geometry.k_tile, out + key_floats_);
    finite_[static_cast<std::size_t>(slot)] =
        static_cast<unsigned char>(finite_keys && are_exact(values, functions_.geometry));
}

}  // namespace longscope::cpu
