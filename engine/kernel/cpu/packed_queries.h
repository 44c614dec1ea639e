// SPDX-License-Identifier: GPL-3.0-or-later
// What the backward pass reads of tiles of query rows, for some heads and some tiles at a time: Q and dO, each as the
// left and as the right factor of a product, and lse.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/spare_buffers.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"
#include "engine/tensor/aligned_buffer.h"

namespace longscope::cpu {

class PackedQueries {
  public:
    // The input and the spare buffers must live as long.
    // `scored`: tiles are told of a scoring.
    PackedQueries(const AttendBackwardInput& input, bool scored, const TileFunctions& functions, SpareBuffers& spare);
    PackedQueries(const PackedQueries&) = delete;
    PackedQueries& operator=(const PackedQueries&) = delete;
    PackedQueries(PackedQueries&&) = delete;
    PackedQueries& operator=(PackedQueries&&) = delete;
    ~PackedQueries();

    [[nodiscard]] std::int64_t tiles() const { return tiles_; }
    // What a tile of one head takes.
    [[nodiscard]] std::int64_t tile_bytes() const { return slot_floats_ * 4; }

    // Makes room for these tiles, of so many heads at a time, instead of those before; pack() fills it.
    void choose(std::int64_t heads, Range tiles);
    [[nodiscard]] std::int64_t room() const { return heads_; }
    // In place of the same tile of the head that comes so many before. Different tiles may be packed by different
    // threads.
    void pack(std::int64_t head, std::int64_t tile);

    // Lets a block read a packed tile.
    void point(BackwardBlock& block, std::int64_t head, std::int64_t tile) const;
    // False when Q, dO, lse or delta of the tile hold a NaN or an infinity (lse: other than -inf).
    [[nodiscard]] bool finite(std::int64_t head, std::int64_t tile) const {
        return finite_[static_cast<std::size_t>(slot_of(head, tile))] != 0;
    }

  private:
    [[nodiscard]] std::int64_t slot_of(std::int64_t head, std::int64_t tile) const {
        return head % heads_ * chosen_.size() + tile - chosen_.begin;
    }

    const AttendBackwardInput* input_;
    TileFunctions functions_;
    SpareBuffers* spare_;
    bool scored_;
    std::int64_t tiles_;
    // Floats of the parts of a slot.
    std::int64_t query_groups_;
    std::int64_t query_rows_;
    std::int64_t gradient_groups_;
    std::int64_t gradient_rows_;
    std::int64_t slot_floats_;
    std::int64_t heads_ = 1;  // at a time
    Range chosen_;            // tiles
    AlignedBuffer<float> packed_;
    std::vector<unsigned char> finite_;  // of each slot; not vector<bool>: written from several threads
};

}  // namespace longscope::cpu
