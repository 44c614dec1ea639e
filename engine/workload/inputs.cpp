// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/inputs.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>

#include "engine/base/random.h"
#include "engine/workload/streams.h"

namespace longscope {

namespace {

std::uint64_t stream_of(InputTensor tensor, std::int64_t head, std::int64_t position) {
    return input_streams | (static_cast<std::uint64_t>(tensor) << 56U) | (static_cast<std::uint64_t>(head) << 40U) |
           static_cast<std::uint64_t>(position);
}

}  // namespace

void make_input_row(std::uint64_t seed, InputTensor tensor, std::int64_t head, std::int64_t position,
                    std::span<float> row) {
    const std::uint64_t stream = stream_of(tensor, head, position);
    for (std::size_t i = 0; i < row.size(); i += 4) {
        const auto block = normal4(seed, stream, i / 4);
        std::copy_n(block.begin(), std::min<std::size_t>(4, row.size() - i),
                    row.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

void fill_inputs(std::uint64_t seed, InputTensor tensor, HeadMatrix<float> out,
                 std::span<const std::int64_t> positions) {
    // Enough rows a task to hide the cost of starting it.
    constexpr std::int64_t rows_per_task = 256;
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, out.heads * out.tokens, rows_per_task),
                      [&](const tbb::blocked_range<std::int64_t>& rows) {
                          for (std::int64_t i = rows.begin(); i < rows.end(); ++i) {
                              const std::int64_t head = i / out.tokens;
                              const std::int64_t token = i % out.tokens;
                              make_input_row(seed, tensor, head, positions[static_cast<std::size_t>(token)],
                                             {out.row(head, token), static_cast<std::size_t>(out.dim)});
                          }
                      });
}

}  // namespace longscope
