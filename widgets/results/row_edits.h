// SPDX-License-Identifier: GPL-3.0-or-later
// From one list of different numbers to another by few removals and insertions, so that a view keeps its place.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace longscope {

struct RowRange {
    int first = 0;
    int count = 0;

    [[nodiscard]] bool operator==(const RowRange&) const = default;
};

struct RowEdits {
    std::vector<RowRange> removed;   // rows of the old list, ascending
    std::vector<RowRange> inserted;  // rows of the new list, ascending
};

// Nothing when what both lists hold is in another order, or when more than `most` ranges change.
[[nodiscard]] std::optional<RowEdits> row_edits(const std::vector<std::int64_t>& from,
                                                const std::vector<std::int64_t>& to, std::size_t most);

}  // namespace longscope
