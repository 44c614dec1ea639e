// SPDX-License-Identifier: GPL-3.0-or-later
// Areas of common masks at lengths where no cell can be visited, against their closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "engine/base/random.h"
#include "tests/support/compiled_mask.h"

namespace longscope {
namespace {

std::int64_t area(std::string_view expression, const MaskDomain& domain) {
    return compiled_mask(expression, domain)->pairs();
}

// N (N + 1) / 2, of a triangle with its diagonal.
std::int64_t triangle(std::int64_t n) {
    return n * (n + 1) / 2;
}

class ClosedForms : public testing::TestWithParam<std::int64_t> {
  protected:
    [[nodiscard]] static std::int64_t n() { return GetParam(); }
    [[nodiscard]] static MaskDomain one_document() { return {n(), n(), {}}; }

    // Lengths from 1 to some thousands, the last one cut off.
    [[nodiscard]] static MaskDomain documents() {
        RandomStream random(7, static_cast<std::uint64_t>(n()));
        MaskDomain domain{n(), n(), {0}};
        while (domain.cu_seqlens.back() < n()) {
            const auto length = static_cast<std::int64_t>(1 + random.next_below(1 + random.next_below(8192)));
            domain.cu_seqlens.push_back(std::min(n(), domain.cu_seqlens.back() + length));
        }
        return domain;
    }

    template <typename Term>
    [[nodiscard]] static std::int64_t sum_over_documents(const MaskDomain& domain, Term term) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i + 1 < domain.cu_seqlens.size(); ++i) {
            sum += term(domain.cu_seqlens[i + 1] - domain.cu_seqlens[i]);
        }
        return sum;
    }
};

INSTANTIATE_TEST_SUITE_P(Lengths, ClosedForms, testing::Values(65'536, 1 << 20, 10'000'000));

TEST_P(ClosedForms, FullAndCausal) {
    EXPECT_EQ(area(R"({"full": {}})", one_document()), n() * n());
    EXPECT_EQ(area(R"({"causal": {}})", one_document()), triangle(n()));
    EXPECT_EQ(area(R"({"not": {"causal": {}}})", one_document()), triangle(n() - 1));
}

TEST_P(ClosedForms, CausalWithFewerQueriesThanKeysIsAlignedAtTheEnd) {
    const std::int64_t queries = n() / 3;
    EXPECT_EQ(area(R"({"causal": {}})", {queries, n(), {}}), queries * (n() - queries) + triangle(queries));
}

TEST_P(ClosedForms, Documents) {
    const MaskDomain domain = documents();
    EXPECT_EQ(area(R"({"documents": {}})", domain),
              sum_over_documents(domain, [](std::int64_t length) { return length * length; }));
    EXPECT_EQ(area(R"({"and": [{"causal": {}}, {"documents": {}}]})", domain), sum_over_documents(domain, triangle));
}

// Keys q - L to q + R.
TEST_P(ClosedForms, Window) {
    const std::int64_t left = 4096;
    const std::int64_t right = 1000;
    EXPECT_EQ(area(R"({"window": {"left": 4096, "right": 1000}})", one_document()),
              n() * (left + right + 1) - triangle(left) - triangle(right));
    EXPECT_EQ(area(R"({"and": [{"causal": {}}, {"window": {"left": 4096, "right": 1000}}]})", one_document()),
              n() * (left + 1) - triangle(left));
}

TEST_P(ClosedForms, WindowInsideDocuments) {
    const MaskDomain domain = documents();
    const std::int64_t left = 1024;
    EXPECT_EQ(area(R"({"and": [{"documents": {}}, {"window": {"left": 1024, "right": 0}}]})", domain),
              sum_over_documents(domain, [&](std::int64_t length) {
                  const std::int64_t cut = std::min(left, length - 1);
                  return length * (cut + 1) - triangle(cut);
              }));
}

TEST_P(ClosedForms, PrefixOfACausalMask) {
    const std::int64_t prefix = 1000;
    EXPECT_EQ(area(R"({"or": [{"causal": {}}, {"prefix": {"tokens": 1000}}]})", one_document()),
              triangle(n()) + triangle(prefix - 1));
}

// The sink adds to each query the keys of the first S that its window has left behind.
TEST_P(ClosedForms, SinkBesideACausalWindow) {
    const std::int64_t left = 4095;
    const std::int64_t sink = 4;
    const std::int64_t beyond = n() - 1 - left;  // queries whose window has left the first key behind
    EXPECT_EQ(area(R"({"or": [{"window": {"left": 4095, "right": 0}}, {"sink": {"tokens": 4}}]})", one_document()),
              n() * (left + 1) - triangle(left) + triangle(sink) + sink * (beyond - sink));
}

// The first document, seen causally by all later ones: with the packed causal mask, a shared question.
TEST_P(ClosedForms, SharedQuestion) {
    const MaskDomain domain = documents();
    const std::int64_t question = domain.cu_seqlens[1];
    const std::string expression = R"({"or": [{"and": [{"causal": {}}, {"documents": {}}]}, {"sink": {"tokens": )" +
                                   std::to_string(question) + "}}]}";
    EXPECT_EQ(area(expression, domain), sum_over_documents(domain, triangle) + question * (n() - question));
}

}  // namespace
}  // namespace longscope
