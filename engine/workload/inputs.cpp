// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/inputs.h"

#include <algorithm>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/thread_team.h"
#include "engine/tensor/element_type.h"
#include "engine/workload/streams.h"

namespace longscope {

namespace {

std::uint64_t stream_of(InputTensor tensor, std::int64_t head, std::int64_t position) {
    const auto number = static_cast<std::uint64_t>(tensor);
    return (number < 4 ? input_streams : more_input_streams) | (number % 4 << 56U) |
           (static_cast<std::uint64_t>(head) << 40U) | static_cast<std::uint64_t>(position);
}

}  // namespace

void make_input_row(std::uint64_t seed, InputTensor tensor, std::int64_t head, std::int64_t position, DType dtype,
                    std::span<float> row) {
    const std::uint64_t stream = stream_of(tensor, head, position);
    for (std::size_t i = 0; i < row.size(); i += 4) {
        const auto block = normal4(seed, stream, i / 4);
        std::copy_n(block.begin(), std::min<std::size_t>(4, row.size() - i),
                    row.begin() + static_cast<std::ptrdiff_t>(i));
    }
    round_to(dtype, row);
}

void fill_inputs(std::uint64_t seed, InputTensor tensor, const InputRoom& out,
                 std::span<const std::int64_t> positions) {
    // Enough rows a task to hide the cost of starting it.
    constexpr std::int64_t rows_per_task = 256;
    ThreadTeam().for_each_range(out.heads * out.tokens, rows_per_task, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> row(static_cast<std::size_t>(out.dim));
        const std::size_t row_bytes = row.size() * static_cast<std::size_t>(size_bytes(out.dtype));
        for (std::int64_t i = begin; i < end; ++i) {
            make_input_row(seed, tensor, i / out.tokens, positions[static_cast<std::size_t>(i % out.tokens)], out.dtype,
                           row);
            from_float(row, element_type(out.dtype),
                       out.bytes.subspan(static_cast<std::size_t>(i) * row_bytes, row_bytes));
        }
    });
}

}  // namespace longscope
