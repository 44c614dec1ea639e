// SPDX-License-Identifier: GPL-3.0-or-later
// Masks of single pairs: bits in blocks answer as their cells, take the memory of their bits, and are what becomes of
// leaves and operators whose zones would take more.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <numeric>
#include <tuple>
#include <utility>

#include "engine/mask/mask_difference.h"
#include "engine/mask/mask_of_bits.h"
#include "engine/mask/permuted_mask.h"
#include "engine/mask/report/mask_report.h"
#include "engine/mask/zone_mask.h"
#include "tests/support/bitmap_cases.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_contract.h"
#include "tests/support/mask_generators.h"
#include "tests/support/range_lists.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

using Words = std::array<std::uint64_t, 64>;

// Half of all pairs.
void fill_randomly(std::int64_t key_tokens, Range rows, std::span<std::uint64_t> words) {
    const auto width = static_cast<std::size_t>(words_of(key_tokens));
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        RandomStream random(7, static_cast<std::uint64_t>(row));
        for (std::size_t i = 0; i < width; ++i) {
            words[static_cast<std::size_t>(row - rows.begin) * width + i] =
                random.next_u64() & bits_of_word(static_cast<std::int64_t>(i), {0, key_tokens});
        }
    }
}

FillBits random_fill(std::int64_t key_tokens) {
    return [key_tokens](Range rows, std::span<std::uint64_t> words) { fill_randomly(key_tokens, rows, words); };
}

RC_GTEST_PROP(BitWords, TransposeIsTheMirrorImage, ()) {
    Words rows{};
    RandomStream random(static_cast<std::uint64_t>(*integer_from(0, 999'999)), 0);
    for (std::uint64_t& row : rows) {
        row = random.next_u64();
    }
    Words mirror = rows;
    transpose_words(mirror);
    for (std::size_t row = 0; row < 64; ++row) {
        for (std::size_t column = 0; column < 64; ++column) {
            RC_ASSERT((mirror.at(column) >> row & 1U) == (rows.at(row) >> column & 1U));
        }
    }
}

RC_GTEST_PROP(BitWords, RunsAreThoseThatWereSet, ()) {
    const auto positions = *positions_below(*integer_from(1, 300));
    const TokenSet set = token_set_of(positions);
    std::array<std::uint64_t, 5> words{};
    for (const Range run : set.ranges()) {
        set_bits(words, run);
    }
    std::vector<Range> runs;
    append_bit_runs(words, 0, runs);
    RC_ASSERT(are_separate_runs(runs));
    RC_ASSERT(runs == std::vector<Range>(set.ranges().begin(), set.ranges().end()));
}

RC_GTEST_PROP(BitmapMaskProperty, AnswersAsItsCells, ()) {
    const BitmapCase drawn = *bitmap_case();
    check_contract(*drawn.mask(), drawn.truth());
}

// Under a budget of bytes all is kept, or nothing is.
RC_GTEST_PROP(BitmapMaskProperty, KeepsToItsBudget, ()) {
    const BitmapCase drawn = *bitmap_case();
    const auto mask = drawn.mask();
    const auto fill = [&](Range rows, std::span<std::uint64_t> words) {
        const auto width = static_cast<std::size_t>(words_of(drawn.key_tokens));
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            mask->bits()->add_bits(row, words.subspan(static_cast<std::size_t>(row - rows.begin) * width, width));
        }
    };
    const std::int64_t bytes = mask->bits()->bytes();
    const auto again = bitmap_rows(drawn.query_tokens, drawn.key_tokens, fill, bytes);
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->bytes() == bytes);
    RC_ASSERT(!bitmap_rows(drawn.query_tokens, drawn.key_tokens, fill, bytes - 1).has_value());
    check_rows(BitmapMask(std::make_shared<const BitmapRows>(*again)), drawn.truth());
}

// Both ways of an operator: lazily from zones, and as bits.
RC_GTEST_PROP(BitmapMaskProperty, UnderOperatorsAnswersAsTheirCells, ()) {
    const BitmapCase drawn = *bitmap_case(140);
    const MaskDomain domain = drawn.domain();
    const Json other = *leaf_expression(domain);
    const BruteForceMask bits = drawn.truth();
    const BruteForceMask zones(other, domain);
    const bool negated = *rc::gen::arbitrary<bool>();
    const bool both = *rc::gen::arbitrary<bool>();
    using Kind = MaskOperation::Kind;
    const MaskOperation of_bits{Kind::mask, drawn.mask(), {}};
    const MaskOperation of_zones{Kind::mask, compile_mask(parse_mask(other, "mask"), domain), {}};
    const MaskOperation operand = negated ? MaskOperation{Kind::complement, nullptr, {of_bits}} : of_bits;
    const MaskOperation root{both ? Kind::all_of : Kind::any_of, nullptr, {of_zones, operand}};
    std::vector<bool> cells;
    for (std::int64_t query = 0; query < domain.query_tokens; ++query) {
        for (std::int64_t key = 0; key < domain.key_tokens; ++key) {
            const bool kept = bits.contains(query, key) != negated;
            cells.push_back(both ? kept && zones.contains(query, key) : kept || zones.contains(query, key));
        }
    }
    const BruteForceMask truth(domain, cells);
    check_contract(OperatorMask(domain.query_tokens, domain.key_tokens, root), truth);
    if (const auto mask = mask_of_bits(root, domain.box(), bytes_of_bits(*drawn.mask()))) {
        RC_ASSERT(bitmap_of(*mask) != nullptr);
        check_contract(*mask, truth);
    } else {
        RC_ASSERT(drawn.mask()->bits()->bytes() < bitmap_bytes(domain.box().pairs()));
    }
}

// A builder's rows may be made of earlier ones, across blocks.
TEST(BitmapBuilder, AddsEarlierRows) {
    BitmapBuilder builder(200, 200, INT64_MAX);
    for (std::int64_t row = 0; row < 200; ++row) {
        const auto words = builder.next_row();
        if (row >= 3) {
            builder.add_earlier(row - 3, words);
        }
        set_bits(words, {row, row + 1});
    }
    const BitmapMask mask(std::make_shared<const BitmapRows>(*builder.finish()));
    for (std::int64_t row = 0; row < 200; ++row) {
        for (std::int64_t key = 0; key < 200; ++key) {
            ASSERT_EQ(mask.contains(row, key), key <= row && (row - key) % 3 == 0) << row << ' ' << key;
        }
    }
}

TEST(BitmapBuilder, SaysOnceThatItDoesNotFit) {
    BitmapBuilder builder(1000, 1000, 10'000);
    std::int64_t row = 0;
    for (; row < 1000; ++row) {
        const auto words = builder.next_row();
        if (!builder.fits()) {
            break;
        }
        set_bits(words, {row % 2, row + 1});
    }
    EXPECT_LT(row, 1000);
    EXPECT_FALSE(builder.finish().has_value());
}

TEST(MaskOfBits, TakesTheFormThatTakesLess) {
    const auto form = [](std::int64_t tokens, const FillBits& fill) {
        const auto mask = mask_of_bits(tokens, tokens, fill, "test");
        return bitmap_of(*mask) != nullptr ? "bits" : dynamic_cast<const ZoneMask*>(mask.get()) ? "zones" : "";
    };
    const auto causal = [](Range rows, std::span<std::uint64_t> words) {
        const std::size_t width = words.size() / static_cast<std::size_t>(rows.size());
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            set_bits(words.subspan(static_cast<std::size_t>(row - rows.begin) * width, width), {0, row + 1});
        }
    };
    EXPECT_STREQ(form(4096, causal), "zones");
    EXPECT_STREQ(form(1024, random_fill(1024)), "bits");
    EXPECT_STREQ(form(64, random_fill(64)), "zones") << "which are few";
    // One pair in every block of a matrix: half a kilobyte of bits, a quarter as a zone.
    EXPECT_STREQ(form(8192,
                      [](Range /*rows*/, std::span<std::uint64_t> words) {
                          std::fill(words.begin(), words.begin() + 128, std::uint64_t{1} << 9U);
                      }),
                 "zones");
}

TEST(MaskOfBits, RefusesWhatIsTooMuchInBothForms) {
    expect_error(ErrorKind::bad_input,
                 {"file.mask: a mask of 8192 queries and 8192 keys is too large; accepted: at most 1.00 MiB of bits",
                  "or 8,388,608 separate ranges of keys"},
                 [] { (void)mask_of_bits(8192, 8192, random_fill(8192), "file.mask", std::int64_t{1} << 23U); });
}

// 134 million pairs, of which zones would be more than a mask may have.
TEST(BitmapMaskScale, RandomPairsTakeTheMemoryOfTheirBits) {
    constexpr std::int64_t tokens = 16'384;
    const auto begin = std::chrono::steady_clock::now();
    const auto mask = compiled_mask(R"({"random_block_sparse": {"q_block": 1, "k_block": 1, "kept": 0.5, "seed": 3}})",
                                    {tokens, tokens, {}});
    ASSERT_NE(bitmap_of(*mask), nullptr);
    EXPECT_EQ(mask->pairs(), tokens * tokens / 2);
    EXPECT_LT(bitmap_of(*mask)->bits()->bytes(), 36 * 1024 * 1024);
    const TileCounts counts = count_tiles(*mask, 128, 128);
    EXPECT_EQ(counts.partial, 128 * 128);
    EXPECT_EQ(mask->transposed()->pairs_in({{0, tokens}, {0, 5000}}), mask->pairs_in({{0, 5000}, {0, tokens}}));
    std::vector<Range> runs;
    std::int64_t pairs = 0;
    for (std::int64_t row = 0; row < tokens; ++row) {
        mask->row_runs(row, runs);
        pairs = std::accumulate(runs.begin(), runs.end(), pairs,
                                [](std::int64_t sum, Range run) { return sum + run.size(); });
    }
    EXPECT_EQ(pairs, mask->pairs());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(40) * sanitizer_slowdown);
}

// With causal, windows and documents; what is left out of one is in the other.
TEST(BitmapMaskScale, OperatorsOverRandomPairsAreBits) {
    constexpr std::int64_t tokens = 16'384;
    MaskDomain domain{tokens, tokens, {}};
    for (std::int64_t start = 0; start <= tokens; start += 512) {
        domain.cu_seqlens.push_back(start);
    }
    const auto begin = std::chrono::steady_clock::now();
    const ZoneTree random = ZoneTree::of(std::make_shared<BitmapMask>(std::make_shared<const BitmapRows>(
        *bitmap_rows(tokens, tokens, random_fill(tokens), bitmap_bytes(max_bitmap_bits)))));
    using Kind = ZoneTree::Kind;
    for (const char* text :
         {R"({"causal": {}})", R"({"window": {"left": 1000, "right": 10}})", R"({"documents": {}})"}) {
        const ZoneTree other = zone_tree(parse_mask(parse_json(text, "test"), "mask"), domain, "mask");
        const auto compiled = [&](const ZoneTree& tree) {
            return compile_tree(std::make_shared<const ZoneTree>(tree), tokens, tokens);
        };
        const auto with = compiled({Kind::all_of, {}, {random, other}});
        const auto without = compiled({Kind::all_of, {}, {random, {Kind::complement, {}, {other}}}});
        const auto either = compiled({Kind::any_of, {}, {random, other}});
        EXPECT_EQ(with->pairs() + without->pairs(), random.place.mask->pairs()) << text;
        EXPECT_EQ(either->pairs(), without->pairs() + compiled(other)->pairs()) << text;
        EXPECT_NE(bitmap_of(*with), nullptr) << text;
        const MaskDifference difference = mask_difference(*either, *random.place.mask);
        EXPECT_EQ(difference.both->pairs(), random.place.mask->pairs()) << text;
        EXPECT_EQ(difference.only_b->pairs(), 0) << text;
        EXPECT_EQ(difference.only_a->pairs(), either->pairs() - random.place.mask->pairs()) << text;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60) * sanitizer_slowdown);
}

// The mean time of one of so many, as a property of the test. What took a hundred times as long would fail.
template <typename Ask>
void expect_quick(const char* name, std::int64_t count, double most_us, const Ask& ask) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < count; ++i) {
        ask(i);
    }
    const std::chrono::duration<double, std::micro> passed = std::chrono::steady_clock::now() - begin;
    const double mean_us = passed.count() / static_cast<double>(count);
    testing::Test::RecordProperty(name, fmt::format("{:.2f} us", mean_us));
    EXPECT_LT(mean_us, most_us * sanitizer_slowdown) << name;
}

TEST(BitmapMaskScale, QuestionsAboutRandomPairsTakeMicroseconds) {
    constexpr std::int64_t tokens = 16'384;
    const auto mask = std::make_shared<BitmapMask>(
        std::make_shared<const BitmapRows>(*bitmap_rows(tokens, tokens, random_fill(tokens), INT64_MAX)));
    const auto causal = compiled_mask(R"({"causal": {}})", {tokens, tokens, {}});
    std::vector<Range> runs;
    std::int64_t asked = 0;
    expect_quick("runs of a row", tokens, 1'000, [&](std::int64_t row) {
        mask->row_runs(row, runs);
        asked += static_cast<std::int64_t>(runs.size());
    });
    for (const auto& [name, q, k] : {std::tuple{"tiles of 128 x 128", 128, 128},
                                     {"tiles of 256 x 32", 256, 32},
                                     {"tiles of 100 x 100", 100, 100}}) {
        expect_quick(name, tokens / q, 2'000, [&, q = q, k = k](std::int64_t row) {
            asked += static_cast<std::int64_t>(mask->classify_row_of_tiles({row * q, row * q + q}, k).size());
        });
    }
    RandomStream random(5, 0);
    const auto range = [&] {
        const auto a = static_cast<std::int64_t>(random.next_below(tokens));
        const auto b = static_cast<std::int64_t>(random.next_below(tokens));
        return Range{std::min(a, b), std::max(a, b)};
    };
    expect_quick("pairs of a box", 1'000, 10'000, [&](std::int64_t /*i*/) {
        asked += mask->pairs_in({range(), range()});
    });
    expect_quick("mirror image", 1, 5e6, [&](std::int64_t /*i*/) { asked += mask->transposed()->pairs(); });
    expect_quick("difference from causal", 1, 1e7,
                 [&](std::int64_t /*i*/) { asked += mask_difference(*mask, *causal).both->pairs(); });
    for (const auto& [name, kind] :
         {std::pair{"and causal", MaskOperation::Kind::all_of}, {"or causal", MaskOperation::Kind::any_of}}) {
        const std::shared_ptr<const Mask> zones(std::shared_ptr<const void>(), causal.get());
        const MaskOperation both{
            kind, nullptr, {{MaskOperation::Kind::mask, zones, {}}, {MaskOperation::Kind::mask, mask, {}}}};
        expect_quick(name, 1, 5e6, [&](std::int64_t /*i*/) {
            asked += mask_of_bits(both, mask->box(), bytes_of_bits(*mask))->pairs();
        });
    }
    expect_quick("report", 1, 3e7, [&](std::int64_t /*i*/) {
        asked += mask_report(*mask, {tokens, tokens, {}}, {{128, 128}}).pairs;
    });
    EXPECT_GT(asked, 0);
}

// An order that takes every run apart.
TEST(BitmapMaskScale, OrdersOfRandomPairsAreBits) {
    constexpr std::int64_t tokens = 8192;
    std::vector<std::int64_t> order(tokens);
    for (std::int64_t i = 0; i < tokens; ++i) {
        order[static_cast<std::size_t>(i)] = i * 4099 % tokens;
    }
    const auto mask = std::make_shared<BitmapMask>(
        std::make_shared<const BitmapRows>(*bitmap_rows(tokens, tokens, random_fill(tokens), INT64_MAX)));
    const auto begin = std::chrono::steady_clock::now();
    const auto moved = permuted_mask(mask, Permutation(order), Permutation(order), "test");
    ASSERT_NE(bitmap_of(*moved), nullptr);
    EXPECT_EQ(moved->pairs(), mask->pairs());
    for (std::int64_t i = 0; i < tokens; ++i) {
        const std::int64_t query = i * 31 % tokens;
        ASSERT_EQ(moved->contains(query, i), mask->contains(query * 4099 % tokens, i * 4099 % tokens));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20) * sanitizer_slowdown);
}

// Trees that branch at every token: each node has one of the two nodes before it as its parent.
TEST(BitmapMaskScale, TreesWithoutPathsAreBits) {
    constexpr std::int64_t nodes = 16'384;
    constexpr std::int64_t prefix = 100;
    std::vector<std::int64_t> parents{-1, 0};
    RandomStream random(11, 0);
    while (static_cast<std::int64_t>(parents.size()) < nodes) {
        parents.push_back(static_cast<std::int64_t>(parents.size() - 1 - random.next_below(2)));
    }
    const auto begin = std::chrono::steady_clock::now();
    const Json tree{{"tree", {{"parents", parents}}}};
    const auto mask = compile_mask(parse_mask(tree, "mask"), {nodes + prefix, nodes + prefix, {}});
    ASSERT_NE(bitmap_of(*mask), nullptr);
    EXPECT_LT(bitmap_of(*mask)->bits()->bytes(), 20 * 1024 * 1024) << "no more than half of the matrix";
    std::vector<std::int64_t> depths;
    for (const std::int64_t parent : parents) {
        depths.push_back(1 + (parent < 0 ? 0 : depths[static_cast<std::size_t>(parent)]));
    }
    EXPECT_EQ(mask->pairs(), std::accumulate(depths.begin(), depths.end(), prefix * (prefix + 1) / 2 + prefix * nodes));
    std::vector<bool> ancestor(nodes, false);
    for (std::int64_t node = nodes - 5; node >= 0; node = parents[static_cast<std::size_t>(node)]) {
        ancestor[static_cast<std::size_t>(node)] = true;
    }
    for (std::int64_t node = 0; node < nodes; ++node) {
        ASSERT_EQ(mask->contains(prefix + nodes - 5, prefix + node), ancestor[static_cast<std::size_t>(node)]);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20) * sanitizer_slowdown);
}

}  // namespace
}  // namespace longscope
