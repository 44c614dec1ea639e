// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/decode_rows.h"

#include <map>
#include <set>

#include "engine/kernel/cpu/tile_functions.h"

namespace longscope::cpu {

DecodeRows::DecodeRows(const AttendInput& input)
    : queries_(input.queries.tokens), runs_(static_cast<std::size_t>(input.mask->kinds() * queries_)) {
    std::vector<std::int64_t> pairs(static_cast<std::size_t>(input.mask->kinds()), 0);
    for (std::int64_t kind = 0; kind < input.mask->kinds(); ++kind) {
        for (std::int64_t query = 0; query < queries_; ++query) {
            std::vector<Range>& runs = runs_[static_cast<std::size_t>(kind * queries_ + query)];
            input.mask->row_runs(query, runs, kind);
            for (const Range run : runs) {
                pairs[static_cast<std::size_t>(kind)] += run.size();
            }
        }
    }
    for (std::int64_t head = 0; head < input.queries.heads; ++head) {
        head_pairs_ += pairs[static_cast<std::size_t>(input.mask->kind_of(head))];
    }

    const std::int64_t group = input.queries.heads / input.keys.heads;
    std::map<std::set<std::int64_t>, std::size_t> known;
    for (std::int64_t kv_head = 0; kv_head < input.keys.heads; ++kv_head) {
        const std::set<std::int64_t> kinds = input.mask->kinds_of({kv_head * group, (kv_head + 1) * group});
        const auto [entry, added] = known.try_emplace(kinds, tiles_.size());
        tiles_of_head_.push_back(entry->second);
        if (!added) {
            continue;
        }
        std::vector<unsigned char> seen(static_cast<std::size_t>((input.keys.tokens + decode_keys - 1) / decode_keys));
        for (const std::int64_t kind : kinds) {
            for (std::int64_t query = 0; query < queries_; ++query) {
                for (const Range run : runs_of(kind, query)) {
                    std::fill(seen.begin() + run.begin / decode_keys,
                              seen.begin() + (run.end + decode_keys - 1) / decode_keys, 1);
                }
            }
        }
        std::vector<std::int64_t>& tiles = tiles_.emplace_back();
        for (std::size_t tile = 0; tile < seen.size(); ++tile) {
            if (seen[tile] != 0) {
                tiles.push_back(static_cast<std::int64_t>(tile));
            }
        }
    }
}

std::vector<std::int64_t> DecodeRows::tile_counts() const {
    std::vector<std::int64_t> counts;
    for (const std::size_t tiles : tiles_of_head_) {
        counts.push_back(static_cast<std::int64_t>(tiles_[tiles].size()));
    }
    return counts;
}

std::uint64_t DecodeRows::bits(std::int64_t kind, std::int64_t query, std::int64_t tile) const {
    std::uint64_t bits = 0;
    visit(kind, query, {tile * decode_keys, (tile + 1) * decode_keys}, [&](Range seen) {
        const std::uint64_t ones = seen.size() == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << seen.size()) - 1;
        bits |= ones << (seen.begin - tile * decode_keys);
    });
    return bits;
}

}  // namespace longscope::cpu
