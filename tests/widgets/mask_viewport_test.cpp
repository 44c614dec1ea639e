// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_viewport.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace longscope {
namespace {

MaskViewport viewport(std::int64_t tokens = 1'000'000, double width = 800, double height = 600) {
    MaskViewport view;
    view.set_size(width, height);
    view.set_matrix(tokens, tokens);
    return view;
}

TEST(MaskViewport, FitsTheWholeMatrixInTheMiddle) {
    const MaskViewport view = viewport();
    EXPECT_TRUE(view.shows_all());
    EXPECT_NEAR(view.y_of(0), 0, 1e-9);
    EXPECT_NEAR(view.y_of(1'000'000), 600, 1e-6);
    EXPECT_NEAR(view.x_of(0), 100, 1e-6);
    EXPECT_NEAR(view.x_of(1'000'000), 700, 1e-6);
    EXPECT_EQ(view.visible(), (Box{{0, 1'000'000}, {0, 1'000'000}}));
}

TEST(MaskViewport, ZoomsAtThePointUnderTheCursor) {
    const bool held = rc::check("the token under the cursor stays there", [] {
        MaskViewport view = viewport();
        const double x = *rc::gen::inRange(150, 650);
        const double y = *rc::gen::inRange(50, 550);
        view.zoom_at(400, 300, 0.1);
        const TokenPosition before = view.at(x, y);
        const double factor = std::pow(1.25, -*rc::gen::inRange(0, 30));
        view.zoom_at(x, y, factor);
        const TokenPosition after = view.at(x, y);
        RC_ASSERT(std::abs(before.query - after.query) < 1e-6 * 1e6);
        RC_ASSERT(std::abs(before.key - after.key) < 1e-6 * 1e6);
    });
    EXPECT_TRUE(held);
}

// The view is wider than the matrix: what is under the cursor stays there all the same.
TEST(MaskViewport, ZoomsAtTheCursorFromTheFittedView) {
    const bool held = rc::check("the token under the cursor stays there", [] {
        MaskViewport view = viewport();
        const double x = *rc::gen::inRange(100, 701);
        const double y = *rc::gen::inRange(0, 601);
        const TokenPosition before = view.at(x, y);
        for (int notch = 0; notch < 5; ++notch) {
            view.zoom_at(x, y, 1 / 1.25);
            const TokenPosition after = view.at(x, y);
            RC_ASSERT(std::abs(before.query - after.query) < 1e-3);
            RC_ASSERT(std::abs(before.key - after.key) < 1e-3);
        }
        for (int notch = 0; notch < 5; ++notch) {
            view.zoom_at(x, y, 1.25);
        }
        RC_ASSERT(view.shows_all());
        RC_ASSERT(std::abs(view.x_of(0) - 100) < 1e-3);
    });
    EXPECT_TRUE(held);
}

TEST(MaskViewport, ShowsAllAfterAResizeWhenItDidBefore) {
    MaskViewport view = viewport();
    view.set_size(800, 300);
    EXPECT_TRUE(view.shows_all());
    EXPECT_NEAR(view.y_of(1'000'000), 300, 1e-6);
    view.set_size(500, 900);
    EXPECT_NEAR(view.x_of(1'000'000), 500, 1e-6);
    EXPECT_NEAR(view.y_of(0), 200, 1e-6);
}

TEST(MaskViewport, NeverLeavesTheMatrix) {
    const bool held = rc::check("what is in view is inside, or all is", [] {
        MaskViewport view = viewport(*rc::gen::inRange<std::int64_t>(1, 5'000'000));
        for (int i = 0; i < 20; ++i) {
            if (*rc::gen::arbitrary<bool>()) {
                view.pan(*rc::gen::inRange(-3000, 3000), *rc::gen::inRange(-3000, 3000));
            } else {
                view.zoom_at(*rc::gen::inRange(0, 800), *rc::gen::inRange(0, 600),
                             std::pow(1.25, *rc::gen::inRange(-12, 12)));
            }
            const Box box = view.visible();
            RC_ASSERT(box.q.size() > 0);
            RC_ASSERT(box.k.size() > 0);
            // Nothing but matrix, except where the matrix is smaller than the view.
            RC_ASSERT(view.y_of(0) <= 1e-6 || view.tokens_per_pixel() * 600 >= static_cast<double>(box.q.size()));
        }
        view.fit();
        RC_ASSERT(view.shows_all());
    });
    EXPECT_TRUE(held);
}

TEST(MaskViewport, OutAndInAgainReturns) {
    MaskViewport view = viewport();
    view.zoom_at(400, 300, 0.01);
    const Box before = view.visible();
    view.zoom_at(420, 310, 0.8);
    view.zoom_at(420, 310, 1.25);
    EXPECT_EQ(view.visible(), before);
}

TEST(MaskViewport, FocusesOnABoxWhole) {
    MaskViewport view = viewport();
    const Box box{{1000, 2000}, {500'000, 500'100}};
    view.focus(box);
    const Box seen = view.visible();
    EXPECT_LE(seen.q.begin, box.q.begin);
    EXPECT_GE(seen.q.end, box.q.end);
    EXPECT_LE(seen.k.begin, box.k.begin);
    EXPECT_GE(seen.k.end, box.k.end);
    EXPECT_LT(seen.q.size(), 1200);
}

TEST(MaskViewport, KnowsThePairUnderAPoint) {
    MaskViewport view = viewport(100, 200, 200);
    EXPECT_EQ(view.pair_at(0, 0), (std::pair<std::int64_t, std::int64_t>{0, 0}));
    EXPECT_EQ(view.pair_at(199, 3), (std::pair<std::int64_t, std::int64_t>{1, 99}));
    EXPECT_EQ(view.pair_at(-1, 3), std::nullopt);
    EXPECT_EQ(view.pair_at(3, 201), std::nullopt);
}

TEST(MaskViewport, OfAMatrixThatIsNotSquareStartsInside) {
    MaskViewport view;
    view.set_size(400, 400);
    view.set_matrix(10, 1000);
    EXPECT_TRUE(view.shows_all());
    EXPECT_EQ(view.visible(), (Box{{0, 10}, {0, 1000}}));
    EXPECT_GT(view.y_of(0), 100);
}

}  // namespace
}  // namespace longscope
