// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_scale.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace longscope {
namespace {

// From nanoseconds to a day, begun anywhere.
rc::Gen<TimelineScale> any_scale() {
    return rc::gen::exec([] {
        const auto begin_ns = *rc::gen::inRange<Nanoseconds>(-1'000'000'000'000, 1'000'000'000'000'000);
        const auto digits = *rc::gen::inRange(0, 14);
        const auto length_ns = static_cast<Nanoseconds>(std::pow(10.0, digits)) * *rc::gen::inRange(1, 10);
        return TimelineScale({begin_ns, begin_ns + length_ns}, *rc::gen::inRange(1, 4000));
    });
}

void wander(TimelineScale& scale) {
    const auto steps = *rc::gen::inRange(0, 12);
    for (int i = 0; i < steps; ++i) {
        const double x = *rc::gen::inRange(-50, 4100);
        const auto extent = scale.extent();
        switch (*rc::gen::inRange(0, 6)) {
            case 0:
                scale.zoom(x, std::pow(1.3, *rc::gen::inRange(-20, 30)));
                break;
            case 1:
                scale.pan(x - 2000);
                break;
            case 2:
                scale.fit();
                break;
            case 3:
                scale.set_width(x);
                break;
            default: {
                // May lie outside.
                const Nanoseconds begin_ns = *rc::gen::inRange(extent.begin_ns - 1000, extent.end_ns + 1000);
                const Nanoseconds end_ns = *rc::gen::inRange(begin_ns, extent.end_ns + 2000);
                i % 2 == 0 ? scale.focus({begin_ns, end_ns}) : scale.reveal({begin_ns, end_ns});
            }
        }
    }
}

RC_GTEST_PROP(TimelineScale, NeverLeavesTheExtent, ()) {
    TimelineScale scale = *any_scale();
    wander(scale);
    const TimeWindow window = scale.window();
    RC_ASSERT(window.begin_ns >= scale.extent().begin_ns);
    RC_ASSERT(window.end_ns <= scale.extent().end_ns);
    RC_ASSERT(window.begin_ns < window.end_ns);
    RC_ASSERT(scale.ns_per_point() > 0);
    RC_ASSERT(scale.time_at(-1e6) >= scale.extent().begin_ns);
    RC_ASSERT(scale.time_at(1e6) <= scale.extent().end_ns);
}

RC_GTEST_PROP(TimelineScale, ATimeIsFoundAgainWhereItIsPlaced, ()) {
    TimelineScale scale = *any_scale();
    wander(scale);
    const TimeWindow window = scale.window();
    const Nanoseconds time_ns = *rc::gen::inRange(window.begin_ns, window.end_ns + 1);
    RC_ASSERT(std::abs(scale.time_at(scale.place(time_ns)) - time_ns) <= 1);
}

RC_GTEST_PROP(TimelineScale, ZoomingInKeepsTheTimeUnderTheCursor, ()) {
    TimelineScale scale = *any_scale();
    wander(scale);
    const double x = *rc::gen::inRange(0, 1001) / 1000.0 * scale.width();
    const Nanoseconds time_ns = scale.time_at(x);
    scale.zoom(x, 1 + *rc::gen::inRange(0, 1000) / 100.0);
    // To the rounding of time_at().
    RC_ASSERT(std::abs(scale.place(time_ns) - x) <= 1 / scale.ns_per_point());
}

RC_GTEST_PROP(TimelineScale, ZoomingInAndOutAgainReturns, ()) {
    TimelineScale scale = *any_scale();
    wander(scale);
    const TimelineScale before = scale;
    const double x = *rc::gen::inRange(0, 1001) / 1000.0 * scale.width();
    const double factor = 1 + *rc::gen::inRange(0, 1000) / 100.0;
    scale.zoom(x, factor);
    RC_PRE(std::abs(scale.ns_per_point() * factor / before.ns_per_point() - 1) < 1e-9);  // not at the finest
    scale.zoom(x, 1 / factor);
    RC_ASSERT(std::abs(scale.ns_per_point() / before.ns_per_point() - 1) < 1e-9);
    RC_ASSERT(std::abs(scale.place(before.extent().begin_ns) - before.place(before.extent().begin_ns)) <=
              1e-6 * std::max(scale.width(), std::abs(before.place(before.extent().begin_ns))));
}

RC_GTEST_PROP(TimelineScale, PanningMovesByThePointsUnlessAnEndIsReached, ()) {
    TimelineScale scale = *any_scale();
    wander(scale);
    const TimelineScale before = scale;
    const double points = *rc::gen::inRange(-500, 500);
    scale.pan(points);
    const Nanoseconds origin_ns = scale.extent().begin_ns;
    const double moved = before.place(origin_ns) - scale.place(origin_ns);
    RC_ASSERT(std::abs(moved) <= std::abs(points) + 1e-6 * scale.width());
    const bool at_begin = scale.window().begin_ns == scale.extent().begin_ns;
    const bool at_end = scale.window().end_ns == scale.extent().end_ns;
    RC_ASSERT(std::abs(moved - points) <= 1e-6 * std::abs(before.place(origin_ns)) + 1e-6 || at_begin || at_end);
}

RC_GTEST_PROP(TimelineScale, AFocusedWindowIsSeenWholeInItsMiddle, ()) {
    TimelineScale scale = *any_scale();
    const TimeWindow extent = scale.extent();
    const Nanoseconds begin_ns = *rc::gen::inRange(extent.begin_ns, extent.end_ns);
    const Nanoseconds end_ns = *rc::gen::inRange(begin_ns, extent.end_ns) + 1;
    scale.focus({begin_ns, end_ns});
    const double accuracy = 1e-6 * scale.width();
    RC_ASSERT(scale.place(begin_ns) >= -accuracy);
    RC_ASSERT(scale.place(end_ns) <= scale.width() + accuracy);
    const TimelineScale focused = scale;
    scale.reveal({begin_ns, end_ns});
    RC_ASSERT(std::abs(scale.place(begin_ns) - focused.place(begin_ns)) <= 0.02 * scale.width());
}

TEST(TimelineScale, StartsFitted) {
    const TimelineScale scale({100, 1100}, 500);
    EXPECT_TRUE(scale.fits_all());
    EXPECT_EQ(scale.window(), (TimeWindow{100, 1100}));
    EXPECT_DOUBLE_EQ(scale.place(600), 250);
    EXPECT_EQ(scale.time_at(250), 600);
}

TEST(TimelineScale, ZoomsNoFurtherThanClocksTell) {
    TimelineScale scale({0, 1'000'000}, 1000);
    scale.zoom(500, 1e12);
    EXPECT_EQ(scale.window(), (TimeWindow{499'975, 500'025}));
}

TEST(TimelineScale, AnEmptyExtentHasANanosecond) {
    TimelineScale scale({7, 7}, 0);
    scale.zoom(0, 2);
    scale.focus({7, 7});
    EXPECT_EQ(scale.window(), (TimeWindow{7, 8}));
}

TEST(TimelineScale, RevealsAnEventThatIsLongerThanTheSightFromItsBegin) {
    TimelineScale scale({0, 100'000}, 1000);
    scale.focus({50'000, 51'000});
    scale.reveal({20'000, 90'000});
    EXPECT_GE(scale.place(20'000), 0);
    EXPECT_LT(scale.place(20'000), 200);
}

}  // namespace
}  // namespace longscope
