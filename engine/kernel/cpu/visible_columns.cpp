// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/visible_columns.h"

#include <algorithm>
#include <bit>
#include <span>

#include "engine/mask/bit_words.h"

namespace longscope::cpu {

VisibleColumns::VisibleColumns(const TileGeometry& geometry, std::int64_t q_tile, std::int64_t k_tile)
    : geometry_(geometry),
      k_tile_(k_tile),
      // A load of a vector's bits may read eight bytes from any byte of a row.
      bits_(static_cast<std::size_t>(q_tile * k_tile / 64 + 1)),
      groups_(static_cast<std::size_t>(q_tile / geometry.row_group)),
      any_(static_cast<std::size_t>(k_tile / bits_a_word)),
      all_(any_.size()) {}

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
    const std::int64_t words = k_tile_ / bits_a_word;
    std::fill(any_.begin(), any_.end(), 0);
    std::fill(all_.begin(), all_.end(), ~std::uint64_t{0});
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        const std::span seen = std::span(bits_).subspan(static_cast<std::size_t>(row * words), any_.size());
        plan.seen.set_seen(row, columns, seen);
        for (std::size_t word = 0; word < any_.size(); ++word) {
            any_[word] |= seen[word];
            all_[word] &= seen[word];
        }
    }
    Range touched{k_tile_, 0};
    for (std::int64_t word = 0; word < words; ++word) {
        if (const std::uint64_t bits = any_[static_cast<std::size_t>(word)]; bits != 0) {
            touched = {std::min(touched.begin, word * bits_a_word + std::countr_zero(bits)),
                       (word + 1) * bits_a_word - std::countl_zero(bits)};
        }
    }
    if (touched.empty()) {
        return {};
    }
    const Range panels{touched.begin / geometry_.panel * geometry_.panel, geometry_.padded_to_panels(touched.end)};
    std::int32_t masked = 0;
    for (std::int64_t word = 0; word < words; ++word) {
        masked |= (bits_of_word(word, panels) & ~all_[static_cast<std::size_t>(word)]) == 0 ? 0 : 1;
    }
    return {static_cast<std::int32_t>(panels.begin), static_cast<std::int32_t>(panels.end), masked};
}

}  // namespace longscope::cpu
