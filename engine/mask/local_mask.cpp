// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/local_mask.h"

#include <cstdlib>

namespace longscope {

namespace {

// Ranges are walked once, not searched for every token.
void positions_of(const TokenSet& tokens, Range locals, std::int64_t offset, std::int32_t* positions) {
    if (locals.empty()) {
        return;
    }
    const TokenRanges ranges = tokens.ranges();
    const std::int64_t first = tokens.position(locals.begin);
    std::size_t range = tokens.ranges_meeting({first, first + 1}).first;
    std::int64_t position = first;
    for (std::int64_t i = 0; i < locals.size(); ++i, ++position) {
        if (position == ranges[range].end) {
            position = ranges[++range].begin;
        }
        positions[i] = static_cast<std::int32_t>(position + offset);
    }
}

}  // namespace

std::int64_t LocalMask::distance(std::int64_t row, std::int64_t column) const {
    return std::abs(queries_->position(row) + mask_->key_tokens() - mask_->query_tokens() - keys_->position(column));
}

void LocalMask::row_positions(Range rows, std::int32_t* positions) const {
    positions_of(*queries_, rows, mask_->key_tokens() - mask_->query_tokens(), positions);
}

void LocalMask::column_positions(Range columns, std::int32_t* positions) const {
    positions_of(*keys_, columns, 0, positions);
}

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

std::set<std::int64_t> LocalMask::kinds_of(Range heads) const {
    std::set<std::int64_t> kinds;
    for (std::int64_t head = heads.begin; head < heads.end; ++head) {
        kinds.insert(kind_of(head));
    }
    return kinds;
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
