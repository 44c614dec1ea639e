// SPDX-License-Identifier: GPL-3.0-or-later
// Standard-normal queries, keys, values and gradients of the output, drawn in float32 and rounded to the type of the
// experiment. Each row is a pure function of (seed, tensor, head, global position), so that every rank makes the rows
// it holds, and a check makes any single row, without the others. On one machine the values are the same in every run;
// between machines the last bit may differ where their mathematical libraries do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/tensor/dtype.h"

namespace longscope {

// The sinks of all heads are one row: of head 0 at position 0.
enum class InputTensor { query, key, value, sinks, output_gradient };

// One row of one head: row.size() values of the random stream that streams.h reserves for (tensor, head, position),
// each one that `dtype` has. head < 2^16, position < 2^40.
void make_input_row(std::uint64_t seed, InputTensor tensor, std::int64_t head, std::int64_t position, DType dtype,
                    std::span<float> row);

// Where inputs are to stand: heads x tokens x dim elements of one type, dense.
struct InputRoom {
    std::span<std::byte> bytes;
    DType dtype = DType::float32;
    std::int64_t heads = 0;
    std::int64_t tokens = 0;
    std::int64_t dim = 0;
};

// All heads: token t of `out` is the row of positions[t]. positions.size() equals out.tokens. Runs on the threads of
// the caller's task arena.
void fill_inputs(std::uint64_t seed, InputTensor tensor, const InputRoom& out, std::span<const std::int64_t> positions);

}  // namespace longscope
