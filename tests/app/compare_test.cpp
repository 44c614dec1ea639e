// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/headless/fail_condition.h"
#include "storage/run_comparison.h"
#include "storage/run_statistics.h"
#include "tests/support/fixture_database.h"
#include "tests/support/message_of.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

TEST(Differences, AreNamedByTheirPathAndNothingElseIs) {
    const Json a =
        parse_json(R"({"x": 1, "layout": {"ranks": 2, "strategy": "ring"}, "list": [1, 2], "gone": true})", "a");
    const Json b =
        parse_json(R"({"x": 1, "layout": {"ranks": 4, "strategy": "ring"}, "list": [1, 3], "new": {"y": 0}})", "b");
    std::vector<std::string> found;
    for (const Difference& difference : differences(a, b)) {
        found.push_back(difference.path + " " + difference.a + " " + difference.b);
    }
    EXPECT_EQ(found, (std::vector<std::string>{"layout.ranks 2 4", "list [1,2] [1,3]", "gone true null",
                                               R"(new null {"y":0})"}));
    EXPECT_TRUE(differences(a, a).empty());
}

TEST(Conditions, AreRatiosOrFiguresOfTheSecondRun) {
    const Figure a{90, 100, 110};
    const Figure b{100, 106, 120};
    EXPECT_TRUE(FailCondition("time > 1.05x").holds(a, b));
    EXPECT_FALSE(FailCondition("time > 1.06x").holds(a, b));
    EXPECT_TRUE(FailCondition("time>=1.06x").holds(a, b));
    EXPECT_FALSE(FailCondition("time < 1x").holds(a, b));
    EXPECT_TRUE(FailCondition("  time  >  105 ns ").holds(a, b));
    EXPECT_FALSE(FailCondition("time > 1us").holds(a, b));
    EXPECT_TRUE(FailCondition("memory > 0.1 KiB").holds(a, b));
    EXPECT_TRUE(FailCondition("error < 1e3").holds(a, b));
    const double unknown = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW((void)FailCondition("rate < 1x").holds({unknown, unknown, unknown}, b), Error);
}

TEST(Conditions, ThatAreNoneAreRefusedWithWhatIsAccepted) {
    for (const char* text : {"", "time", "time > ", "time > 1.05 x y", "speed > 1x", "time => 1x", "time > -1x",
                             "time > 1e999x", "time > 5 parsec", "time > 1x; rm"}) {
        const std::string message = message_of([&] { (void)FailCondition(text); });
        EXPECT_NE(message.find("is not a condition; accepted: METRIC > NUMBERx"), std::string::npos) << message;
        EXPECT_NE(message.find("metrics: time, rate, "), std::string::npos);
    }
}

TEST(Ratios, SpanFromOneQuartileToTheOther) {
    const Figure r = ratio({8, 10, 12}, {18, 20, 24});
    EXPECT_DOUBLE_EQ(r.low, 18.0 / 12);
    EXPECT_DOUBLE_EQ(r.middle, 2.0);
    EXPECT_DOUBLE_EQ(r.high, 3.0);
}

StoredDraw draw_of(std::int64_t index, double flops, const std::vector<Nanoseconds>& durations_ns) {
    StoredDraw draw;
    draw.record.index = index;
    draw.record.flops = flops;
    for (const Nanoseconds duration_ns : durations_ns) {
        RepetitionRecord repetition;
        repetition.duration_ns = duration_ns;
        repetition.ranks = {{0, 4, 4, duration_ns, 0, 0, 0, 0, 100, 1, 0}};
        draw.repetitions.push_back({1, repetition, 0});
    }
    return draw;
}

// A run of more draws is no slower for that, and every place says the same of it.
TEST(Metrics, AreMeansOverTheDraws) {
    StoredRun one;
    one.draws = {draw_of(0, 2e3, {100, 200, 300})};
    StoredRun three = one;
    three.draws.push_back(draw_of(1, 4e3, {350, 400, 450}));
    three.draws.push_back(draw_of(2, 6e3, {600}));
    StoredRun stopped = one;
    stopped.draws.push_back(draw_of(1, 4e3, {}));
    const auto figure = [](std::string_view name, const StoredRun& run) {
        for (const Metric& metric : metrics()) {
            if (metric.name == name) {
                return metric.of(run).middle;
            }
        }
        return std::numeric_limits<double>::quiet_NaN();
    };
    EXPECT_DOUBLE_EQ(figure("time", one), 200);
    EXPECT_DOUBLE_EQ(figure("time", three), 400);
    EXPECT_DOUBLE_EQ(figure("rate", three), 12e3 * 1e9 / 1200);
    EXPECT_DOUBLE_EQ(figure("bytes", three), 100);
    EXPECT_DOUBLE_EQ(figure("computing", three), (200 + 400 + 600) / 3.0);
    for (const StoredRun& run : {one, three, stopped}) {
        EXPECT_DOUBLE_EQ(figure("time", run), figures_of(run).median_ns) << "as the results have it";
        EXPECT_DOUBLE_EQ(figure("rate", run), figures_of(run).flops_per_s);
    }
    EXPECT_EQ(measured_draws(stopped), 1U);
}

class CompareVerb : public testing::Test {
  protected:
    CompareVerb() { make_fixture_database(file()); }
    [[nodiscard]] std::string file() const { return (folder_.path() / "r.db").string(); }
    [[nodiscard]] EngineRun compare(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "compare");
        return run_engine(arguments);
    }
    TemporaryFolder folder_;
};

TEST_F(CompareVerb, ShowsWhatDiffersAndTheRatios) {
    const EngineRun text = compare({"1", "2", "--db", file()});
    EXPECT_EQ(text.code, exit_done) << text.error;
    EXPECT_NE(text.out.find("layout.ranks"), std::string::npos) << text.out;
    EXPECT_EQ(text.out.find("layout.strategy"), std::string::npos) << "is the same";
    const EngineRun run = compare({file() + ":1", file() + ":2", "--json"});
    const Json json = parse_json(run.out, "compare");
    ASSERT_EQ(json.at("differences").size(), 1U) << run.out;
    EXPECT_EQ(json.at("differences")[0], (Json{{"path", "layout.ranks"}, {"a", 2}, {"b", 3}}));
    // Two ranks get each other's half of 96 tokens in both draws; three ranks get two thirds each.
    EXPECT_DOUBLE_EQ(json.at("metrics").at("bytes").at("ratio").get<double>(), 2.0);
    const Json& time = json.at("metrics").at("time");
    EXPECT_LE(time.at("ratio_low").get<double>(), time.at("ratio").get<double>());
    EXPECT_GE(time.at("ratio_high").get<double>(), time.at("ratio").get<double>());
}

TEST_F(CompareVerb, ARunEqualsItself) {
    const EngineRun text = compare({"1", "1", "--db", file(), "--fail-if", "time > 1x", "--fail-if", "bytes < 1x"});
    EXPECT_EQ(text.code, exit_done) << text.error;
    EXPECT_NE(text.out.find("Configured alike."), std::string::npos);
}

TEST_F(CompareVerb, AConditionThatHoldsFailsAndIsNamed) {
    const EngineRun run = compare({"1", "2", "--db", file(), "--fail-if", "bytes > 1.5x"});
    EXPECT_EQ(run.code, exit_failed);
    EXPECT_EQ(run.error, "longscope-engine: 'bytes > 1.5x' holds\n");
    EXPECT_EQ(compare({"1", "2", "--db", file(), "--fail-if", "bytes >> 2"}).code, exit_bad_input);
    EXPECT_EQ(compare({"1", "9", "--db", file()}).code, exit_bad_input);
}

}  // namespace
}  // namespace longscope
