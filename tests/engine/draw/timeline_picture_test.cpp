// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/timeline_picture.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/engine/draw/list_queries.h"

namespace longscope {
namespace {

TraceEvent event(std::int32_t rank, Stream stream, Category category, Nanoseconds start_ns, Nanoseconds end_ns,
                 std::int64_t flow = -1, std::int32_t step = 0) {
    TraceEvent made;
    made.rank = rank;
    made.stream = stream;
    made.category = category;
    made.start_ns = start_ns;
    made.duration_ns = end_ns - start_ns;
    made.flow = flow;
    made.step = step;
    return made;
}

// Each rank computes, hands a message to the next one, waits for that of the last one, and computes again.
Trace ring(std::int32_t ranks) {
    Trace trace;
    trace.ranks = ranks;
    for (std::int32_t rank = 0; rank < ranks; ++rank) {
        const std::int32_t before = (rank + ranks - 1) % ranks;
        trace.events.push_back(event(rank, Stream::compute, Category::attend, 0, 400'000, -1, 0));
        trace.events.push_back(event(rank, Stream::send, Category::send, 100'000, 500'000, rank));
        trace.events.push_back(event(rank, Stream::receive, Category::receive, 100'000, 500'000, before));
        trace.events.push_back(event(rank, Stream::compute, Category::wait, 400'000, 500'000, before));
        trace.events.push_back(event(rank, Stream::compute, Category::attend, 500'000, 900'000, -1, 1));
        trace.events.push_back(event(rank, Stream::compute, Category::finalize, 900'000, 1'000'000));
    }
    return trace;
}

std::size_t count_of(const DisplayList& list, Colour colour) {
    std::size_t count = 0;
    for (const FilledRect& rect : items_of<FilledRect>(list)) {
        count += rect.colour == colour ? 1U : 0U;
    }
    return count;
}

TEST(TimelinePicture, DrawsEveryEventInTheColourOfItsCategory) {
    for (const std::int32_t ranks : {1, 4, 64, 256}) {
        const TimelineOptions options;
        const DisplayList list = draw_timeline(ring(ranks), options);
        const auto expected = static_cast<std::size_t>(ranks);
        const auto drawn = [&](Category category) {
            return count_of(list, options.theme.category(category)) - 1;  // the legend
        };
        EXPECT_EQ(drawn(Category::attend), 2 * expected);
        EXPECT_EQ(drawn(Category::send), expected);
        EXPECT_EQ(drawn(Category::receive), expected);
        EXPECT_EQ(drawn(Category::wait), expected);
        EXPECT_EQ(drawn(Category::finalize), expected);
        EXPECT_EQ(count_of(list, options.theme.category(Category::merge)), 0U) << "not even in the legend";
    }
}

TEST(TimelinePicture, BarsStandWhereTheirTimeIs) {
    const TimelineOptions options;
    const DisplayList list = draw_timeline(ring(1), options);
    std::vector<Rect> attends;
    for (const FilledRect& rect : items_of<FilledRect>(list)) {
        if (rect.colour == options.theme.category(Category::attend)) {
            attends.push_back(rect.area);
        }
    }
    ASSERT_EQ(attends.size(), 3U);
    // From 0 to 0.4 and from 0.5 to 0.9 of the time, on whole points and with a gap of one.
    EXPECT_NEAR(attends[1].width / (attends[2].x - attends[1].x), 0.4 / 0.5, 0.01);
    EXPECT_EQ(attends[1].y, attends[2].y);
    EXPECT_EQ(attends[1].height, attends[2].height);
}

TEST(TimelinePicture, EverythingLiesInsideThePicture) {
    for (const std::int32_t ranks : {1, 3, 64, 300}) {
        for (const double width : {480.0, 1100.0}) {
            TimelineOptions options;
            options.title = "t";
            options.width = width;
            options.shares.assign(static_cast<std::size_t>(ranks), {0.5, 0.25, 0.25});
            const DisplayList list = draw_timeline(ring(ranks), options);
            EXPECT_EQ(list.width, width);
            for (const FilledRect& rect : items_of<FilledRect>(list)) {
                EXPECT_GE(rect.area.width, 1);
                EXPECT_GE(rect.area.height, 1);
                EXPECT_GE(rect.area.x, 0);
                EXPECT_LE(rect.area.right(), list.width);
                EXPECT_LE(rect.area.bottom(), list.height);
            }
        }
    }
}

TEST(TimelinePicture, NamesRanksTimesAndCategories) {
    TimelineOptions options;
    options.title = "ring";
    const DisplayList list = draw_timeline(ring(4), options);
    for (const char* text : {"ring", "4 ranks, 24 events in 1.00 ms", "rank 0", "rank 3", "0.0 ms", "0.2 ms", "1.0 ms",
                             "attend", "finalize", "send", "receive", "wait", "compute", "step 0", "step 1"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
}

// Likewise of a device's streams, those that occur; what it does has the colours of what a rank does.
TEST(TimelinePicture, HasRowsForTheStreamsOfADevice) {
    Trace trace = ring(2);
    for (std::int32_t rank = 0; rank < 2; ++rank) {
        trace.events.push_back(event(rank, Stream::device_queue, Category::queue, 0, 100'000, -1));
        trace.events.push_back(event(rank, Stream::device_compute, Category::pack, 100'000, 150'000, -1));
        trace.events.push_back(event(rank, Stream::device_compute, Category::kernel, 150'000, 900'000, -1));
    }
    TimelineOptions options;
    options.height = 600;
    const DisplayList list = draw_timeline(trace, options);
    for (const char* text : {"device_queue", "device_compute", "attend, kernel", "wait, queue", "pack", "receive"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
    EXPECT_FALSE(has_text(list, "device_upload"));
    EXPECT_FALSE(has_text(list, "outer_send"));
    for (const FilledRect& rect : items_of<FilledRect>(list)) {
        EXPECT_GE(rect.area.height, 1);
        EXPECT_LE(rect.area.bottom(), list.height);
    }
}

// Rows of the outer streams stand only where there are some.
TEST(TimelinePicture, HasRowsForTransfersOverSlowLinks) {
    const DisplayList few = draw_timeline(ring(1), {});
    EXPECT_TRUE(has_text(few, "receive"));
    EXPECT_FALSE(has_text(few, "outer_send"));
    for (const std::int32_t ranks : {1, 3, 64}) {
        Trace trace = ring(ranks);
        for (std::int32_t rank = 0; rank < ranks; ++rank) {
            trace.events.push_back(event(rank, Stream::outer_send, Category::send, 0, 900'000, 1000 + rank));
            trace.events.push_back(
                event(rank, Stream::outer_receive, Category::receive, 0, 900'000, 1000 + (rank + 1) % ranks));
        }
        const TimelineOptions options;
        const DisplayList list = draw_timeline(trace, options);
        EXPECT_EQ(has_text(list, "outer_send"), ranks <= 3);  // where rows are high enough
        double last_bar = 0;
        for (const FilledRect& rect : items_of<FilledRect>(list)) {
            EXPECT_GE(rect.area.height, 1);
            EXPECT_LE(rect.area.bottom(), list.height);
            if (rect.colour == options.theme.category(Category::receive)) {
                last_bar = std::max(last_bar, rect.area.y);
            }
        }
        for (const FilledRect& rect : items_of<FilledRect>(list)) {
            if (rect.colour == options.theme.category(Category::attend)) {
                EXPECT_LT(rect.area.y, last_bar);
            }
        }
    }
}

TEST(TimelinePicture, ShowsTheSharesThatItIsGiven) {
    TimelineOptions options;
    EXPECT_FALSE(has_text(draw_timeline(ring(2), options), "computing"));
    options.shares = {{0.875, 0.1, 0.025}, {0.5, 0.25, 0.125}};
    const DisplayList list = draw_timeline(ring(2), options);
    for (const char* text :
         {"computing", "communication", "waiting", "87.5 %", "10.0 %", "2.5 %", "50.0 %", "25.0 %", "12.5 %"}) {
        EXPECT_TRUE(has_text(list, text)) << text;
    }
}

TEST(TimelinePicture, JoinsMessagesOnlyWhenTheyAreFew) {
    TimelineOptions options;
    const auto arrows = [&](const Trace& trace) { return items_of<Polyline>(draw_timeline(trace, options)).size(); };
    EXPECT_EQ(arrows(ring(4)), 4U);
    EXPECT_EQ(arrows(ring(200)), 200U);
    EXPECT_EQ(arrows(ring(201)), 0U);
    options.max_flows = 3;
    EXPECT_EQ(arrows(ring(4)), 0U);
}

TEST(TimelinePicture, SaysSoWhenNothingHappened) {
    const DisplayList list = draw_timeline(Trace{4, {}}, {});
    EXPECT_TRUE(has_text(list, "no events"));
    EXPECT_TRUE(has_text(list, "rank 3"));
    EXPECT_TRUE(has_text(draw_timeline(Trace{0, {}}, {}), "no events"));
}

TEST(TimelinePicture, ShowsAPartOfTheTime) {
    TimelineOptions options;
    options.window = TimeWindow{400'000, 500'000};
    const DisplayList list = draw_timeline(ring(1), options);
    EXPECT_EQ(count_of(list, options.theme.category(Category::wait)), 2U);
    EXPECT_EQ(count_of(list, options.theme.category(Category::attend)), 1U) << "the legend alone";
    EXPECT_TRUE(has_text(list, "1 rank, 6 events in 1.00 ms; shown: 100 us from 400 us on"));
    options.window = TimeWindow{5, 5};
    EXPECT_THROW((void)draw_timeline(ring(1), options), Error);
}

TEST(TimelinePicture, SaysWhatTheTraceLacks) {
    TimelineOptions options;
    options.dropped_events = 12'000;
    EXPECT_TRUE(has_text(draw_timeline(ring(1), options), "1 rank, 6 events in 1.00 ms, 12,000 shorter ones dropped"));
}

TEST(TimelinePicture, TimesBeginWithTheFirstEvent) {
    Trace late = ring(1);
    for (TraceEvent& one : late.events) {
        one.start_ns += 123'456'789'000;
    }
    EXPECT_EQ(texts_of(draw_timeline(late, {})), texts_of(draw_timeline(ring(1), {})));
}

TEST(TimelinePicture, OneInstantIsDrawn) {
    const TimelineOptions options;
    const DisplayList list = draw_timeline(Trace{1, {event(0, Stream::compute, Category::merge, 5, 5)}}, options);
    EXPECT_EQ(count_of(list, options.theme.category(Category::merge)), 2U);
}

TEST(TimelinePicture, RefusesEventsOfUnknownRanks) {
    EXPECT_THROW((void)draw_timeline(Trace{1, {event(1, Stream::compute, Category::merge, 5, 6)}}, {}), Error);
}

}  // namespace
}  // namespace longscope
