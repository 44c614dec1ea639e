// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/row_edits.h"

#include <unordered_set>

namespace longscope {

namespace {

struct Split {
    std::vector<RowRange> only_here;
    std::vector<std::int64_t> in_both;
};

Split split(const std::vector<std::int64_t>& list, const std::vector<std::int64_t>& other) {
    const std::unordered_set<std::int64_t> others(other.begin(), other.end());
    Split found;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (others.contains(list[i])) {
            found.in_both.push_back(list[i]);
            continue;
        }
        const int row = static_cast<int>(i);
        if (found.only_here.empty() || found.only_here.back().first + found.only_here.back().count != row) {
            found.only_here.push_back({row, 0});
        }
        ++found.only_here.back().count;
    }
    return found;
}

}  // namespace

std::optional<RowEdits> row_edits(const std::vector<std::int64_t>& from, const std::vector<std::int64_t>& to,
                                  std::size_t most) {
    Split before = split(from, to);
    Split after = split(to, from);
    if (before.in_both != after.in_both || before.only_here.size() + after.only_here.size() > most) {
        return std::nullopt;
    }
    return RowEdits{std::move(before.only_here), std::move(after.only_here)};
}

}  // namespace longscope
