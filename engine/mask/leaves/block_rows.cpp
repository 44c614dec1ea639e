// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/block_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/base/units.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

// A second or so.
constexpr std::int64_t max_scored_blocks = std::int64_t{1} << 26U;

// The score that about this share of all scores reach; from 0 to 1.
std::uint64_t lowest_of_share(double share) {
    constexpr double scores = 18446744073709551616.0;  // 2^64
    return share >= 1.0 ? 0 : static_cast<std::uint64_t>((1.0 - share) * scores);
}

}  // namespace

BlockEdges uniform_edges(std::int64_t tokens, std::int64_t block) {
    BlockEdges edges;
    edges.reserve(static_cast<std::size_t>(ceil_divided(tokens, block) + 1));
    for (std::int64_t begin = 0; begin < tokens; begin += block) {
        edges.push_back(begin);
    }
    edges.push_back(tokens);
    return edges;
}

std::vector<Range> top_scores(std::int64_t count, std::int64_t kept, std::uint64_t seed, std::uint64_t row) {
    // Mostly few are kept of many. Those above a score that a few more than that pass, by the odds, hold all that are
    // kept; when by chance they do not, all are looked at.
    const double some_more = static_cast<double>(kept) + 6.0 * std::sqrt(static_cast<double>(kept)) + 16.0;
    const double passing = std::min(1.0, some_more / static_cast<double>(count));
    std::vector<std::pair<std::uint64_t, std::int64_t>> scores;
    for (std::uint64_t least = lowest_of_share(passing);; least = 0) {
        RandomStream random(seed, row);
        scores.clear();
        for (std::int64_t i = 0; i < count; ++i) {
            if (const std::uint64_t score = random.next_u64(); score >= least) {
                scores.emplace_back(score, i);
            }
        }
        if (static_cast<std::int64_t>(scores.size()) >= kept) {
            break;
        }
    }
    std::nth_element(scores.begin(), scores.begin() + (kept - 1), scores.end(), std::greater<>());
    std::vector<std::int64_t> numbers;
    numbers.reserve(static_cast<std::size_t>(kept));
    for (std::int64_t i = 0; i < kept; ++i) {
        numbers.push_back(scores[static_cast<std::size_t>(i)].second);
    }
    return runs_of(std::move(numbers));
}

std::int64_t kept_of(std::int64_t count, double share) {
    return std::clamp<std::int64_t>(std::llround(share * static_cast<double>(count)), 1, count);
}

ZoneList random_block_zones(const BlockEdges& rows, const BlockEdges& columns, double kept, std::uint64_t seed) {
    const auto count = static_cast<std::int64_t>(columns.size()) - 1;
    ZoneList zones;
    for (std::size_t row = 0; row + 1 < rows.size(); ++row) {
        for (const Range run : top_scores(count, kept_of(count, kept), seed, row)) {
            zones.push_back(
                box_zone({{rows[row], rows[row + 1]},
                          {columns[static_cast<std::size_t>(run.begin)], columns[static_cast<std::size_t>(run.end)]}}));
        }
    }
    return zones;
}

void check_scored_blocks(std::int64_t rows, std::int64_t columns, double kept, const std::string& path) {
    if (rows * columns > max_scored_blocks) {
        throw bad_input(
            path, fmt::format("{} x {} blocks", rows, columns), "are too many",
            fmt::format("at most {} blocks: larger ones, or a shorter sequence", format_count(max_scored_blocks)));
    }
    check_zone_count(rows * kept_of(columns, kept), path);
}

}  // namespace longscope
