// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/local_mask.h"

#include <algorithm>

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
    for (const Range rows : queries_->ranges()) {
        sum += mask_->pairs_with(rows, *keys_);
    }
    return sum;
}

bool LocalMask::any_pair() const {
    return std::any_of(queries_->ranges().begin(), queries_->ranges().end(),
                       [&](Range rows) { return mask_->pairs_with(rows, *keys_) > 0; });
}

}  // namespace longscope
