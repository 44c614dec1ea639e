// SPDX-License-Identifier: GPL-3.0-or-later
// Pan and zoom over a million tokens in the whole window. A frame is what is painted after a step of a gesture; it
// counts once every tile in view is exact or one level coarser, and lasts until then.
#include <QElapsedTimer>
#include <QTest>
#include <cstdio>

#include "app/desktop/mask_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/frame_times.h"
#include "tests/support/mouse.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

constexpr double median_ms = 16 * sanitizer_slowdown;
constexpr double percentile_99_ms = 33 * sanitizer_slowdown;
constexpr double sharp_ms = 200 * sanitizer_slowdown;
constexpr int steps = 25;  // of a gesture

class WindowFrames : public WindowTest, public QObject {
  protected:
    void open(const Json& mask, const char* dispatch, int ranks) {
        const Json experiment{
            {"longscope_experiment", 1},
            {"name", "frames"},
            {"shape", {{"query_heads", 8}, {"key_value_heads", 8}, {"head_dim_qk", 64}, {"head_dim_v", 64}}},
            {"sequence",
             {{"tokens", 1'048'576}, {"lengths", {{"histogram", {{"[100,2000)", 3}, {"[2000,60000)", 1}}}}}}},
            {"mask", mask},
            {"layout", {{"ranks", ranks}, {"strategy", "ring"}, {"dispatch", dispatch}}}};
        window_->resize(1280, 800);
        canvas().installEventFilter(this);
        window_->open_file(put(QStringLiteral("frames.json"), experiment.dump()));
        wait_for_answer();
        ASSERT_EQ(window_->evaluator().refusal().toStdString(), "");
        ASSERT_TRUE(QTest::qWaitFor([&] { return canvas().frame_quality().sharp(); }));
    }
    MaskCanvas& canvas() { return window_->mask_page().canvas(); }

    bool eventFilter(QObject* /*watched*/, QEvent* event) override {
        painted_ += event->type() == QEvent::Paint ? 1 : 0;
        return false;
    }

    // What has been asked to be painted in the window, as its screen would ask for it.
    void paint() {
        QEvent event(QEvent::UpdateRequest);
        QCoreApplication::sendEvent(window_.get(), &event);
    }

    // A step, and all until a frame of it counts; then what is left of the time that a screen shows it.
    void step(const std::function<void()>& action) {
        QElapsedTimer frame;
        frame.start();
        frames_.measure([&] {
            const int before = painted_;
            action();
            paint();
            EXPECT_GT(painted_, before);
            while (!canvas().frame_quality().counts() && frame.elapsed() < 1000) {
                ++late_;
                QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
                paint();
            }
        });
        while (frame.elapsed() < 16) {
            QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
        }
    }

    // The steps of a gesture, and how long after the last one all is sharp.
    void gesture(const std::function<void(int)>& action) {
        for (int i = 0; i < steps; ++i) {
            step([&] { action(i); });
        }
        sharp_.measure([&] {
            QElapsedTimer since;
            since.start();
            paint();
            while (!canvas().frame_quality().sharp() && since.elapsed() < 2000) {
                QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
                paint();
            }
        });
    }

    void all_gestures() {
        const QPointF middle = canvas().plot().center();
        const auto wheel = [&](const QPointF& at, int notches) {
            gesture([&, at, notches](int) { turn_wheel(canvas(), at, notches); });
        };
        const auto drag = [&](Qt::MouseButton button, Qt::KeyboardModifiers modifiers, const QPointF& by) {
            QPointF at = middle;
            send_mouse(canvas(), QEvent::MouseButtonPress, at, button, button, modifiers);
            gesture([&](int i) {
                at += i < steps / 2 ? by : -by;
                send_mouse(canvas(), QEvent::MouseMove, at, Qt::NoButton, button, modifiers);
            });
            send_mouse(canvas(), QEvent::MouseButtonRelease, at, button, Qt::NoButton, modifiers);
        };
        wheel(middle + QPointF(60, 40), 1);
        drag(Qt::MiddleButton, {}, {-13, -9});
        drag(Qt::LeftButton, Qt::ShiftModifier, {17, 21});
        drag(Qt::MiddleButton, {}, {-150, -110});  // a fast one: after it nothing is in view that was before
        wheel(middle - QPointF(100, 80), -1);
        wheel(middle + QPointF(10, 10), 3);
        wheel(middle, -3);
        wheel(middle, 1);
        gesture([&](int i) { QTest::keyClick(&canvas(), i % 2 == 0 ? Qt::Key_Right : Qt::Key_Down); });
        wheel(middle + QPointF(30, -70), -1);
    }

    void report(const char* name) {
        std::printf(
            "%s, 1,048,576 tokens, window of 1280 x 800: frames %s; %d repaints until one counted; sharp after %s\n",
            name, frames_.text().c_str(), late_, sharp_.text().c_str());
        EXPECT_LT(frames_.percentile_ms(50), median_ms);
        EXPECT_LT(frames_.percentile_ms(99), percentile_99_ms);
        EXPECT_LT(sharp_.percentile_ms(100), sharp_ms);
    }

    FrameTimes frames_;
    FrameTimes sharp_;
    int late_ = 0;
    int painted_ = 0;
};

TEST_F(WindowFrames, AreFluentOverCausalDocuments) {
    ASSERT_NO_FATAL_FAILURE(
        open({{"and", {{{"documents", Json::object()}}, {{"causal", Json::object()}}}}}, "per_document_zigzag", 8));
    all_gestures();
    report("causal documents");
}

TEST_F(WindowFrames, AreFluentOverALongMaskAndStripedRanks) {
    ASSERT_NO_FATAL_FAILURE(
        open({{"not", {{"and", {{{"documents", Json::object()}}, {{"causal", Json::object()}}}}}}}, "striped", 64));
    all_gestures();
    report("all but causal documents");
}

}  // namespace
}  // namespace longscope
