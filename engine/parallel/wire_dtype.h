// SPDX-License-Identifier: GPL-3.0-or-later
// Partial results and gradients are float32 where they are computed, and may travel in a shorter type
// (StrategyOptions::wire_dtype): a strategy writes its schedule as if they did not, and casts are put into it here.
#pragma once

#include <cstdint>

#include "engine/parallel/schedule.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

// What travels of so many bytes of float32, for the closed formulas of strategies. Of a partial result the output is
// cast; lse stays float32, since an error of it is one of every weight of its row.
class WireSizes {
  public:
    WireSizes(DType wire, const AttentionShape& shape) : wire_(wire), shape_(shape) {}

    [[nodiscard]] std::int64_t gradients(std::int64_t bytes) const { return bytes / float_bytes * size_bytes(wire_); }
    [[nodiscard]] std::int64_t partials(std::int64_t bytes) const {
        const std::int64_t rows = bytes / ((shape_.head_dim_v + 1) * float_bytes);
        return rows * (shape_.head_dim_v * size_bytes(wire_) + float_bytes);
    }

  private:
    static constexpr std::int64_t float_bytes = sizeof(float);

    DType wire_;
    const AttentionShape& shape_;
};

// The schedule with casts before partials and gradients leave and after they arrive, in place, and the transfers as
// much smaller. A message may be filled, and emptied, by several copies, in the order of their offsets. The schedule
// itself for float32.
[[nodiscard]] Schedule with_wire_dtype(Schedule schedule, const AttentionShape& shape, DType wire);

}  // namespace longscope
