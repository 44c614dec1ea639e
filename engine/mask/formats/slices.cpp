// SPDX-License-Identifier: GPL-3.0-or-later
// MagiAttention: a mask is a set of slices (query range, key range, type) that share no pair. Of the queries q in
// [q0, q1) a slice keeps the keys from k0, or k0 + (q - q0) where the type has bit 1, up to k1, or k1 - (q1 - 1 - q)
// where it has bit 0.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/mask/formats/formats.h"
#include "engine/mask/mask_of_zones.h"
#include "engine/mask/shared_pair.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

namespace {

constexpr std::int64_t max_slices = std::int64_t{1} << 23;
// Up to here, rows are gathered, so that zones that meet become one slice.
constexpr std::int64_t max_gathered_rows = std::int64_t{1} << 24;
constexpr std::int32_t causal_bit = 1;
constexpr std::int32_t inverse_bit = 2;

struct SliceArrays {
    std::vector<std::int32_t> q_ranges;
    std::vector<std::int32_t> k_ranges;
    std::vector<std::int32_t> types;

    // Rows of a tight zone of which either side is upright or slanted all along.
    void append(const Zone& zone, Range rows) {
        const Range first = zone.row(rows.begin);
        const Range last = zone.row(rows.end - 1);
        const std::int32_t type =
            (last.end != first.end ? causal_bit : 0) | (last.begin != first.begin ? inverse_bit : 0);
        for (const std::int64_t end : {rows.begin, rows.end}) {
            q_ranges.push_back(static_cast<std::int32_t>(end));
        }
        for (const std::int64_t end : {first.begin, last.end}) {
            k_ranges.push_back(static_cast<std::int32_t>(end));
        }
        types.push_back(type);
    }
};

// The rows at which a tight zone, which is a hexagon, becomes another slice: where its begin starts to slant, and where
// its end ceases to. The row of a corner may go with either side, so that two corners in a row take one cut.
std::vector<std::int64_t> slice_cuts(const Zone& zone) {
    std::vector<std::int64_t> cuts;
    for (const std::int64_t corner : {zone.k.begin - zone.d.begin, zone.k.end - zone.d.end}) {
        if (corner > zone.q.begin && corner < zone.q.end - 1) {
            cuts.push_back(corner);
        }
    }
    if (cuts.size() == 2 && std::abs(cuts[0] - cuts[1]) <= 1) {
        cuts = {std::max(cuts[0], cuts[1])};
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.push_back(zone.q.end);
    return cuts;
}

void append_slices(const Zone& zone, SliceArrays& slices) {
    std::int64_t begin = zone.q.begin;
    for (const std::int64_t end : slice_cuts(zone)) {
        slices.append(zone, {begin, end});
        begin = end;
    }
}

Zone zone_of_slice(Range q, Range k, std::int64_t type) {
    Range d{-2 * max_tokens, 2 * max_tokens};
    if ((type & inverse_bit) != 0) {
        d.begin = k.begin - q.begin;
    }
    if ((type & causal_bit) != 0) {
        d.end = k.end - q.end + 1;
    }
    return {q, k, d};
}

Range checked_range(const MaskArrays& arrays, const std::string& name, const IntegerArray& ranges, std::int64_t slice,
                    std::int64_t tokens) {
    const Range range{arrays.checked(name, ranges, 2 * slice, 0, tokens),
                      arrays.checked(name, ranges, 2 * slice + 1, 0, tokens)};
    if (range.begin > range.end) {
        throw bad_input(fmt::format("{}[{}]", arrays.field(name), slice),
                        fmt::format("[{}, {})", range.begin, range.end), "ends before it begins",
                        "a begin that is at most the end");
    }
    return range;
}

}  // namespace

MaskArrays write_slices(const Mask& mask, const FormatOptions& options) {
    const bool gathers = mask.query_tokens() <= max_gathered_rows;
    const ZoneList zones = gathers ? gathered_zones(mask, "mask") : zones_of(mask, "mask");
    constexpr std::int64_t bytes_a_zone = 3 * 5 * 4;
    require_budget("slices", static_cast<std::int64_t>(zones.size()) * bytes_a_zone, options);
    SliceArrays slices;
    for (const Zone& zone : zones) {
        append_slices(zone, slices);
    }
    const auto count = static_cast<std::int64_t>(slices.types.size());
    MaskArrays arrays{"slices", mask.query_tokens(), mask.key_tokens(), {}, {}, {}, ""};
    arrays.arrays["q_ranges"] = {{count, 2}, std::move(slices.q_ranges)};
    arrays.arrays["k_ranges"] = {{count, 2}, std::move(slices.k_ranges)};
    arrays.arrays["attn_type_map"] = {{count}, std::move(slices.types)};
    return arrays;
}

std::unique_ptr<Mask> read_slices(const MaskArrays& arrays, const Mask* /*companion*/) {
    const IntegerArray& q_ranges = arrays.table("q_ranges", 2);
    const IntegerArray& k_ranges = arrays.table("k_ranges", 2);
    const IntegerArray& types = arrays.list("attn_type_map");
    const std::int64_t count = types.size();
    if (count > max_slices) {
        throw bad_input(arrays.field("attn_type_map"), fmt::format("{} slices", count), "are too many",
                        fmt::format("at most {}", max_slices));
    }
    for (const auto& [name, ranges] : {std::pair{"q_ranges", &q_ranges}, {"k_ranges", &k_ranges}}) {
        if (ranges->shape()[0] != count) {
            throw bad_input(arrays.field(name), fmt::format("{} ranges", ranges->shape()[0]),
                            "are not as many as attn_type_map has types", std::to_string(count));
        }
    }
    ZoneList zones;
    zones.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
        const Range q = checked_range(arrays, "q_ranges", q_ranges, i, arrays.query_tokens);
        const Range k = checked_range(arrays, "k_ranges", k_ranges, i, arrays.key_tokens);
        zones.push_back(zone_of_slice(q, k, arrays.checked("attn_type_map", types, i, 0, causal_bit | inverse_bit)));
    }
    if (const auto shared = find_shared_pair(zones)) {
        throw bad_input(arrays.field("q_ranges"), fmt::format("slices {} and {}", shared->first, shared->second),
                        fmt::format("both hold query {}, key {}", shared->query, shared->key),
                        "slices that share no pair, as MagiAttention asks");
    }
    return mask_of_zones(arrays.query_tokens, arrays.key_tokens, std::move(zones));
}

}  // namespace longscope
