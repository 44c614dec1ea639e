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

VisibleColumns::VisibleColumns(const TileGeometry& geometry)
    : geometry_(geometry),
      cursors_(static_cast<std::size_t>(geometry.q_tile)),
      // A load of a vector's bits may read eight bytes from any byte of a row.
      bits_(static_cast<std::size_t>(geometry.q_tile * geometry.k_tile / 64 + 1)),
      group_panels_(static_cast<std::size_t>(2 * geometry.q_tile / geometry.row_group)) {}

void VisibleColumns::begin(const TilePlan& plan) {
    plan_ = &plan;
    std::copy_n(plan.starts.begin(), plan.rows.size(), cursors_.begin());
}

void VisibleColumns::find(std::int64_t tile) {
    const std::int64_t words = geometry_.k_tile / 64;
    const Range columns{tile * geometry_.k_tile, (tile + 1) * geometry_.k_tile};
    std::fill(bits_.begin(), bits_.end(), 0);
    for (std::int64_t group = 0; group * geometry_.row_group < plan_->rows.size(); ++group) {
        Range touched{geometry_.k_tile, 0};
        const std::int64_t end_row = std::min((group + 1) * geometry_.row_group, plan_->rows.size());
        for (std::int64_t row = group * geometry_.row_group; row < end_row; ++row) {
            const auto r = static_cast<std::size_t>(row);
            std::size_t& cursor = cursors_[r];
            while (cursor < plan_->starts[r + 1] && plan_->runs[cursor].end <= columns.begin) {
                ++cursor;
            }
            for (std::size_t i = cursor; i < plan_->starts[r + 1] && plan_->runs[i].begin < columns.end; ++i) {
                const Range seen = intersect(plan_->runs[i], columns);
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
