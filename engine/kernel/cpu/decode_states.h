// SPDX-License-Identifier: GPL-3.0-or-later
// What the pieces of a decode call leave behind, and how those of a row become its result.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/scratch.h"
#include "engine/mask/zone.h"

namespace longscope::cpu {

// A row's result over all keys: `output` of so many float64, divided by `sum` in softmax attention.
struct DecodedRow {
    double maximum = 0.0;
    double sum = 0.0;
    std::vector<double> output;
};

// Of each piece: output that is not normalised, maximum and sums of each row.
class DecodeStates {
  public:
    // The spare buffers must live as long.
    DecodeStates(std::int64_t pieces, std::int64_t rows, std::int64_t output_stride, std::int64_t lanes,
                 SpareBuffers& spare);

    [[nodiscard]] float* output(std::size_t piece) const {
        return memory_ + static_cast<std::int64_t>(piece) * piece_floats();
    }
    [[nodiscard]] float* sums(std::size_t piece) const { return output(piece) + rows_ * output_stride_; }
    [[nodiscard]] float* maximum(std::size_t piece) const { return sums(piece) + rows_ * lanes_; }
    void reset(std::size_t piece) const;
    // False when a sum or an output is NaN or infinite.
    [[nodiscard]] bool finite(std::size_t piece) const;

    // Pieces in order, in float64, which costs nothing beside reading the keys. `scale` as in RowBlock. Outputs of
    // sigmoid attention (`weighted` false) add up as they are.
    void merge(Range pieces, std::int64_t row, float scale, bool weighted, DecodedRow& into) const;

  private:
    [[nodiscard]] std::int64_t piece_floats() const {
        return Scratch::whole_vectors(rows_ * (output_stride_ + lanes_ + 1));
    }

    std::int64_t rows_;
    std::int64_t output_stride_;
    std::int64_t lanes_;
    Scratch scratch_;
    float* memory_ = nullptr;
};

}  // namespace longscope::cpu
