// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/worker/message.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include <limits>

#include "tests/support/expect_error.h"
#include "tests/support/sample_run.h"

namespace longscope {
namespace {

// As it travels: one line of text.
Json travelled(const Json& message) {
    const std::string line = shown(message);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    return parse_json(line, "line");
}

message::Repetition sample() {
    message::Repetition repetition{3,        sample_repetition(2, true, 5), {{}, {12, 345, 67, 1200, 4000}}, 1000, 0,
                                   5'001'000};
    for (RankResult& rank : repetition.record.ranks) {
        // The supervisor works the times out from the events, and counts what was dropped.
        rank.computing_ns = rank.exposed_communication_ns = rank.waiting_ns = rank.other_ns = 0;
        rank.dropped_events = 0;
    }
    return repetition;
}

TEST(Message, DrawsComeBackAsTheyWere) {
    const message::Draw draw{sample_draw(1), {R"({"operations":[]})", "a \"text\"\nof two lines"}};
    const message::Draw read = message::read_draw(travelled(message::draw(draw)));
    EXPECT_EQ(read.record, draw.record);
    EXPECT_EQ(read.schedules, draw.schedules);
}

TEST(Message, RepetitionsComeBackAsTheyWere) {
    const message::Repetition repetition = sample();
    const message::Repetition read = message::read_repetition(travelled(message::repetition(repetition)));
    EXPECT_EQ(read.draw, 3);
    EXPECT_EQ(read.record, repetition.record);
    EXPECT_EQ(read.dropped, repetition.dropped);
    EXPECT_EQ(read.begin_ns, 1000);
    EXPECT_EQ(read.end_ns, 5'001'000);
}

TEST(Message, ClocksComeBackAsTheyWere) {
    EXPECT_EQ(message::read_clock(travelled(message::clock(2, {-250, 40}))), (ClockRecord{2, -250, 40}));
}

TEST(Message, InfiniteErrorsSurviveAndNanBecomesInfinite) {
    const double infinity = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double error : {2.5e-7, 0.0, infinity, nan}) {
        const message::Check check{1, {64, error, error, 1e-6, 1e-5, false}};
        const message::Check read = message::read_check(travelled(message::check(check)));
        EXPECT_EQ(read.draw, 1);
        EXPECT_EQ(read.record.rows, 64);
        EXPECT_EQ(read.record.output_relative_error, std::isfinite(error) ? error : infinity);
        EXPECT_EQ(read.record.lse_absolute_error, std::isfinite(error) ? error : infinity);
        EXPECT_EQ(read.record.output_limit, 1e-6);
        EXPECT_EQ(read.record.lse_limit, 1e-5);
        EXPECT_FALSE(read.record.passed);
    }
}

TEST(Message, ARepetitionSpansFromTheFirstBeginToTheLastEndOfItsRanks) {
    message::Repetition repetition;
    const RepetitionRecord ranks = sample().record;
    message::add_rank_part(travelled(message::rank_part(ranks.ranks[0], {ranks.events[0]}, {}, {200, 500, 900})),
                           repetition);
    EXPECT_EQ(repetition.record.duration_ns, 700);
    message::add_rank_part(
        travelled(message::rank_part(ranks.ranks[1], {ranks.events[2]}, {7, 1, 2, 160, 800}, {150, 510, 850})),
        repetition);
    EXPECT_EQ(repetition.begin_ns, 150);
    EXPECT_EQ(repetition.end_ns, 900);
    EXPECT_EQ(repetition.record.duration_ns, 750);
    EXPECT_EQ(repetition.record.backward_ns, std::nullopt);
    EXPECT_EQ(repetition.record.ranks, ranks.ranks);
    EXPECT_EQ(repetition.dropped, (std::vector<DroppedEvents>{{}, {7, 1, 2, 160, 800}}));
    EXPECT_EQ(repetition.record.events, (std::vector<TraceEvent>{ranks.events[0], ranks.events[2]}));
}

TEST(Message, TheBackwardPassTakesTheTimeAfterTheLastRanksForwardPass) {
    message::Repetition repetition;
    repetition.record.backward_ns = 0;
    const RepetitionRecord ranks = sample().record;
    for (const message::PartTimes times : {message::PartTimes{200, 500, 900}, {150, 510, 850}}) {
        const RankResult& rank = ranks.ranks[repetition.record.ranks.size()];
        message::add_rank_part(travelled(message::rank_part(rank, {}, {}, times)), repetition);
    }
    EXPECT_EQ(repetition.record.duration_ns, 750);
    EXPECT_EQ(repetition.record.backward_ns, 900 - 510);
    const message::Repetition read = message::read_repetition(travelled(message::repetition(repetition)));
    EXPECT_EQ(read.record.backward_ns, 900 - 510);
}

TEST(Message, ErrorsOfGradientsComeBackWhereThereAreGradients) {
    const double infinity = std::numeric_limits<double>::infinity();
    const message::Check check{1, {64, 1e-7, 1e-7, 1e-6, 1e-5, false, 2e-7, infinity, 4e-7, 3e-6}};
    EXPECT_EQ(message::read_check(travelled(message::check(check))).record, check.record);
    const message::Check forward{1, {64, 1e-7, 1e-7, 1e-6, 1e-5, true}};
    EXPECT_EQ(message::read_check(travelled(message::check(forward))).record, forward.record);
}

// Every field in turn is taken away, then replaced by something of another type.
template <typename Read>
void expect_every_field_matters(const Json& message, Read read) {
    const std::vector<std::string> damaged{"a message of a worker is damaged"};
    for (const auto& [name, value] : message.items()) {
        if (name == "type") {
            continue;
        }
        SCOPED_TRACE(message.at("type").get<std::string>() + "." + name);
        Json without = message;
        without.erase(name);
        expect_error(ErrorKind::failed, damaged, [&] { read(without); });
        Json other = message;
        other[name] = Json::object({{"x", "y"}});
        expect_error(ErrorKind::failed, damaged, [&] { read(other); });
    }
    for (const char* text : {"[]", "5", "null", R"("text")", "{}"}) {
        expect_error(ErrorKind::failed, damaged, [&] { read(parse_json(text, "test")); });
    }
}

TEST(Message, DamagedMessagesAreRefused) {
    expect_every_field_matters(message::draw({sample_draw(0), {"{}"}}), message::read_draw);
    expect_every_field_matters(message::repetition(sample()), message::read_repetition);
    expect_every_field_matters(message::check({0, {64, 1e-7, 1e-7, 1e-6, 1e-5, true}}), message::read_check);
    expect_every_field_matters(message::failed({1, "out of memory", "no room"}), message::read_failed);
    expect_every_field_matters(message::clock(1, {2, 3}), message::read_clock);
}

TEST(Message, NumbersThatNoWorkerSendsAreRefused) {
    const Json good = message::repetition(sample());
    for (const Json& number : {Json(INT64_MAX), Json(INT64_MIN), Json(UINT64_MAX), Json(1e300), Json(0.5)}) {
        for (const char* place : {"/begin_ns", "/end_ns", "/draw", "/events/0/3", "/events/0/4", "/events/0/0",
                                  "/events/0/9", "/ranks/0/pairs", "/dropped/0/2"}) {
            Json bad = good;
            bad[Json::json_pointer(place)] = number;
            expect_error(ErrorKind::failed, {"a message of a worker is damaged"},
                         [&] { (void)message::read_repetition(bad); });
        }
    }
}

TEST(Message, DamagedEventsAreRefused) {
    const Json good = message::repetition(sample());
    Json bad = good;
    bad["events"][0] = Json::array({0, "compute"});
    expect_error(ErrorKind::failed, {"damaged"}, [&] { (void)message::read_repetition(bad); });
    bad = good;
    bad["events"][0][1] = "sideways";
    expect_error(ErrorKind::failed, {"sideways"}, [&] { (void)message::read_repetition(bad); });
}

}  // namespace
}  // namespace longscope
