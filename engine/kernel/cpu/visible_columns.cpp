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

VisibleColumns::VisibleColumns(const TileGeometry& geometry, std::int64_t q_tile, std::int64_t k_tile)
    : geometry_(geometry),
      k_tile_(k_tile),
      // A load of a vector's bits may read eight bytes from any byte of a row.
      bits_(static_cast<std::size_t>(q_tile * k_tile / 64 + 1)),
      groups_(static_cast<std::size_t>(q_tile / geometry.row_group)) {}

void VisibleColumns::find(const TilePlan& plan, std::int64_t tile) {
    const std::int64_t groups = (plan.rows.size() + geometry_.row_group - 1) / geometry_.row_group;
    std::fill(bits_.begin(), bits_.end(), 0);
    if (plan.alike) {
        // One row tells of all.
        const GroupColumns columns = find_group(plan, {0, 1}, tile);
        std::fill_n(groups_.begin(), groups, columns);
        for (std::int64_t row = 1; columns.masked != 0 && row < plan.rows.size(); ++row) {
            std::copy_n(bits_.begin(), k_tile_ / 64, bits_.begin() + row * (k_tile_ / 64));
        }
        return;
    }
    for (std::int64_t group = 0; group < groups; ++group) {
        const std::int64_t first = group * geometry_.row_group;
        groups_[static_cast<std::size_t>(group)] =
            find_group(plan, {first, std::min(first + geometry_.row_group, plan.rows.size())}, tile);
    }
}

GroupColumns VisibleColumns::find_group(const TilePlan& plan, Range rows, std::int64_t tile) {
    const Range columns{tile * k_tile_, (tile + 1) * k_tile_};
    // The columns that some row sees, and those that every row sees.
    Range touched{k_tile_, 0};
    Range common{0, k_tile_};
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        const auto r = static_cast<std::size_t>(row);
        const Range* end = plan.runs.data() + plan.starts[r + 1];
        const Range* run = std::partition_point(plan.runs.data() + plan.starts[r], end,
                                                [&](const Range& one) { return one.end <= columns.begin; });
        Range first_seen;
        for (; run != end && run->begin < columns.end; ++run) {
            const Range seen{std::max(run->begin, columns.begin) - columns.begin,
                             std::min(run->end, columns.end) - columns.begin};
            set_bits(bits_.data() + row * (k_tile_ / 64), seen.begin, seen.end);
            touched = {std::min(touched.begin, seen.begin), std::max(touched.end, seen.end)};
            first_seen = first_seen.empty() ? seen : first_seen;
        }
        common = intersect(common, first_seen);
    }
    if (touched.empty()) {
        return {};
    }
    const Range panels{touched.begin / geometry_.panel * geometry_.panel, geometry_.padded_to_panels(touched.end)};
    return {static_cast<std::int32_t>(panels.begin), static_cast<std::int32_t>(panels.end), common == panels ? 0 : 1};
}

}  // namespace longscope::cpu
