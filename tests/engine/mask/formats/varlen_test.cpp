// SPDX-License-Identifier: GPL-3.0-or-later
// flash-attention's varlen form: its convention pair by pair, what is found again in a mask, and what is refused.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/mask/formats/mask_format.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

using Numbers = std::vector<std::int64_t>;

MaskArrays varlen(const Numbers& q, const Numbers& k, bool causal, const Numbers& window) {
    MaskArrays arrays{"varlen", q.back(), k.back(), {}, {}, {}, ""};
    const auto as_array = [](const Numbers& values) {
        return IntegerArray({static_cast<std::int64_t>(values.size())},
                            std::vector<std::int32_t>(values.begin(), values.end()));
    };
    arrays.arrays["cu_seqlens_q"] = as_array(q);
    arrays.arrays["cu_seqlens_k"] = as_array(k);
    arrays.scalars["causal"] = causal;
    arrays.scalars["window_size"] = window;
    return arrays;
}

std::unique_ptr<Mask> read(const MaskArrays& arrays) {
    return find_mask_format("varlen", "test").read(arrays, nullptr);
}

MaskArrays write(const Mask& mask, const Numbers& documents = {}) {
    FormatOptions options;
    options.cu_seqlens = documents;
    return find_mask_format("varlen", "test").write(mask, options);
}

Numbers numbers_of(const MaskArrays& arrays, const std::string& name) {
    Numbers values;
    for (std::int64_t i = 0; i < arrays.array(name).size(); ++i) {
        values.push_back(arrays.array(name).at(i));
    }
    return values;
}

struct VarlenCase {
    Numbers q{0};
    Numbers k{0};
    bool causal = false;
    Numbers window;
};

VarlenCase drawn_case() {
    VarlenCase drawn;
    const auto documents = *integer_from(1, 4);
    for (std::int64_t i = 0; i < documents; ++i) {
        drawn.q.push_back(drawn.q.back() + *integer_from(0, 6));
        drawn.k.push_back(drawn.k.back() + *integer_from(0, 6));
    }
    ++drawn.q.back();
    ++drawn.k.back();
    drawn.causal = *rc::gen::arbitrary<bool>();
    drawn.window = {*integer_from(-1, 6), *integer_from(-1, 6)};
    return drawn;
}

RC_GTEST_PROP(VarlenProperty, IncludesBothEndsOfTheWindowAndAlignsDocumentsAtTheBottomRight, ()) {
    const VarlenCase drawn = drawn_case();
    const auto mask = read(varlen(drawn.q, drawn.k, drawn.causal, drawn.window));
    for (std::size_t d = 0; d + 1 < drawn.q.size(); ++d) {
        const std::int64_t sq = drawn.q[d + 1] - drawn.q[d];
        const std::int64_t sk = drawn.k[d + 1] - drawn.k[d];
        for (std::int64_t i = 0; i < sq; ++i) {
            for (std::int64_t key = 0; key < drawn.k.back(); ++key) {
                const std::int64_t j = key - drawn.k[d];
                bool sees = j >= 0 && j < sk;
                sees = sees && (drawn.window[0] < 0 || j >= i + sk - sq - drawn.window[0]);
                sees = sees && (drawn.causal || drawn.window[1] < 0 || j <= i + sk - sq + drawn.window[1]);
                sees = sees && (!drawn.causal || j <= i + sk - sq);
                RC_ASSERT(mask->contains(drawn.q[d] + i, key) == sees);
            }
        }
    }
}

// However the documents and the window were chosen, some choice is found that means the same.
RC_GTEST_PROP(VarlenProperty, FindsDocumentsAndWindowAgain, ()) {
    const VarlenCase drawn = drawn_case();
    const auto mask = read(varlen(drawn.q, drawn.k, drawn.causal, drawn.window));
    RC_ASSERT(cells_of(*read(write(*mask))) == cells_of(*mask));
}

TEST(Varlen, WritesWhatAUserWouldWrite) {
    const Numbers documents{0, 100, 300, 600};
    const MaskDomain domain{600, 600, documents};
    const MaskArrays causal = write(*compiled_mask(R"({"and": [{"causal": {}}, {"documents": {}}]})", domain));
    EXPECT_EQ(numbers_of(causal, "cu_seqlens_q"), documents);
    EXPECT_EQ(numbers_of(causal, "cu_seqlens_k"), documents);
    EXPECT_EQ(std::get<bool>(causal.scalars.at("causal")), true);
    EXPECT_EQ(std::get<Numbers>(causal.scalars.at("window_size")), (Numbers{-1, 0}));

    const MaskArrays window = write(
        *compiled_mask(R"({"and": [{"window": {"left": 16, "right": 8}}, {"documents": {}}]})", domain), documents);
    EXPECT_EQ(numbers_of(window, "cu_seqlens_q"), documents);
    EXPECT_EQ(std::get<bool>(window.scalars.at("causal")), false);
    EXPECT_EQ(std::get<Numbers>(window.scalars.at("window_size")), (Numbers{16, 8}));

    const MaskArrays cached = write(*compiled_mask(R"({"causal": {}})", {4, 100, {}}));
    EXPECT_EQ(numbers_of(cached, "cu_seqlens_q"), (Numbers{0, 4}));
    EXPECT_EQ(numbers_of(cached, "cu_seqlens_k"), (Numbers{0, 100}));
}

TEST(Varlen, RefusesOtherMasksWithTheFirstQueryThatDiffers) {
    expect_error(
        ErrorKind::bad_input,
        {"mask: query 1, which sees the keys 0 to 4, is not what the format varlen can hold",
         "left from 0 and right 4"},
        [] {
            (void)write(*compiled_mask(R"({"or": [{"causal": {}}, {"prefix": {"tokens": 5}}]})", {16, 16, {}}));
        });
    expect_error(
        ErrorKind::bad_input, {"mask: query 10, which sees 2 separate ranges of keys,", "one range of keys"}, [] {
            (void)write(*compiled_mask(
                R"({"and": [{"causal": {}}, {"or": [{"window": {"left": 4, "right": 0}}, {"sink": {"tokens": 5}}]}]})",
                {16, 16, {}}));
        });
}

TEST(Varlen, RefusesListsThatAreNoCumulativeLengths) {
    expect_error(ErrorKind::bad_input, {"cu_seqlens_q[0]: 1 is out of range"}, [] {
        (void)read(varlen({1, 4}, {0, 4}, true, {-1, -1}));
    });
    expect_error(ErrorKind::bad_input, {"cu_seqlens_k[2]: 2 is out of range", "from 3 to 4"}, [] {
        (void)read(varlen({0, 3, 3, 4}, {0, 3, 2, 4}, true, {-1, -1}));
    });
    expect_error(ErrorKind::bad_input, {"cu_seqlens_k: 2 numbers are not as many as in cu_seqlens_q"}, [] {
        (void)read(varlen({0, 3, 4}, {0, 4}, true, {-1, -1}));
    });
    expect_error(ErrorKind::bad_input, {"window_size: -2 is out of range"}, [] {
        (void)read(varlen({0, 4}, {0, 4}, true, {-2, -1}));
    });
    expect_error(ErrorKind::bad_input, {"window_size: something else is not a pair"}, [] {
        (void)read(varlen({0, 4}, {0, 4}, true, {3}));
    });
    expect_error(ErrorKind::bad_input, {"cu_seqlens_q: 3 in all do not fill the mask"}, [] {
        MaskArrays arrays = varlen({0, 3}, {0, 4}, true, {-1, -1});
        arrays.query_tokens = 4;
        (void)read(arrays);
    });
}

}  // namespace
}  // namespace longscope
