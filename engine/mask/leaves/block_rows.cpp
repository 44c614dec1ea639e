// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/block_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/base/thread_team.h"
#include "engine/base/units.h"
#include "engine/mask/bitmap_mask.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

// Half a gigabyte at most.
constexpr std::int64_t max_kept_blocks = std::int64_t{1} << 26U;
// Of more it does not pay to cut them into slabs.
constexpr std::size_t max_block_zones = 4096;

ZoneList zones_of(const BlockRows& blocks) {
    ZoneList zones;
    for (std::int64_t row = 0; row < blocks.row_count(); ++row) {
        for (const BlockRun& run : blocks.runs_of(row)) {
            zones.push_back(box_zone({blocks.tokens_of(row), blocks.keys_of(run)}));
        }
    }
    return zones;
}

// Draws of the numbers below `count`, by Floyd's algorithm; `take` says whether a number was not there yet.
template <typename Take>
void draw(std::int64_t count, std::int64_t drawn, RandomStream random, Take take) {
    for (std::int64_t last = count - drawn; last < count; ++last) {
        if (!take(static_cast<std::int64_t>(random.next_below(static_cast<std::uint64_t>(last + 1))))) {
            (void)take(last);
        }
    }
}

// Ascending.
std::vector<std::int64_t> sample(std::int64_t count, std::int64_t drawn, const RandomStream& random) {
    std::vector<std::int64_t> numbers;
    numbers.reserve(static_cast<std::size_t>(drawn));
    constexpr std::int64_t numbers_a_draw = 1024;
    if (count / numbers_a_draw > drawn) {
        std::unordered_set<std::int64_t> taken;
        draw(count, drawn, random, [&](std::int64_t number) { return taken.insert(number).second; });
        numbers.assign(taken.begin(), taken.end());
        std::sort(numbers.begin(), numbers.end());
        return numbers;
    }
    std::vector<std::uint64_t> bits(static_cast<std::size_t>(count / 64 + 1), 0);
    draw(count, drawn, random, [&](std::int64_t number) {
        std::uint64_t& word = bits[static_cast<std::size_t>(number / 64)];
        const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(number % 64);
        const bool is_new = (word & bit) == 0;
        word |= bit;
        return is_new;
    });
    for (std::size_t word = 0; word < bits.size(); ++word) {
        for (std::uint64_t rest = bits[word]; rest != 0; rest &= rest - 1) {
            numbers.push_back(static_cast<std::int64_t>(word) * 64 + std::countr_zero(rest));
        }
    }
    return numbers;
}

void append_runs(const std::vector<std::int64_t>& numbers, std::vector<BlockRun>& runs) {
    const std::size_t first = runs.size();
    for (const std::int64_t number : numbers) {
        const auto block = static_cast<std::uint32_t>(number);
        if (runs.size() > first && runs.back().end == block) {
            ++runs.back().end;
        } else {
            runs.push_back({block, block + 1});
        }
    }
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

std::vector<std::int64_t> drawn_numbers(std::int64_t count, std::int64_t kept, std::uint64_t seed, std::uint64_t row) {
    const RandomStream random(seed, row);
    if (2 * kept <= count) {
        return sample(count, kept, random);
    }
    const std::vector<std::int64_t> left_out = sample(count, count - kept, random);
    std::vector<std::int64_t> numbers;
    numbers.reserve(static_cast<std::size_t>(kept));
    auto out = left_out.begin();
    for (std::int64_t number = 0; number < count; ++number) {
        if (out != left_out.end() && *out == number) {
            ++out;
        } else {
            numbers.push_back(number);
        }
    }
    return numbers;
}

std::int64_t kept_of(std::int64_t count, double share) {
    return std::clamp<std::int64_t>(std::llround(share * static_cast<double>(count)), 1, count);
}

namespace {

// The columns that a row of blocks keeps.
std::vector<std::int64_t> numbers_of(const RandomBlocks& drawn, std::int64_t row) {
    const auto columns = static_cast<std::int64_t>(drawn.columns.size()) - 1;
    return drawn_numbers(columns, kept_of(columns, drawn.kept), drawn.seed, static_cast<std::uint64_t>(row));
}

BlockRows block_rows(const RandomBlocks& drawn) {
    BlockRows blocks;
    blocks.rows = drawn.rows;
    blocks.columns = drawn.columns;
    struct Part {
        std::vector<std::size_t> runs_after;  // each row
        std::vector<BlockRun> runs;
    };
    std::map<std::int64_t, Part> parts;  // by their first row
    std::mutex adding;
    constexpr std::int64_t rows_a_thread = 64;
    ThreadTeam().for_each_range(blocks.row_count(), rows_a_thread, [&](std::int64_t begin, std::int64_t end) {
        Part part;
        for (std::int64_t row = begin; row < end; ++row) {
            append_runs(numbers_of(drawn, row), part.runs);
            part.runs_after.push_back(part.runs.size());
        }
        const std::lock_guard lock(adding);
        parts.emplace(begin, std::move(part));
    });
    blocks.first_run.reserve(blocks.rows.size());
    std::size_t runs = 0;
    for (const auto& [begin, part] : parts) {
        for (const std::size_t after : part.runs_after) {
            blocks.first_run.push_back(runs + after);
        }
        runs += part.runs.size();
    }
    blocks.runs.reserve(runs);
    for (const auto& [begin, part] : parts) {
        blocks.runs.insert(blocks.runs.end(), part.runs.begin(), part.runs.end());
    }
    return blocks;
}

BitmapRows block_bits(const RandomBlocks& drawn) {
    const std::int64_t keys = drawn.columns.back();
    const auto width = static_cast<std::size_t>(words_of(keys));
    const auto fill = [&](Range rows, std::span<std::uint64_t> words) {
        auto row = std::upper_bound(drawn.rows.begin(), drawn.rows.end(), rows.begin) - drawn.rows.begin() - 1;
        for (std::int64_t query = rows.begin; query < rows.end; ++row) {
            const std::vector<std::int64_t> numbers = numbers_of(drawn, row);
            const std::int64_t end = std::min(rows.end, drawn.rows[static_cast<std::size_t>(row) + 1]);
            for (; query < end; ++query) {
                const auto own = words.subspan(static_cast<std::size_t>(query - rows.begin) * width, width);
                for (const std::int64_t number : numbers) {
                    const auto column = static_cast<std::size_t>(number);
                    set_bits(own, {drawn.columns[column], drawn.columns[column + 1]});
                }
            }
        }
    };
    return *bitmap_rows(drawn.rows.back(), keys, fill, INT64_MAX);
}

// Throws Error(bad_input) when that share of the blocks is more than a mask may have.
void check_block_count(std::int64_t rows, std::int64_t columns, double kept, const std::string& path) {
    const std::int64_t kept_columns = kept_of(columns, kept);
    const double blocks = static_cast<double>(rows) * static_cast<double>(kept_columns);
    if (std::max(blocks, static_cast<double>(rows + columns)) > static_cast<double>(max_kept_blocks)) {
        throw bad_input(path,
                        fmt::format("{} of {} columns of blocks kept in each of {} rows", format_count(kept_columns),
                                    format_count(columns), format_count(rows)),
                        "are too many",
                        fmt::format("at most {} kept blocks: larger ones, fewer, or a shorter sequence",
                                    format_count(max_kept_blocks)));
    }
}

class BlockLeaf final : public MaskLeaf {
  public:
    BlockLeaf(Json parameters, RandomBlockLeaf leaf) : parameters_(std::move(parameters)), leaf_(std::move(leaf)) {}

    [[nodiscard]] ZoneList zones(const MaskDomain& domain, const std::string& path) const override {
        const BlockRows blocks = rows_of(domain, path);
        check_zone_count(static_cast<std::int64_t>(blocks.runs.size()), path);
        return zones_of(blocks);
    }
    [[nodiscard]] ZoneTree tree(const MaskDomain& domain, const std::string& path) const override {
        if (is_less_as_bits(domain)) {
            return ZoneTree::of(
                std::make_shared<BitmapMask>(std::make_shared<const BitmapRows>(block_bits(leaf_.draw(domain)))));
        }
        BlockRows blocks = rows_of(domain, path);
        if (blocks.runs.size() <= max_block_zones) {
            return {ZoneTree::Kind::zones, zones_of(blocks), {}};
        }
        return ZoneTree::of(std::make_shared<BlockRowsMask>(std::move(blocks)));
    }
    [[nodiscard]] Json parameters() const override { return parameters_; }

  private:
    // At the most.
    [[nodiscard]] Box blocks_in(const MaskDomain& domain) const {
        return {{0, ceil_divided(domain.query_tokens, leaf_.q_block)},
                {0, ceil_divided(domain.key_tokens, leaf_.k_block)}};
    }
    // By the runs that are to be expected: a kept block begins one where the block before is not kept.
    [[nodiscard]] bool is_less_as_bits(const MaskDomain& domain) const {
        const Box blocks = blocks_in(domain);
        const auto columns = static_cast<double>(blocks.k.size());
        const auto kept = static_cast<double>(kept_of(blocks.k.size(), leaf_.kept));
        const double runs = static_cast<double>(blocks.q.size()) * kept * (columns - kept + 1) / columns;
        return fits_as_bits(domain.query_tokens, domain.key_tokens) && runs > static_cast<double>(max_block_zones) &&
               static_cast<double>(bitmap_bytes(domain.box().pairs())) < runs * sizeof(BlockRun);
    }
    [[nodiscard]] BlockRows rows_of(const MaskDomain& domain, const std::string& path) const {
        const Box blocks = blocks_in(domain);
        check_block_count(blocks.q.size(), blocks.k.size(), leaf_.kept, path);
        return block_rows(leaf_.draw(domain));
    }

    Json parameters_;
    RandomBlockLeaf leaf_;
};

}  // namespace

std::shared_ptr<const MaskLeaf> make_block_leaf(Json parameters, RandomBlockLeaf leaf) {
    return std::make_shared<BlockLeaf>(std::move(parameters), std::move(leaf));
}

}  // namespace longscope
