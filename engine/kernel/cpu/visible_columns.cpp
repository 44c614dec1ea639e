// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/visible_columns.h"

#include <algorithm>

namespace longscope::cpu {

namespace {

// Sets bits [begin, end) of a row of 64-bit words.
void set_bits(std::uint64_t* words, std::int64_t begin, std::int64_t end) {
    for (std::int64_t word = begin / 64; word * 64 < end; ++word) {
        const std::int64_t low = std::max<std::int64_t>(begin - word * 64, 0);
        const std::int64_t high = std::min<std::int64_t>(end - word * 64, 64);
        const std::uint64_t upto = high == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << high) - 1;
        words[word] |= upto & ~((std::uint64_t{1} << low) - 1);
    }
}

}  // namespace

VisibleColumns::VisibleColumns(const TileGeometry& geometry, std::int64_t k_tile)
    : geometry_(geometry),
      k_tile_(k_tile),
      // A load of a vector's bits may read eight bytes from any byte of a row.
      bits_(static_cast<std::size_t>(geometry.q_tile * k_tile / 64 + 1)),
      group_panels_(static_cast<std::size_t>(2 * geometry.q_tile / geometry.row_group)) {}

void VisibleColumns::find(const TilePlan& plan, std::int64_t tile) {
    const std::int64_t words = k_tile_ / 64;
    const Range columns{tile * k_tile_, (tile + 1) * k_tile_};
    std::fill(bits_.begin(), bits_.end(), 0);
    for (std::int64_t group = 0; group * geometry_.row_group < plan.rows.size(); ++group) {
        Range touched{k_tile_, 0};
        const std::int64_t end_row = std::min((group + 1) * geometry_.row_group, plan.rows.size());
        for (std::int64_t row = group * geometry_.row_group; row < end_row; ++row) {
            const auto r = static_cast<std::size_t>(row);
            const Range* end = plan.runs.data() + plan.starts[r + 1];
            const Range* run = std::partition_point(plan.runs.data() + plan.starts[r], end,
                                                    [&](const Range& one) { return one.end <= columns.begin; });
            for (; run != end && run->begin < columns.end; ++run) {
                const Range seen = intersect(*run, columns);
                set_bits(bits_.data() + row * words, seen.begin - columns.begin, seen.end - columns.begin);
                touched = {std::min(touched.begin, seen.begin - columns.begin),
                           std::max(touched.end, seen.end - columns.begin)};
            }
        }
        const auto g = static_cast<std::size_t>(2 * group);
        group_panels_[g] = static_cast<std::int32_t>(touched.empty() ? 0 : touched.begin / geometry_.panel);
        group_panels_[g + 1] =
            static_cast<std::int32_t>(touched.empty() ? 0 : (touched.end + geometry_.panel - 1) / geometry_.panel);
    }
}

}  // namespace longscope::cpu
