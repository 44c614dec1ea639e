// SPDX-License-Identifier: GPL-3.0-or-later
// Differences of masks against counting cell by cell, at any size, and the published encodings that disagree.
#include "engine/mask/mask_difference.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <string>

#include "engine/base/clock.h"
#include "engine/mask/formats/mask_format.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

void expect_split_cell_by_cell(const Mask& a, const Mask& b) {
    const MaskDifference difference = mask_difference(a, b);
    std::vector<Range> rows;
    for (std::int64_t query = 0; query < a.query_tokens(); ++query) {
        bool differs = false;
        for (std::int64_t key = 0; key < a.key_tokens(); ++key) {
            const bool in_a = a.contains(query, key);
            const bool in_b = b.contains(query, key);
            RC_ASSERT(difference.both->contains(query, key) == (in_a && in_b));
            RC_ASSERT(difference.only_a->contains(query, key) == (in_a && !in_b));
            RC_ASSERT(difference.only_b->contains(query, key) == (in_b && !in_a));
            differs = differs || in_a != in_b;
        }
        if (differs && !rows.empty() && rows.back().end == query) {
            ++rows.back().end;
        } else if (differs) {
            rows.push_back({query, query + 1});
        }
    }
    RC_ASSERT(difference.rows == rows);
    RC_ASSERT(difference.equal() == rows.empty());
    RC_ASSERT(difference.both->pairs() + difference.only_a->pairs() == a.pairs());
    RC_ASSERT(difference.both->pairs() + difference.only_b->pairs() == b.pairs());
}

RC_GTEST_PROP(MaskDifferenceProperty, SplitsExpressions, ()) {
    const MaskDomain domain = *mask_domain();
    const MaskCase a{domain, *mask_expression(domain, 2)};
    const MaskCase b{domain, *mask_expression(domain, 2)};
    expect_split_cell_by_cell(*a.compiled(), *b.compiled());
}

RC_GTEST_PROP(MaskDifferenceProperty, SplitsSinglePairs, ()) {
    const auto a = *random_cells();
    const auto b = with_some_flipped(a);
    expect_split_cell_by_cell(*mask_of_cells(a), *mask_of_cells(b));
    const auto other = *rc::gen::container<MaskPictureText>(
        a.size(), rc::gen::container<std::string>(a.front().size(), rc::gen::element('#', '.')));
    expect_split_cell_by_cell(*mask_of_cells(a), *mask_of_cells(other));
}

TEST(MaskDifference, RefusesMasksOverOtherTokens) {
    expect_error(ErrorKind::bad_input, {"B: 4 queries and 5 keys are not those of A", "4 queries and 4 keys"}, [] {
        (void)mask_difference(*compiled_mask(R"({"full": {}})", {4, 4, {}}),
                              *compiled_mask(R"({"full": {}})", {4, 5, {}}));
    });
}

// One key more in every row of a billion tokens, and of a million documents.
TEST(MaskDifference, TakesTimeThatGrowsWithTheZones) {
    constexpr std::int64_t tokens = 1'000'000'000;
    const MaskDomain domain{tokens, tokens, {}};
    const MaskDifference windows = mask_difference(*compiled_mask(R"({"window": {"left": 1024, "right": 0}})", domain),
                                                   *compiled_mask(R"({"window": {"left": 1023, "right": 0}})", domain));
    EXPECT_EQ(windows.only_a->pairs(), tokens - 1024);
    EXPECT_EQ(windows.only_b->pairs(), 0);
    EXPECT_EQ(windows.rows, (std::vector<Range>{{1024, tokens}}));

    MaskDomain packed{10'000'000, 10'000'000, {0}};
    while (packed.cu_seqlens.back() < packed.query_tokens) {
        packed.cu_seqlens.push_back(packed.cu_seqlens.back() + 10);
    }
    const auto causal = compiled_mask(R"({"and": [{"causal": {}}, {"documents": {}}]})", packed);
    const auto full = compiled_mask(R"({"documents": {}})", packed);
    const Nanoseconds begin_ns = now_ns();
    const MaskDifference documents = mask_difference(*causal, *full);
    EXPECT_LT(now_ns() - begin_ns, Nanoseconds{20} * 1'000'000'000);
    EXPECT_EQ(documents.only_b->pairs(), 1'000'000 * 45);
    EXPECT_EQ(documents.only_a->pairs(), 0);
}

// Strides are compared as such: their teeth one by one are half a million zones, and more than may be.
TEST(MaskDifference, OfStridesTakesNoTeeth) {
    const MaskDomain domain{1'048'576, 1'048'576, {}};
    const auto every = [&](std::int64_t stride) {
        return compiled_mask(R"({"and": [{"causal": {}}, {"strided_columns": {"first": 0, "width": 1, "stride": )" +
                                 std::to_string(stride) + "}}]}",
                             domain);
    };
    const MaskDifference columns = mask_difference(*every(2), *every(4));
    EXPECT_EQ(columns.both->pairs(), every(4)->pairs());
    EXPECT_EQ(columns.only_a->pairs(), every(2)->pairs() - every(4)->pairs());
    EXPECT_EQ(columns.only_b->pairs(), 0);
    EXPECT_EQ(columns.rows, (std::vector<Range>{{2, domain.query_tokens}}));

    const auto diagonals = compiled_mask(R"({"and": [{"causal": {}}, {"strided_diagonals": {"stride": 3}}]})", domain);
    const auto dilated = compiled_mask(R"({"dilated_window": {"left": 349525, "right": 0, "dilation": 3}})", domain);
    EXPECT_TRUE(mask_difference(*diagonals, *dilated).equal());
}

using Predicate = std::function<bool(std::int64_t, std::int64_t)>;

std::unique_ptr<Mask> mask_by(std::int64_t tokens, const Predicate& sees) {
    MaskPictureText lines(static_cast<std::size_t>(tokens), std::string(static_cast<std::size_t>(tokens), '.'));
    for (std::int64_t query = 0; query < tokens; ++query) {
        for (std::int64_t key = 0; key < tokens; ++key) {
            if (sees(query, key)) {
                lines[static_cast<std::size_t>(query)][static_cast<std::size_t>(key)] = '#';
            }
        }
    }
    return mask_of_cells(lines);
}

std::unique_ptr<Mask> slices_mask(std::int64_t tokens, std::vector<std::int32_t> q, std::vector<std::int32_t> k,
                                  std::vector<std::int32_t> types) {
    MaskArrays arrays{"slices", tokens, tokens, {}, {}, {}, ""};
    const auto count = static_cast<std::int64_t>(types.size());
    arrays.arrays["q_ranges"] = {{count, 2}, std::move(q)};
    arrays.arrays["k_ranges"] = {{count, 2}, std::move(k)};
    arrays.arrays["attn_type_map"] = {{count}, std::move(types)};
    return find_mask_format("slices", "test").read(arrays, nullptr);
}

// The same through another format, so that the two that are compared were not made alike.
std::unique_ptr<Mask> through(const char* name, const Mask& mask) {
    const MaskFormat& format = find_mask_format(name, "test");
    return format.read(format.write(mask, {}), nullptr);
}

// Published encodings of one benchmark's masks, as slices on the one hand and as a predicate or FlashMask vectors on
// the other.
TEST(PublishedEncodings, OfPrefixLmDisagreeByTheKeyAtTheEndOfThePrefix) {
    const auto slices = slices_mask(16, {0, 5, 5, 16}, {0, 5, 0, 16}, {0, 1});
    const auto predicate = mask_by(16, [](std::int64_t q, std::int64_t k) { return k <= q || k <= 5; });
    EXPECT_EQ(slices->pairs(), 146);
    EXPECT_EQ(predicate->pairs(), 151);
    const MaskDifference difference = mask_difference(*slices, *through("flashmask", *predicate));
    EXPECT_EQ(difference.only_a->pairs(), 0);
    EXPECT_EQ(difference.only_b->pairs(), 5);
    EXPECT_EQ(difference.rows, (std::vector<Range>{{0, 5}}));
    const auto stricter = mask_by(16, [](std::int64_t q, std::int64_t k) { return k <= q || k < 5; });
    EXPECT_TRUE(mask_difference(*slices, *through("flashmask", *stricter)).equal());
}

TEST(PublishedEncodings, OfPrefixLmDocumentsDisagree) {
    const std::vector<std::int32_t> documents{0, 4, 7, 12, 16};
    std::vector<std::int32_t> q;
    std::vector<std::int32_t> k;
    for (std::size_t i = 0; i + 1 < documents.size(); ++i) {
        const std::int32_t begin = documents[i];
        q.insert(q.end(), {begin, begin + 2, begin + 2, documents[i + 1]});
        k.insert(k.end(), {begin, begin + 2, begin, documents[i + 1]});
    }
    const auto slices = slices_mask(16, q, k, {0, 1, 0, 1, 0, 1, 0, 1});
    const auto document_of = [&](std::int64_t token) {
        return std::upper_bound(documents.begin(), documents.end(), token) - documents.begin() - 1;
    };
    const auto predicate = mask_by(16, [&](std::int64_t query, std::int64_t key) {
        const auto document = document_of(query);
        return document == document_of(key) &&
               (key <= query || key - documents[static_cast<std::size_t>(document)] <= 2);
    });
    EXPECT_EQ(slices->pairs(), 45);
    EXPECT_EQ(predicate->pairs(), 53);
    const MaskDifference difference = mask_difference(*slices, *predicate);
    EXPECT_EQ(difference.only_a->pairs(), 0);
    EXPECT_EQ(difference.only_b->pairs(), 8);
}

// The two strips of global queries and keys typed causal, as published, and typed full.
TEST(PublishedEncodings, OfTheGlobalSlidingWindowDisagreeAndOneTypeExplainsIt) {
    constexpr std::int64_t tokens = 24;
    constexpr std::int64_t window = 3;
    const auto predicate = mask_by(tokens, [](std::int64_t q, std::int64_t k) {
        return std::abs(q - k) <= window || q < 2 * window || k < 2 * window;
    });
    EXPECT_EQ(predicate->pairs(), 366);
    // The band inside, and the strips to its left and above it with the type that they are given.
    const auto slices = [&](std::int32_t strips) {
        return slices_mask(tokens, {0, 24, 0, 3, 3, 6, 6, 21, 21, 24}, {0, 3, 3, 24, 3, 9, 3, 24, 18, 24},
                           {strips, strips, 1, 3, 2});
    };
    EXPECT_EQ(slices(1)->pairs(), 201);
    EXPECT_EQ(slices(0)->pairs(), 270);
    for (const std::int32_t strips : {0, 1}) {
        const MaskDifference difference = mask_difference(*slices(strips), *through("flashmask", *predicate));
        EXPECT_EQ(difference.only_a->pairs(), 0);
        EXPECT_EQ(difference.only_b->pairs(), 366 - slices(strips)->pairs());
    }
    const auto as_many_globals = mask_by(
        tokens, [](std::int64_t q, std::int64_t k) { return std::abs(q - k) <= window || q < window || k < window; });
    EXPECT_TRUE(mask_difference(*slices(0), *through("flashmask", *as_many_globals)).equal());
}

TEST(PublishedEncodings, OfTheCausalWindowDisagreeByOneKey) {
    const auto with_both_ends = compiled_mask(R"({"window": {"left": 3, "right": 0}})", {16, 16, {}});
    const auto w_keys = mask_by(16, [](std::int64_t q, std::int64_t k) { return k <= q && k > q - 3; });
    EXPECT_EQ(with_both_ends->pairs(), 58);
    EXPECT_EQ(w_keys->pairs(), 45);
    EXPECT_EQ(mask_difference(*with_both_ends, *w_keys).only_a->pairs(), 13);
}

TEST(PublishedEncodings, OfASharedQuestionAndOfCausalBlocksAgree) {
    const std::vector<std::int32_t> edges{0, 4, 7, 12, 16};
    const auto document_of = [&](std::int64_t token) {
        return std::upper_bound(edges.begin(), edges.end(), token) - edges.begin() - 1;
    };
    const auto question = mask_by(16, [&](std::int64_t q, std::int64_t k) {
        return k <= q && (document_of(q) == document_of(k) || document_of(k) == 0);
    });
    EXPECT_EQ(question->pairs(), 89);
    const auto question_slices =
        slices_mask(16, {0, 4, 4, 7, 7, 12, 12, 16, 4, 16}, {0, 4, 4, 7, 7, 12, 12, 16, 0, 4}, {1, 1, 1, 1, 0});
    EXPECT_TRUE(mask_difference(*question_slices, *question).equal());
    EXPECT_TRUE(mask_difference(*question_slices, *through("flashmask", *question)).equal());

    const auto blockwise = mask_by(16, [&](std::int64_t q, std::int64_t k) {
        return k <= q && (document_of(q) == document_of(k) || document_of(q) == 3);
    });
    EXPECT_EQ(blockwise->pairs(), 89);
    const auto blockwise_slices =
        slices_mask(16, {0, 4, 4, 7, 7, 12, 12, 16}, {0, 4, 4, 7, 7, 12, 0, 16}, {1, 1, 1, 1});
    EXPECT_TRUE(mask_difference(*blockwise_slices, *through("flashmask", *blockwise)).equal());
}

}  // namespace
}  // namespace longscope
