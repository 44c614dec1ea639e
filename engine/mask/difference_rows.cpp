// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/difference_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace longscope {

namespace {

constexpr std::size_t most_runs_in_a_line = 6;

}  // namespace

std::vector<std::int64_t> first_differing_rows(const MaskDifference& difference, std::size_t most) {
    std::vector<std::int64_t> rows;
    for (const Range range : difference.rows) {
        for (std::int64_t row = range.begin; row < range.end && rows.size() < most; ++row) {
            rows.push_back(row);
        }
    }
    return rows;
}

std::int64_t count_differing_rows(const MaskDifference& difference) {
    std::int64_t rows = 0;
    for (const Range range : difference.rows) {
        rows += range.size();
    }
    return rows;
}

std::string keys_text(const Mask& mask, std::int64_t row) {
    std::vector<Range> runs;
    mask.row_runs(row, runs);
    std::string text;
    for (std::size_t i = 0; i < std::min(runs.size(), most_runs_in_a_line); ++i) {
        text += fmt::format("{}[{}, {})", text.empty() ? "" : " ", runs[i].begin, runs[i].end);
    }
    if (runs.size() > most_runs_in_a_line) {
        text += fmt::format(" ... ({} ranges)", runs.size());
    }
    return text.empty() ? "no key" : text;
}

}  // namespace longscope
