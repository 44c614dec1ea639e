// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/variation.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "tests/support/expect_error.h"

namespace longscope {
namespace {

VariedField parsed(const std::string& text) {
    return parse_varied_field(text, "--vary");
}

Json values(const std::string& text) {
    return parsed("f=" + text).values;
}

Json list(const std::string& text) {
    return parse_json(text, "expected");
}

TEST(Variation, ValuesAreNumbersWordsAndJson) {
    EXPECT_EQ(parsed("layout.ranks=1,2,4").field, "layout.ranks");
    EXPECT_EQ(values("1,2,4"), list("[1, 2, 4]"));
    EXPECT_EQ(values("cpu,reference"), list(R"(["cpu", "reference"])"));
    EXPECT_EQ(values("true,null,1.5,-3"), list("[true, null, 1.5, -3]"));
    EXPECT_EQ(values(R"({"causal":{}},{"and":[{"full":{}},{"window":{"left":4,"right":0}}]})"),
              list(R"([{"causal":{}}, {"and":[{"full":{}},{"window":{"left":4,"right":0}}]}])"));
    EXPECT_EQ(values(R"([1,2],[3])"), list("[[1,2],[3]]"));
    EXPECT_EQ(values(R"("a,b","c\",d")"), list(R"(["a,b", "c\",d"])"));
    EXPECT_EQ(values("../lengths/a=b.json"), list(R"(["../lengths/a=b.json"])"));
    EXPECT_EQ(values("007"), list(R"(["007"])"));
}

TEST(Variation, RangesOfIntegersEndAtTheirLastValueOrBefore) {
    EXPECT_EQ(values("1..4"), list("[1, 2, 3, 4]"));
    EXPECT_EQ(values("1..8*2"), list("[1, 2, 4, 8]"));
    EXPECT_EQ(values("1..9*2"), list("[1, 2, 4, 8]"));
    EXPECT_EQ(values("0..10+4"), list("[0, 4, 8]"));
    EXPECT_EQ(values("-2..2+2,7"), list("[-2, 0, 2, 7]"));
    EXPECT_EQ(values("5..5"), list("[5]"));
    EXPECT_EQ(values("9223372036854775806..9223372036854775807"), list("[9223372036854775806, 9223372036854775807]"));
    EXPECT_EQ(values("4611686018427387904..9223372036854775807*2"), list("[4611686018427387904]"));
}

TEST(Variation, WhatIsWrongIsSaidWithTheField) {
    const auto expect_refused = [](const std::string& text, const std::string& part) {
        expect_error(ErrorKind::bad_input, {"--vary", part}, [&] { (void)parsed(text); });
    };
    expect_refused("layout.ranks", "layout.ranks names no values; accepted: FIELD=VALUE,VALUE,...");
    expect_refused("=1", "names no values");
    expect_refused("f=", "--vary f:  holds an empty value");
    expect_refused("f=1,,2", "--vary f: 1,,2 holds an empty value");
    expect_refused("f=1,2,1", "--vary f: 1 stands twice");
    expect_refused("f=1..4,3", "--vary f: 3 stands twice");
    expect_refused("f=4..1", "--vary f: 4..1 is not a range; accepted: as 1..4");
    for (const char* range : {"1..8*1", "0..8*2", "1..8+0", "1..8/2", "1..8*", "1..8*2x"}) {
        expect_refused(std::string("f=") + range, "is not a range");
    }
    expect_refused("f=1..1000000000", "holds too many values; accepted: at most 10000");
    expect_refused(R"(f={"a":1)", "is not valid JSON");
    expect_refused(R"(f={"a":1,"a":2})", "stands twice in one object");
}

TEST(Variation, CombinationsAreAllOfThemTheLastFieldFirst) {
    const std::vector<Axis> axes{axis_of(parsed("a.b=1,2")), axis_of(parsed("c=x,{\"y\":1}"))};
    std::vector<std::string> texts;
    for (const GridPoint& point : points_of(axes, "--vary")) {
        texts.push_back(to_text(point.changes));
        EXPECT_EQ(to_text(point.names), to_text(point.changes));
    }
    EXPECT_EQ(texts, (std::vector<std::string>{"a.b=1 c=x", "a.b=1 c={\"y\":1}", "a.b=2 c=x", "a.b=2 c={\"y\":1}"}));
    EXPECT_EQ(points_of({}, "--vary").size(), 1U);
    expect_error(ErrorKind::bad_input, {"--vary: a is varied twice"}, [] {
        (void)points_of({axis_of(parsed("a=1")), axis_of(parsed("a=2"))}, "--vary");
    });
    expect_error(ErrorKind::bad_input, {"--vary: b makes the combinations too many; accepted: at most 10000"}, [] {
        (void)points_of({axis_of(parsed("a=1..1000")), axis_of(parsed("b=1..11"))}, "--vary");
    });
}

TEST(Variation, ACaseMaySetSeveralFieldsUnderOneName) {
    const Axis strategies{"strategy",
                          {{"zigzag ring", {{"layout.strategy", "ring"}, {"layout.dispatch", "zigzag"}}},
                           {"ulysses", {{"layout.strategy", "ulysses"}}}}};
    const std::vector<GridPoint> points = points_of({strategies, axis_of(parsed("layout.ranks=2,4"))}, "--vary");
    ASSERT_EQ(points.size(), 4U);
    EXPECT_EQ(to_text(points[1].names), "strategy=zigzag ring layout.ranks=4");
    EXPECT_EQ(to_text(points[1].changes), "layout.strategy=ring layout.dispatch=zigzag layout.ranks=4");
    expect_error(ErrorKind::bad_input, {"--vary: layout.dispatch is varied twice"}, [&] {
        (void)points_of({strategies, axis_of(parsed("layout.dispatch=zigzag,striped"))}, "--vary");
    });
}

RC_GTEST_PROP(VariationProperty, TheGridHoldsEveryCombinationOnce, ()) {
    const auto sizes = *rc::gen::resize(4, rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 5)));
    std::vector<Axis> axes;
    std::size_t expected = 1;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        axes.push_back(axis_of(parsed("f" + std::to_string(i) + "=1.." + std::to_string(sizes[i]))));
        expected *= static_cast<std::size_t>(sizes[i]);
    }
    std::set<std::string> texts;
    for (const GridPoint& point : points_of(axes, "--vary")) {
        RC_ASSERT(point.changes.size() == axes.size());
        texts.insert(to_text(point.changes));
    }
    RC_ASSERT(texts.size() == expected);
}

}  // namespace
}  // namespace longscope
