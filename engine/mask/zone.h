// SPDX-License-Identifier: GPL-3.0-or-later
// The exact form that masks are made of: a rectangle of (query, key) pairs cut by a diagonal band,
//     q in [q0, q1),  k in [k0, k1),  k - q in [d0, d1).
// These are difference constraints over two variables (a difference-bound matrix), closed under intersection; a
// difference of two is at most six zones; the number of pairs has a closed form.
// Positions are below max_tokens, so that every count of pairs fits in 63 bits.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace longscope {

// Positions and lengths of sequences are below this.
inline constexpr std::int64_t max_tokens = std::int64_t{1} << 30;

// Half-open.
struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;

    [[nodiscard]] std::int64_t size() const { return end > begin ? end - begin : 0; }
    [[nodiscard]] bool empty() const { return end <= begin; }
    [[nodiscard]] bool contains(std::int64_t position) const { return begin <= position && position < end; }
    [[nodiscard]] bool operator==(const Range&) const = default;
};

[[nodiscard]] inline Range intersect(Range a, Range b) {
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

// first, first + step, ...: `count` of them.
struct Progression {
    std::int64_t first = 0;
    std::int64_t step = 1;  // from 1
    std::int64_t count = 0;

    [[nodiscard]] std::int64_t at(std::int64_t index) const { return first + index * step; }
    [[nodiscard]] std::int64_t count_before(std::int64_t position) const {
        if (position <= first) {
            return 0;
        }
        const std::int64_t distance = position - first - 1;
        // Most have all numbers, and division is slow.
        return std::min(count, (step == 1 ? distance : distance / step) + 1);
    }
};

// Rows (queries) by columns (keys).
struct Box {
    Range q;
    Range k;

    [[nodiscard]] std::int64_t pairs() const { return q.size() * k.size(); }
    [[nodiscard]] bool operator==(const Box&) const = default;
};

struct Zone {
    Range q;
    Range k;
    Range d;  // of k - q

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const {
        return q.contains(query) && k.contains(key) && d.contains(key - query);
    }
    // The keys of one query; empty when the query is outside q.
    [[nodiscard]] Range row(std::int64_t query) const {
        return q.contains(query) ? intersect(k, {query + d.begin, query + d.end}) : Range{};
    }
    [[nodiscard]] bool empty() const { return q.empty() || k.empty() || d.empty(); }
    [[nodiscard]] bool operator==(const Zone&) const = default;
};

using ZoneList = std::vector<Zone>;

// A box without a band.
[[nodiscard]] Zone box_zone(const Box& box);

// The same set with every bound as tight as it can be: each q in q, k in k and difference in d then occurs in a pair.
// Of an empty set: the zone {}.
[[nodiscard]] Zone tightened(const Zone& zone);

// Tight; {} when they do not meet.
[[nodiscard]] Zone intersect(const Zone& a, const Zone& b);

// Appends a \ b to `out` as at most six disjoint tight zones.
void append_difference(const Zone& a, const Zone& b, ZoneList& out);

// The exact number of pairs, in constant time. `zone` need not be tight.
[[nodiscard]] std::int64_t pairs(const Zone& zone);
// The same of some of its rows.
[[nodiscard]] std::int64_t pairs(const Zone& zone, const Progression& rows);

// The mirror image (q, k) -> (k, q).
[[nodiscard]] Zone transposed(const Zone& zone);

}  // namespace longscope
