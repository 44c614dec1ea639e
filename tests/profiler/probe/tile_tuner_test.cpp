// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes of tiles measured on a device.
#include "profiler/probe/tile_tuner.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/kernel/opencl/opencl_kernel.h"
#include "tests/support/expect_error.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

const bool drivers_first = !opencl::device_facts().empty();

TileTuningOptions few_turns() {
    TileTuningOptions options;
    options.turns = 2;
    options.dims = {64};
    return options;
}

DeviceToTune chosen_device() {
    const opencl::DeviceFacts facts = opencl::chosen_device(0);
    return {facts, opencl::chosen_design(facts)};
}

TEST(TileTuner, MeasuresEveryCandidateOfTheDeviceInBothPasses) {
    ASSERT_TRUE(drivers_first) << opencl::why_no_device();
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "test_opencl alone computes on a device";
    }
    TileTuningOptions options = few_turns();
    double done = -1.0;
    options.poll = [&](double now) {
        EXPECT_GE(now, done);
        EXPECT_LT(now, 1.0);
        done = now;
    };
    TileTimer timer({.threads = 2, .rank = 0, .tokens = 100, .program_cache = {}});
    const TunedDevice device = tune_tiles(
        chosen_device(), options,
        [&](const opencl::ShapeClass& of, const opencl::TileShape& shape) { return timer.seconds_of(of, shape); });
    EXPECT_EQ(done, 0.5) << "the second of two classes";
    ASSERT_EQ(device.classes.size(), 2U);
    for (const TunedClass& one : device.classes) {
        SCOPED_TRACE(class_text(one.of));
        const std::vector<opencl::TileShape> candidates = opencl::tile_candidates(one.of, device.facts);
        ASSERT_EQ(one.timed.size(), candidates.size());
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            EXPECT_EQ(one.timed[i].shape, candidates[i]);
            EXPECT_EQ(one.timed[i].failure, "");
            ASSERT_EQ(one.timed[i].seconds.size(), 2U);
            EXPECT_GT(one.timed[i].seconds[0], 0.0);
        }
    }
    // What was chosen is what a kernel of the device then uses.
    const std::vector<opencl::TileChoice> choices = device.choices();
    ASSERT_EQ(choices.size(), 2U);
    for (std::size_t i = 0; i < choices.size(); ++i) {
        EXPECT_EQ(opencl::tile_shape(choices, device.classes[i].of, device.facts),
                  opencl::best_of(device.classes[i].timed).shape);
    }
}

TEST(TileTuner, EndsWhenItIsCancelled) {
    TileTuningOptions options = few_turns();
    const std::atomic<bool> cancelled{true};
    options.cancelled = &cancelled;
    expect_error(ErrorKind::cancelled, {"cancelled"}, [&] {
        static_cast<void>(tune_tiles(DeviceToTune{}, options, [](const auto&, const auto&) { return 1.0; }));
    });
}

TEST(TileTuner, EndsWhenTheDeviceIsGoneAndPassesOverAShapeThatDoesNotRun) {
    int asked = 0;
    const auto tune = [&](const std::function<void()>& fault) {
        asked = 0;
        return tune_tiles(DeviceToTune{}, few_turns(), [&](const auto&, const auto&) {
            if (++asked == 2) {
                fault();
            }
            return 1.0;
        });
    };
    EXPECT_EQ(tune([] { throw failed("too large"); }).classes.front().timed.at(1).failure, "too large");
    expect_error(ErrorKind::failed, {"the driver is gone"},
                 [&] { static_cast<void>(tune([] { throw opencl::MeasuringEnded("the driver is gone"); })); });
    EXPECT_EQ(asked, 2);
}

TEST(TileTuner, NamesClasses) {
    EXPECT_EQ(class_text({opencl::Design::wide, opencl::Pass::forward, 64}), "forward, wide, D up to 64");
    EXPECT_EQ(class_text({opencl::Design::tiled, opencl::Pass::backward, 256}), "backward, tiled, D from 256");
}

}  // namespace
}  // namespace longscope
