// SPDX-License-Identifier: GPL-3.0-or-later
// What the cpu kernel keeps of a forward pass: for every tile of the backward pass that the mask does not leave empty
// the weights relative to a maximum, in the type that products are taken in, and that maximum of every row. Weights of
// a row are 2^(exponent - lse) times as large as they are kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/met_tiles.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/stored_probabilities.h"
#include "engine/tensor/aligned_buffer.h"

namespace longscope::cpu {

class StoredTiles final : public StoredProbabilities::Content {
  public:
    // Plans what is to be kept; make_room() makes room for it.
    StoredTiles(const AttendInput& input, const TileFunctions& functions, ThreadTeam& team);

    // Why nothing is kept of a pass; empty: something is.
    [[nodiscard]] static std::string refusal(const AttendInput& input);

    [[nodiscard]] std::int64_t bytes() const override;
    // Where another one, that is not needed any more, had room for as much, its memory is taken: new pages cost more
    // than what is written to them. Null: there is none.
    void make_room(StoredTiles* other);
    // Was it planned for tensors of these shapes, and these tiles?
    [[nodiscard]] bool fits(const AttendInput& input, const TileFunctions& functions) const;

    static constexpr std::int64_t nowhere = -1;
    // Where a tile of a query head is kept, by tile of rows and of keys; nowhere: it is empty.
    [[nodiscard]] std::int64_t slot(std::int64_t head, std::int64_t q_tile, std::int64_t k_tile) const;

    // Units of the first row and column; a row is row_units() long.
    [[nodiscard]] float* weights(std::int64_t slot) { return kept_.data() + slot * slot_floats_; }
    [[nodiscard]] const float* weights(std::int64_t slot) const { return kept_.data() + slot * slot_floats_; }
    [[nodiscard]] std::int64_t row_units() const { return row_units_; }
    [[nodiscard]] std::int64_t weight_floats() const { return weight_floats_; }
    [[nodiscard]] std::int64_t columns() const { return columns_; }
    // Of each row: base 2, natural where scores are more than products. A tile of the backward pass may lie across two
    // tiles of the forward pass: then columns from split() on have the second of these.
    [[nodiscard]] float* exponents(std::int64_t slot, std::int64_t side) {
        return weights(slot) + weight_floats_ + side * geometry_.backward_q_tile;
    }
    [[nodiscard]] const float* exponents(std::int64_t slot, std::int64_t side) const {
        return weights(slot) + weight_floats_ + side * geometry_.backward_q_tile;
    }
    // Of a tile of keys: the column inside it that the second exponents begin at.
    [[nodiscard]] std::int64_t split(std::int64_t k_tile) const;

    // A tile that the forward pass did not compute as a tile is computed again. Thread-safe.
    void leave_out(std::int64_t slot);
    [[nodiscard]] bool left_out(std::int64_t slot) const { return left_out_[static_cast<std::size_t>(slot)] != 0; }

  private:
    // The tiles of one kind of mask.
    struct Kind {
        std::vector<MetTiles> met;         // of each tile of rows
        std::vector<std::int64_t> before;  // tiles that are met by those before it
        std::int64_t tiles = 0;
    };

    void plan(Kind& kind, std::int64_t number, const LocalMask& mask, ThreadTeam& team) const;
    [[nodiscard]] std::int64_t slots() const { return first_slots_.back(); }

    TileGeometry geometry_;
    std::int64_t rows_;
    std::int64_t columns_;
    std::int64_t row_units_;
    std::int64_t weight_floats_;
    std::int64_t slot_floats_;
    std::vector<Kind> kinds_;
    std::vector<std::int64_t> kind_of_head_;
    std::vector<std::int64_t> first_slots_;  // of each query head, and their end
    AlignedBuffer<float> kept_;
    std::vector<unsigned char> left_out_;  // of each slot
};

}  // namespace longscope::cpu
