// SPDX-License-Identifier: GPL-3.0-or-later
// What viewers insist on, checked on traces of random runs: names for every track, times from zero on, strict nesting
// on a track, arrows with two ends inside their slices, and nothing lost or changed.
#include "profiler/chrome_trace.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "engine/base/error.h"

namespace longscope {
namespace {

struct Written {
    std::string text;
    Json json;
    ChromeTraceReport report;
};

Written written(const Trace& trace, const ChromeTraceOptions& options = {}) {
    std::ostringstream out;
    Written result;
    result.report = write_chrome_trace(trace, options, out);
    result.text = out.str();
    result.json = parse_json(result.text, "trace");
    return result;
}

// Streams of every rank, each in order; every send has its receive somewhere, on a clock that may be off.
Trace random_trace() {
    Trace trace;
    trace.ranks = *rc::gen::inRange(1, 6);
    for (std::int32_t rank = 0; rank < trace.ranks; ++rank) {
        for (const Stream stream : {Stream::compute, Stream::send, Stream::receive, Stream::device_compute}) {
            Nanoseconds now = *rc::gen::inRange<Nanoseconds>(1'000'000'000'000, 1'000'000'010'000);
            const auto count = *rc::gen::inRange(0, 8);
            for (int i = 0; i < count; ++i) {
                TraceEvent event;
                event.rank = rank;
                event.stream = stream;
                event.start_ns = now + *rc::gen::inRange<Nanoseconds>(0, 2000);
                event.duration_ns = *rc::gen::inRange<Nanoseconds>(0, 5000);
                now = event.end_ns();
                event.operation = i;
                event.step = i / 2;
                if (stream == Stream::compute) {
                    event.category =
                        *rc::gen::element(Category::attend, Category::merge, Category::wait, Category::copy);
                    event.flops = event.category == Category::attend ? 1.5e9 : 0;
                } else if (is_of_device(stream)) {
                    event.category = *rc::gen::element(Category::pack, Category::kernel);
                    event.bytes = 4096;
                } else {
                    event.category = stream == Stream::send ? Category::send : Category::receive;
                    event.bytes = *rc::gen::inRange(0, 1 << 20);
                    // Two events of one flow at most: a send of one rank, a receive of another.
                    event.flow = stream == Stream::send ? rank * 100 + i : ((rank + 1) % trace.ranks) * 100 + i;
                }
                trace.events.push_back(event);
            }
        }
    }
    return trace;
}

std::vector<Json> of_phase(const Json& json, const std::string& phase) {
    std::vector<Json> events;
    for (const Json& event : json.at("traceEvents")) {
        if (event.at("ph") == phase) {
            events.push_back(event);
        }
    }
    return events;
}

// Microseconds with three decimals are exact in nanoseconds.
Nanoseconds ns(const Json& microseconds) {
    return std::llround(microseconds.get<double>() * 1000);
}

using Track = std::pair<std::int64_t, std::int64_t>;
Track track_of(const Json& event) {
    return {event.at("pid").get<std::int64_t>(), event.at("tid").get<std::int64_t>()};
}

RC_GTEST_PROP(ChromeTrace, HoldsEveryEventExactly, ()) {
    const Trace trace = random_trace();
    const Written file = written(trace);
    Nanoseconds origin = std::numeric_limits<Nanoseconds>::max();
    for (const TraceEvent& event : trace.events) {
        origin = std::min(origin, event.start_ns);
    }
    std::multiset<std::string> expected;
    for (const TraceEvent& e : trace.events) {
        expected.insert(std::to_string(e.rank) + " " + std::string(to_string(e.category)) + " " +
                        std::to_string(e.start_ns - origin) + " " + std::to_string(e.duration_ns) + " " +
                        std::to_string(e.bytes) + " " + std::to_string(e.operation) + " " + std::to_string(e.step) +
                        " " + std::to_string(e.flow));
    }
    std::multiset<std::string> found;
    for (const Json& e : of_phase(file.json, "X")) {
        const Json& args = e.at("args");
        found.insert(std::to_string(e.at("pid").get<int>()) + " " + e.at("name").get<std::string>() + " " +
                     std::to_string(ns(e.at("ts"))) + " " + std::to_string(ns(e.at("dur"))) + " " +
                     std::to_string(args.value("bytes", 0)) + " " + std::to_string(args.at("operation").get<int>()) +
                     " " + std::to_string(args.at("step").get<int>()) + " " + std::to_string(args.value("flow", -1)));
    }
    RC_ASSERT(found == expected);
    RC_ASSERT(file.report.events == static_cast<std::int64_t>(trace.events.size()));
    RC_ASSERT(file.report.dropped_events == 0);
}

RC_GTEST_PROP(ChromeTrace, EveryTrackHasANameAndItsSlicesFollowOneAnother, ()) {
    const Written file = written(random_trace());
    std::set<std::int64_t> processes;
    std::set<Track> threads;
    for (const Json& name : of_phase(file.json, "M")) {
        if (name.at("name") == "process_name") {
            RC_ASSERT(processes.insert(name.at("pid").get<std::int64_t>()).second);
        } else if (name.at("name") == "thread_name") {
            RC_ASSERT(threads.insert(track_of(name)).second);
        }
    }
    std::map<Track, Nanoseconds> ends;
    for (const Json& event : of_phase(file.json, "X")) {
        const Track track = track_of(event);
        RC_ASSERT(processes.count(track.first) == 1U);
        RC_ASSERT(threads.count(track) == 1U);
        RC_ASSERT(ns(event.at("ts")) >= ends[track]);
        ends[track] = ns(event.at("ts")) + ns(event.at("dur"));
    }
}

RC_GTEST_PROP(ChromeTrace, ArrowsHaveTwoEndsInsideTheirSlicesAndDoNotGoBack, ()) {
    const Trace trace = random_trace();
    const Written file = written(trace);
    std::map<std::int64_t, Json> begins;
    std::map<std::int64_t, Json> ends;
    for (const Json& event : of_phase(file.json, "s")) {
        RC_ASSERT(begins.emplace(event.at("id").get<std::int64_t>(), event).second);
    }
    for (const Json& event : of_phase(file.json, "f")) {
        RC_ASSERT(ends.emplace(event.at("id").get<std::int64_t>(), event).second);
        RC_ASSERT(event.at("bp") == "e");
    }
    RC_ASSERT(begins.size() == ends.size());
    RC_ASSERT(static_cast<std::int64_t>(ends.size()) == file.report.arrows);
    const auto inside_a_slice = [&](const Json& end) {
        for (const Json& slice : of_phase(file.json, "X")) {
            if (track_of(slice) == track_of(end) && ns(slice.at("ts")) <= ns(end.at("ts")) &&
                ns(end.at("ts")) <= ns(slice.at("ts")) + ns(slice.at("dur")) &&
                slice.at("args").value("flow", -1) == end.at("id")) {
                return true;
            }
        }
        return false;
    };
    for (const auto& [flow, begin] : begins) {
        RC_ASSERT(ends.count(flow) == 1U);
        RC_ASSERT(ns(ends.at(flow).at("ts")) >= ns(begin.at("ts")));
        RC_ASSERT(inside_a_slice(begin));
        RC_ASSERT(inside_a_slice(ends.at(flow)));
    }
    std::set<std::int64_t> flows;
    for (const TraceEvent& event : trace.events) {
        if (event.category == Category::send || event.category == Category::receive) {
            flows.insert(event.flow);
        }
    }
    RC_ASSERT(file.report.arrows + file.report.dropped_arrows == static_cast<std::int64_t>(flows.size()));
}

Trace small_trace() {
    return {2,
            {{0, Stream::compute, Category::attend, 1000, 5000, 0, 2e9, 3, -1, 0},
             {0, Stream::send, Category::send, 1500, 1000, 64, 0, 1, 7, 0},
             {1, Stream::receive, Category::receive, 1200, 2500, 64, 0, 2, 7, 0},
             {1, Stream::compute, Category::wait, 1300, 2400, 0, 0, 2, 7, 1},
             {1, Stream::compute, Category::copy, 4000, 10, 0, 0, 5, -1, 1},
             {1, Stream::receive, Category::collective, 5000, 100, 32, 0, 6, 9, 1}}};
}

TEST(ChromeTrace, KeepsTheLongestEventsAndSaysWhatItLeftOut) {
    ChromeTraceOptions options;
    options.max_events = 4;
    const Written file = written(small_trace(), options);
    EXPECT_EQ(file.report.events, 4);
    EXPECT_EQ(file.report.dropped_events, 2);
    EXPECT_EQ(of_phase(file.json, "X").size(), 4U);
    EXPECT_EQ(file.json.at("droppedEvents"), 2);
    EXPECT_EQ(file.json.at("droppedEventsByRank"), Json({{"1", 2}}));
    for (const Json& event : of_phase(file.json, "X")) {
        EXPECT_GE(ns(event.at("dur")), 1000);
    }
}

TEST(ChromeTrace, EventsThatOverlapGetLanesOfTheirOwn) {
    const Trace trace{1,
                      {{0, Stream::send, Category::send, 0, 100, 1, 0, 0, 1, 0},
                       {0, Stream::send, Category::send, 50, 100, 1, 0, 1, 2, 0},
                       {0, Stream::send, Category::send, 100, 10, 1, 0, 2, 3, 0}}};
    const std::vector<Json> events = of_phase(written(trace).json, "X");
    ASSERT_EQ(events.size(), 3U);
    EXPECT_NE(events[0].at("tid"), events[1].at("tid"));
    EXPECT_EQ(events[0].at("tid"), events[2].at("tid"));
}

TEST(ChromeTrace, AFileOfOneRankIsWhatHolisticTraceAnalysisReads) {
    ChromeTraceOptions options;
    options.rank = 1;
    const Written file = written(small_trace(), options);
    // It finds the rank with this expression, line by line, and takes the first; see resources/docs/traces.md.
    std::smatch match;
    ASSERT_TRUE(std::regex_search(file.text, match, std::regex(R"re("rank":\s+(\d+))re")));
    EXPECT_EQ(match[1], "1");
    EXPECT_LT(file.text.find("distributedInfo"), file.text.find("traceEvents"));
    EXPECT_EQ(file.json.at("distributedInfo").at("world_size"), 2);
    std::map<std::string, Json> by_name;
    for (const Json& event : of_phase(file.json, "X")) {
        for (const char* field : {"name", "cat", "ph", "ts", "dur", "pid", "tid"}) {
            EXPECT_TRUE(event.contains(field)) << field;
        }
        EXPECT_EQ(event.at("pid"), 1);
        by_name[event.at("name")] = event;
    }
    ASSERT_EQ(by_name.size(), 5U);
    // Kernels have a stream above 0; what is on the host has none.
    for (const char* kernel : {"ncclKernel_receive", "ncclKernel_collective", "Memcpy of blocks"}) {
        ASSERT_EQ(by_name.count(kernel), 1U) << kernel;
        EXPECT_EQ(by_name.at(kernel).at("cat"), "kernel");
        EXPECT_GT(by_name.at(kernel).at("args").at("stream"), 0);
    }
    EXPECT_FALSE(by_name.at("wait").at("args").contains("stream"));
    EXPECT_EQ(by_name.at("ProfilerStep#0").at("cat"), "user_annotation");
    EXPECT_EQ(ns(by_name.at("ProfilerStep#0").at("dur")), 5000) << "of all ranks, from the first event to the last";
    EXPECT_EQ(ns(by_name.at("ncclKernel_receive").at("ts")), 200) << "on the clock that all files share";
    EXPECT_TRUE(of_phase(file.json, "s").empty()) << "its other end is in another file";
}

TEST(ChromeTrace, TextIsEscaped) {
    ChromeTraceOptions options;
    options.name = "a \"quoted\"\nname \xff";
    EXPECT_EQ(written(small_trace(), options).json.at("traceName"), "a \"quoted\"\nname \xEF\xBF\xBD");
}

TEST(ChromeTrace, NoEventsAreATraceToo) {
    EXPECT_EQ(of_phase(written({3, {}}).json, "X").size(), 0U);
}

TEST(ChromeTrace, RefusesEventsOfUnknownRanks) {
    std::ostringstream out;
    EXPECT_THROW((void)write_chrome_trace({1, small_trace().events}, {}, out), Error);
}

}  // namespace
}  // namespace longscope
