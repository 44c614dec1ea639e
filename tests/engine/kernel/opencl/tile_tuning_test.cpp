// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes of tiles: which there are, which one a device is given, and that every one of them computes what the others
// do.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/kernel/opencl/opencl_kernel.h"
#include "engine/kernel/opencl/tile_tuning.h"
#include "tests/support/backends.h"
#include "tests/support/expect_error.h"
#include "tests/support/forward_case.h"
#include "tests/support/sanitized.h"

namespace longscope::opencl {
namespace {

const bool drivers_first = !device_facts().empty();

DeviceFacts device(std::int64_t local_memory_bytes) {
    DeviceFacts facts;
    facts.name = "Small GPU";
    facts.platform = "Vendor A";
    facts.driver = "1.2";
    facts.local_memory_bytes = local_memory_bytes;
    return facts;
}

TEST(TileShapes, OfAClassAreThoseOfTheNextLargerDimension) {
    EXPECT_EQ(shape_class(Design::wide, Pass::forward, 1, 64).largest_dim, 64);
    EXPECT_EQ(shape_class(Design::wide, Pass::forward, 65, 64).largest_dim, 128);
    EXPECT_EQ(shape_class(Design::wide, Pass::forward, 128, 256).largest_dim, 256);
    EXPECT_EQ(shape_class(Design::wide, Pass::forward, 576, 512).largest_dim, 256);
}

TEST(TileShapes, ThatDoNotFitTheLocalMemoryAreNotTried) {
    for (const Pass pass : {Pass::forward, Pass::backward}) {
        const ShapeClass of{Design::tiled, pass, 128};
        const std::size_t all = tile_candidates(of, device(1 << 20)).size();
        const std::vector<TileShape> of_32k = tile_candidates(of, device(32 << 10));
        EXPECT_GT(all, of_32k.size());
        EXPECT_GE(of_32k.size(), 2U);
        EXPECT_EQ(tile_candidates(of, device(0)), std::vector<TileShape>{of_32k.front()}) << "the default stays";
    }
}

TEST(TileShapes, AreTheLastChoiceForTheDeviceAndClass) {
    const DeviceFacts facts = device(1 << 20);
    const ShapeClass of{Design::wide, Pass::forward, 128};
    const std::vector<TileShape> shapes = tile_candidates(of, facts);
    ASSERT_GE(shapes.size(), 3U);
    DeviceFacts newer = facts;
    newer.driver = "1.3";
    const std::vector<TileChoice> choices{{device_key(facts), of, shapes[1]},
                                          {device_key(facts), of, shapes[2]},
                                          {device_key(facts), of, {13, 7}},  // none that there is
                                          {device_key(newer), of, shapes[0]},
                                          {device_key(facts), {Design::wide, Pass::forward, 64}, shapes[1]}};
    EXPECT_EQ(tile_shape(choices, of, facts), shapes[2]);
    EXPECT_EQ(tile_shape(choices, of, newer), shapes[0]);
    EXPECT_EQ(tile_shape(choices, {Design::wide, Pass::forward, 64}, facts), shapes[1]);
    EXPECT_EQ(tile_shape({}, of, facts), shapes[0]);
}

const std::vector<TileShape> three{{48, 64}, {96, 64}, {24, 64}};

TEST(TileTuning, TakesTheShortestOfTurnsThatCandidatesTakeOneAfterTheOther) {
    std::vector<std::int64_t> asked;
    const auto timed = measure_in_turns(three, 2, [&](const TileShape& shape) {
        asked.push_back(shape.q_tile);
        return shape.q_tile == 96 && asked.size() > 3 ? 0.5 : 1.0;  // fast in the second turn only
    });
    EXPECT_EQ(asked, (std::vector<std::int64_t>{48, 96, 24, 48, 96, 24}));
    EXPECT_EQ(best_of(timed).shape, three[1]);
}

TEST(TileTuning, KeepsTheDefaultWhereNoneIsClearlyFaster) {
    const auto timed =
        measure_in_turns(three, 1, [](const TileShape& shape) { return shape == three[0] ? 1.0 : 0.99; });
    EXPECT_EQ(best_of(timed).shape, three[0]);
}

TEST(TileTuning, PassesOverWhatDoesNotRun) {
    int runs_of_broken = 0;
    const auto timed = measure_in_turns(three, 3, [&](const TileShape& shape) {
        if (shape == three[0]) {
            ++runs_of_broken;
            throw failed("out of resources");
        }
        return shape == three[2] ? 1.0 : 2.0;
    });
    EXPECT_EQ(runs_of_broken, 1);
    EXPECT_EQ(timed[0].failure, "out of resources");
    EXPECT_EQ(best_of(timed).shape, three[2]);
}

TEST(TileTuning, EndsWhenItIsCancelled) {
    expect_error(ErrorKind::cancelled, {"cancelled"}, [] {
        static_cast<void>(measure_in_turns(
            three, 1, [](const TileShape& /*shape*/) -> double { throw Error(ErrorKind::cancelled, "cancelled"); }));
    });
}

// Causal, with documents, grouped heads and lengths that no tile divides.
TEST(TileShapes, AllComputeWhatTheReferenceComputes) {
    ASSERT_TRUE(drivers_first) << why_no_device();
    if (sanitizer_slowdown > 1) {
        GTEST_SKIP() << "the driver's compiler would take minutes for what a sanitizer does not see";
    }
    AttentionCase c;
    c.shape = {1, 2, 1, 12, 16, DType::float32};  // small, which builds sooner
    c.domain = {450, 450, {0, 30, 290, 450}};
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const ReferenceResult expected = reference_attention(c, inputs.forward);
    const DeviceFacts facts = chosen_device(0);
    for (const Design design : {Design::wide, Design::tiled}) {
        const auto with = [&](Pass pass, const TileShape& shape) {
            return make_kernel_of(
                design,
                {.threads = 2, .tile_choices = {{device_key(facts), shape_class(design, pass, 12, 16), shape}}});
        };
        for (const TileShape& shape : tile_candidates({design, Pass::forward, 64}, facts)) {
            SCOPED_TRACE(::testing::Message() << "forward " << shape.q_tile << " x " << shape.k_tile);
            const AttentionError error =
                error_of(expected, run_forward(*with(Pass::forward, shape), c, inputs.forward));
            EXPECT_LE(error.output_relative_l2, 1e-6);
            EXPECT_LE(error.lse_absolute, 1e-5);
        }
        for (const TileShape& shape : tile_candidates({design, Pass::backward, 64}, facts)) {
            SCOPED_TRACE(::testing::Message() << "backward " << shape.q_tile << " x " << shape.k_tile);
            const Gradients got = run_backward(*with(Pass::backward, shape), c, inputs, reference);
            EXPECT_LE(error_of_gradients(reference, got).worst(), gradient_bound(DType::float32, 450));
        }
    }
}

}  // namespace
}  // namespace longscope::opencl
