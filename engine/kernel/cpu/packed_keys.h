// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values in the order in which tiles are computed, for some heads and some tiles of keys at a time, so that
// the memory for them has a bound that does not depend on the length of the sequence.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/spare_buffers.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/mask/zone.h"
#include "engine/tensor/aligned_buffer.h"
#include "engine/tensor/head_view.h"

namespace longscope::cpu {

class PackedKeys {
  public:
    // The spare buffers must live as long.
    PackedKeys(const HeadView& keys, const HeadView& values, const TileFunctions& functions, SpareBuffers& spare);
    PackedKeys(const PackedKeys&) = delete;
    PackedKeys& operator=(const PackedKeys&) = delete;
    PackedKeys(PackedKeys&&) = delete;
    PackedKeys& operator=(PackedKeys&&) = delete;
    ~PackedKeys();

    [[nodiscard]] std::int64_t tiles() const { return tiles_; }
    [[nodiscard]] std::int64_t dim_v_padded() const { return dim_v_padded_; }
    // What one tile of one head takes.
    [[nodiscard]] std::int64_t tile_bytes() const { return (key_floats_ + value_floats_) * 4; }

    // Makes room for these heads and tiles (ascending) instead of those before; pack() fills it. False when they were
    // chosen before: then they are packed.
    [[nodiscard]] bool choose(Range kv_heads, std::vector<std::int64_t> tiles);
    [[nodiscard]] std::int64_t slots() const { return kv_heads_.size() * static_cast<std::int64_t>(chosen_.size()); }
    // One of slots(). Different ones may be packed by different threads.
    void pack(std::int64_t slot);

    // Of chosen heads and tiles that are packed.
    [[nodiscard]] const float* keys(std::int64_t kv_head, std::int64_t tile) const {
        return packed_.data() + slot_of(kv_head, tile) * (key_floats_ + value_floats_);
    }
    [[nodiscard]] const float* values(std::int64_t kv_head, std::int64_t tile) const {
        return keys(kv_head, tile) + key_floats_;
    }
    // False when the tile holds a NaN or an infinity: a hidden one must not reach a result as 0 x NaN.
    [[nodiscard]] bool finite(std::int64_t kv_head, std::int64_t tile) const {
        return finite_[static_cast<std::size_t>(slot_of(kv_head, tile))] != 0;
    }

  private:
    [[nodiscard]] std::int64_t slot_of(std::int64_t kv_head, std::int64_t tile) const {
        return (kv_head - kv_heads_.begin) * static_cast<std::int64_t>(chosen_.size()) +
               index_[static_cast<std::size_t>(tile)];
    }

    HeadView keys_;
    HeadView values_;
    TileFunctions functions_;
    SpareBuffers* spare_;
    std::int64_t tiles_;
    std::int64_t dim_v_padded_;
    std::int64_t key_floats_;    // of a tile
    std::int64_t value_floats_;  // of a tile
    Range kv_heads_;
    std::vector<std::int64_t> chosen_;
    std::vector<std::int64_t> index_;  // of each tile in chosen_
    AlignedBuffer<float> packed_;
    std::vector<unsigned char> finite_;  // of each slot; not vector<bool>: written from several threads
};

}  // namespace longscope::cpu
