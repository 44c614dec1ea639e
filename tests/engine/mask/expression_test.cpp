// SPDX-License-Identifier: GPL-3.0-or-later
// Mask expressions as documents: what is written is what is read, and mistakes get one line that says what is accepted.
#include "engine/mask/expression.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "tests/support/brute_force_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

std::string all_names() {
    std::string names =
        "accepted: an object with one of the fields and, or, not, minus, per_heads, shift, crop, per_document, permute";
    for (const LeafEntry& entry : mask_leaves()) {
        names += ", " + std::string(entry.name);
    }
    return names;
}

const std::string accepted = all_names();

// The message with which parsing, or compiling over the domain, refuses the expression.
std::string refusal(std::string_view expression, const MaskDomain& domain = {64, 64, {}}) {
    try {
        (void)compiled_mask(expression, domain);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
        return error.what();
    }
    return "accepted";
}

RC_GTEST_PROP(MaskExpression, JsonIsReadAsItWasWritten, ()) {
    const MaskCase drawn = *mask_case(4);
    const MaskExpression parsed = parse_mask(drawn.expression, "mask");
    RC_ASSERT(to_json(parsed).dump() == drawn.expression.dump());
    const MaskExpression again = parse_mask(parse_json(to_json(parsed).dump(), "test"), "mask");
    const auto mask = compile_mask(again, drawn.domain);
    const BruteForceMask truth(drawn.expression, drawn.domain);
    for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
        for (std::int64_t key = 0; key < truth.key_tokens(); ++key) {
            RC_ASSERT(mask->contains(query, key) == truth.contains(query, key));
        }
    }
}

TEST(MaskExpression, RefusesWhatIsNoMask) {
    EXPECT_EQ(refusal("5"), "mask: 5 is not a mask; " + accepted);
    EXPECT_EQ(refusal("{}"), "mask: {} is not a mask; " + accepted);
    EXPECT_EQ(refusal(R"({"caussal": {}})"), "mask: caussal is not a mask; " + accepted);
    EXPECT_EQ(refusal(R"({"causal": {}, "documents": {}})"),
              R"(mask: {"causal":{},"documents":{}} is not a mask; )" + accepted);
    EXPECT_EQ(refusal(R"({"and": [{"causal": {}}, {"not": {"dilated": {}}}]})"),
              "mask.and[1].not: dilated is not a mask; " + accepted);
    EXPECT_EQ(refusal(R"({"not": [{"causal": {}}]})"), R"(mask.not: [{"causal":{}}] is not a mask; )" + accepted);
}

TEST(MaskExpression, RefusesListsThatAreEmptyOrNoLists) {
    EXPECT_EQ(refusal(R"({"and": []})"), "mask.and: [] is not a list of masks; accepted: a list of 1 to 64 masks");
    EXPECT_EQ(refusal(R"({"or": {"causal": {}}})"),
              R"(mask.or: {"causal":{}} is not a list of masks; accepted: a list of 1 to 64 masks)");
}

TEST(MaskExpression, RefusesListsThatAreTooLong) {
    Json leaf = Json::object();
    leaf["causal"] = Json::object();
    Json expression = Json::object();
    expression["or"] = std::vector<Json>(64, leaf);
    EXPECT_EQ(refusal(expression.dump()), "accepted");
    expression["or"].push_back(leaf);
    EXPECT_NE(refusal(expression.dump()).find("accepted: a list of 1 to 64 masks"), std::string::npos);
}

TEST(MaskExpression, RefusesMoreLeavesThanCanBeCompiledInShortTime) {
    const auto nested = [](int groups, int leaves) {
        Json group{{"or", Json::array()}};
        for (int i = 0; i < leaves; ++i) {
            group["or"].push_back({{"causal", Json::object()}});
        }
        Json mask{{"and", Json::array()}};
        for (int i = 0; i < groups; ++i) {
            mask["and"].push_back(group);
        }
        return mask.dump();
    };
    EXPECT_EQ(refusal(nested(4, 64)), "accepted");
    EXPECT_EQ(refusal(nested(5, 64)), "mask: a mask of 320 leaves is too large; accepted: at most 256 leaves");
}

// Every leaf of documents has a zone for each of them.
TEST(MaskExpression, RefusesMoreZonesThanFitInMemory) {
    constexpr std::int64_t documents = std::int64_t{1} << 18;
    MaskDomain domain{documents, documents, {}};
    for (std::int64_t i = 0; i <= documents; ++i) {
        domain.cu_seqlens.push_back(i);
    }
    Json mask{{"and", Json::array()}};
    for (int i = 0; i < 33; ++i) {
        mask["and"].push_back({{"documents", Json::object()}});
    }
    EXPECT_EQ(refusal(mask.dump(), domain),
              "mask.and[32]: a mask of more than 8,388,608 zones is too large; accepted: fewer documents, or fewer "
              "leaves that hold them");
}

TEST(MaskExpression, RefusesFieldsThatAreUnknownMissingOrOfTheWrongKind) {
    EXPECT_EQ(refusal(R"({"causal": 1})"), "mask.causal: 1 is not an object; accepted: a JSON object {...}");
    EXPECT_EQ(refusal(R"({"window": {"left": 3}})"),
              "mask.window.right: is missing; accepted: an integer from 0 to 1073741824");
    EXPECT_EQ(refusal(R"({"window": {"left": 1.0, "right": 0}})"),
              "mask.window.left: 1.0 is not an integer; accepted: an integer from 0 to 1073741824");
    EXPECT_EQ(refusal(R"({"window": {"left": -1, "right": 0}})"),
              "mask.window.left: -1 is too small; accepted: an integer from 0 to 1073741824");
    EXPECT_EQ(refusal(R"({"window": {"left": 1, "right": 18446744073709551615}})"),
              "mask.window.right: 18446744073709551615 is too large; accepted: an integer from 0 to 1073741824");
    EXPECT_EQ(refusal(R"({"window": {"left": 1, "right": 0, "size": 4}})"),
              "mask.window.size: 4 is an unknown field; accepted: left, right");
}

TEST(MaskExpression, RefusesFieldsOfLeavesThatHaveNone) {
    for (const std::string name : {"full", "causal", "documents"}) {
        EXPECT_EQ(refusal(R"({")" + name + R"(": {"width": 4}})"),
                  "mask." + name + ".width: 4 is an unknown field; accepted: no fields");
    }
}

TEST(MaskExpression, RefusesWindowsLargerThanTheSequence) {
    EXPECT_EQ(refusal(R"({"window": {"left": 63, "right": 63}})"), "accepted");
    EXPECT_EQ(refusal(R"({"window": {"left": 64, "right": 0}})"),
              "mask.window.left: 64 is larger than the sequence; accepted: an integer from 0 to 63");
    EXPECT_EQ(refusal(R"({"or": [{"causal": {}}, {"window": {"left": 0, "right": 70000}}]})"),
              "mask.or[1].window.right: 70000 is larger than the sequence; accepted: an integer from 0 to 63");
}

TEST(MaskExpression, RefusesPrefixesAndSinksThatAreEmptyOrLargerThanTheSequence) {
    for (const std::string name : {"prefix", "sink"}) {
        const auto of = [&](std::string_view count) {
            return refusal(fmt::format(R"({{"{}": {{"tokens": {}}}}})", name, count), {32, 64, {}});
        };
        EXPECT_EQ(of("64"), "accepted");
        EXPECT_EQ(of("65"),
                  "mask." + name + ".tokens: 65 is larger than the sequence; accepted: an integer from 1 to 64");
        EXPECT_EQ(of("0"), "mask." + name + ".tokens: 0 is too small; accepted: an integer from 1 to 1073741824");
    }
}

TEST(MaskExpression, RefusesDocumentsOfDifferentQueriesAndKeys) {
    EXPECT_EQ(refusal(R"({"not": {"documents": {}}})", {32, 64, {}}),
              "mask.not.documents: 32 queries and 64 keys do not hold the same documents; accepted: as many queries as "
              "keys");
}

}  // namespace
}  // namespace longscope
