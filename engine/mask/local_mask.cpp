// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/local_mask.h"

namespace longscope {

void LocalMask::row_runs(std::int64_t row, std::vector<Range>& runs) const {
    mask_->row_runs(queries_->position(row), runs);
    std::size_t kept = 0;
    for (const Range run : runs) {
        const Range local = keys_->local(run);
        if (local.empty()) {
            continue;
        }
        // Two global runs can become neighbours when the keys between them are elsewhere.
        if (kept > 0 && runs[kept - 1].end == local.begin) {
            runs[kept - 1].end = local.end;
        } else {
            runs[kept++] = local;
        }
    }
    runs.resize(kept);
}

std::int64_t LocalMask::pairs() const {
    std::int64_t sum = 0;
    std::vector<Range> runs;
    const std::vector<Range>& key_ranges = keys_->ranges();
    for (const Range rows : queries_->ranges()) {
        // Box by box where a few boxes cover the rows, row by row where the keys are in many pieces.
        const Range extent = mask_->key_extent(rows);
        auto first = std::upper_bound(key_ranges.begin(), key_ranges.end(), extent.begin,
                                      [](std::int64_t value, Range range) { return value < range.end; });
        const auto last = std::lower_bound(first, key_ranges.end(), extent.end,
                                           [](Range range, std::int64_t value) { return range.begin < value; });
        if (last - first <= rows.size()) {
            for (; first != last; ++first) {
                sum += mask_->pairs_in({rows, *first});
            }
            continue;
        }
        for (std::int64_t query = rows.begin; query < rows.end; ++query) {
            mask_->row_runs(query, runs);
            for (const Range run : runs) {
                sum += keys_->local(run).size();
            }
        }
    }
    return sum;
}

}  // namespace longscope
