// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/local_mask.h"

namespace longscope {

void LocalMask::row_runs(std::int64_t row, std::vector<Range>& runs, std::int64_t kind) const {
    mask_of(kind).row_runs(queries_->position(row), runs);
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

std::int64_t LocalMask::head_pairs(Range heads) const {
    if (masks_ == nullptr) {
        return heads.size() * pairs();
    }
    const std::vector<std::int64_t> counts = masks_->heads_of_kinds(heads);
    std::int64_t sum = 0;
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
        sum += counts[kind] == 0 ? 0 : counts[kind] * pairs(static_cast<std::int64_t>(kind));
    }
    return sum;
}

}  // namespace longscope
