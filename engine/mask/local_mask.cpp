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

}  // namespace longscope
