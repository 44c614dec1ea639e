// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_view.h"

#include <gtest/gtest.h>

#include <QLabel>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <set>

#include "tests/support/ring_trace.h"
#include "widgets/timeline/timeline_painter.h"
#include "widgets/timeline/timeline_text.h"

namespace longscope {
namespace {

class TimelineViewTest : public testing::Test {
  protected:
    TimelineViewTest() {
        view_.resize(1000, 700);
        view_.show();
        EXPECT_TRUE(QTest::qWaitForWindowExposed(&view_));
        view_.setFocus();
    }

    void show(Trace trace) { view_.set_trace(std::make_shared<const Trace>(std::move(trace))); }

    // The first event of rank 0's compute stream in the ring.
    static EventPlace first_attend() { return {0, 0}; }

    [[nodiscard]] double left() const { return view_.viewport()->width() - view_.scale().width(); }
    [[nodiscard]] double top() const { return header_height(view_.font()); }
    // In the compute row of the first rank, which is the highest.
    [[nodiscard]] QPoint at(Nanoseconds time_ns, double below = 24) const {
        return {qRound(left() + view_.scale().place(time_ns)), qRound(top() + below)};
    }

    void move(QPoint to, Qt::MouseButtons buttons, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        QMouseEvent event(QEvent::MouseMove, to, view_.viewport()->mapToGlobal(to), Qt::NoButton, buttons, modifiers);
        QCoreApplication::sendEvent(view_.viewport(), &event);
    }

    void drag(Qt::MouseButton button, QPoint from, QPoint to, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        QTest::mousePress(view_.viewport(), button, modifiers, from);
        move((from + to) / 2, button, modifiers);
        move(to, button, modifiers);
        QTest::mouseRelease(view_.viewport(), button, modifiers, to);
    }

    void wheel(QPoint position, int notches, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        QWheelEvent event(position, view_.viewport()->mapToGlobal(position), {}, {0, 120 * notches}, Qt::NoButton,
                          modifiers, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(view_.viewport(), &event);
    }

    void press(int key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
        QTest::keyClick(&view_, static_cast<Qt::Key>(key), modifiers);
    }

    Appearance appearance_;
    TimelineView view_{appearance_};
};

TEST_F(TimelineViewTest, WithoutATraceItAnswersNothing) {
    for (const TimelineCommand& command : view_.commands()) {
        command.run();
    }
    press(Qt::Key_W);
    wheel({500, 300}, 1);
    drag(Qt::LeftButton, {200, 200}, {400, 200});
    QTest::mouseDClick(view_.viewport(), Qt::LeftButton, {}, {300, 300});
    EXPECT_EQ(view_.current_event(), nullptr);
    EXPECT_FALSE(view_.selection());
    EXPECT_TRUE(view_.summary().isEmpty());
    EXPECT_EQ(view_.csv_maker()().find('\n'), view_.csv_maker()().size() - 1) << "only the header";
    EXPECT_GT(view_.picture_maker(800)().items.size(), 0U);
    show({4, {}});
    EXPECT_FALSE(view_.selection());
}

TEST_F(TimelineViewTest, SaysWhyATraceCannotBeShown) {
    TraceEvent event;
    event.rank = 9;
    show({2, {event}});
    EXPECT_EQ(view_.current_event(), nullptr);
    press(Qt::Key_Period);
    EXPECT_EQ(view_.current_event(), nullptr);
    show(ring_trace(2, 2));
    press(Qt::Key_Period);
    EXPECT_NE(view_.current_event(), nullptr) << "the next one is shown";
}

TEST_F(TimelineViewTest, TheWheelZoomsAtTheCursor) {
    show(ring_trace(4, 4));
    const QPoint cursor = at(1'800'000);
    const Nanoseconds under_ns = view_.scale().time_at(cursor.x() - left());
    wheel(cursor, 3);
    EXPECT_LT(view_.scale().window().length_ns(), view_.scale().extent().length_ns() / 1.8);
    EXPECT_NEAR(view_.scale().place(under_ns), cursor.x() - left(), 0.01);
    wheel(cursor, -9);
    EXPECT_TRUE(view_.scale().fits_all());
    view_.set_wheel_zooms(false);
    wheel(cursor, 3);
    EXPECT_TRUE(view_.scale().fits_all());
    wheel(cursor, 3, Qt::ControlModifier);
    EXPECT_FALSE(view_.scale().fits_all());
}

TEST_F(TimelineViewTest, ControlAndTheWheelScrollManyRanks) {
    show(ring_trace(64, 2));
    ASSERT_GT(view_.verticalScrollBar()->maximum(), 0);
    wheel({500, 300}, -2, Qt::ControlModifier);
    EXPECT_GT(view_.verticalScrollBar()->value(), 0);
    EXPECT_TRUE(view_.scale().fits_all());
}

TEST_F(TimelineViewTest, AMiddleOrShiftedDragPans) {
    show(ring_trace(4, 4));
    for (const bool middle : {true, false}) {
        view_.show_window({2'000'000, 2'500'000});
        const QPoint from(600, 300);
        const Nanoseconds under_ns = view_.scale().time_at(from.x() - left());
        drag(middle ? Qt::MiddleButton : Qt::LeftButton, from, {500, 300}, middle ? Qt::NoModifier : Qt::ShiftModifier);
        EXPECT_NEAR(view_.scale().place(under_ns), 500 - left(), 0.01);
        EXPECT_FALSE(view_.selection());
    }
}

TEST_F(TimelineViewTest, ALeftDragSelectsAStretchOfTimeAndSumsItUp) {
    show(ring_trace(4, 4));
    std::vector<std::optional<TimeWindow>> heard;
    QObject::connect(&view_, &TimelineView::selection_changed, &view_,
                     [&](std::optional<TimeWindow> window) { heard.push_back(window); });
    const QSignalSpy summed(&view_, &TimelineView::summary_changed);
    drag(Qt::LeftButton, at(2'400'000), at(1'500'000));  // to the left
    ASSERT_TRUE(view_.selection());
    EXPECT_NEAR(static_cast<double>(view_.selection()->begin_ns), 1.5e6, view_.scale().ns_per_point());
    EXPECT_NEAR(static_cast<double>(view_.selection()->end_ns), 2.4e6, view_.scale().ns_per_point());
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(heard.back(), view_.selection());
    EXPECT_FALSE(summed.isEmpty());
    ASSERT_GE(view_.summary().size(), 3);
    EXPECT_TRUE(view_.summary().front().contains(QStringLiteral("4 ranks"))) << view_.summary().front().toStdString();
    press(Qt::Key_Escape);
    EXPECT_FALSE(view_.selection());
    EXPECT_FALSE(heard.back());
    EXPECT_TRUE(view_.summary().isEmpty());
}

TEST_F(TimelineViewTest, AClickSelectsAnEventAndElsewhereNone) {
    show(ring_trace(4, 4));
    const QSignalSpy said(&view_, &TimelineView::current_changed);
    QTest::mouseClick(view_.viewport(), Qt::LeftButton, {}, at(1'200'000));
    ASSERT_NE(view_.current_event(), nullptr);
    EXPECT_EQ(view_.current_event()->category, Category::attend);
    EXPECT_EQ(view_.current_event()->rank, 0);
    EXPECT_TRUE(said.back().front().toString().contains(QStringLiteral("attend: rank 0, compute stream, step 0")));
    EXPECT_EQ(view_.accessibleDescription(), said.back().front().toString());
    QTest::mouseClick(view_.viewport(), Qt::LeftButton, {}, {600, view_.viewport()->height() - 4});
    EXPECT_EQ(view_.current_event(), nullptr);
}

TEST_F(TimelineViewTest, ADoubleClickZoomsToTheEventOrFits) {
    show(ring_trace(4, 4));
    QTest::mouseDClick(view_.viewport(), Qt::LeftButton, {}, at(1'200'000));
    ASSERT_NE(view_.current_event(), nullptr);
    const TraceEvent event = *view_.current_event();
    EXPECT_LT(view_.scale().window().length_ns(), 2 * event.duration_ns);
    EXPECT_GE(view_.scale().place(event.start_ns), -0.5);
    QTest::mouseDClick(view_.viewport(), Qt::LeftButton, {}, {600, view_.viewport()->height() - 4});
    EXPECT_TRUE(view_.scale().fits_all());
}

TEST_F(TimelineViewTest, HoveringSaysWhatLiesUnderTheCursor) {
    show(ring_trace(4, 4));
    const QSignalSpy said(&view_, &TimelineView::hovered);
    move(at(1'200'000), Qt::NoButton);
    ASSERT_EQ(said.size(), 1);
    const QString text = said.back().front().toString();
    EXPECT_TRUE(text.contains(QStringLiteral("GFLOP/s"))) << text.toStdString();
    move(at(1'200'000) + QPoint(2, 0), Qt::NoButton);
    EXPECT_EQ(said.size(), 1) << "still the same";
    move(at(1'100'000, 24 + 24 + 14), Qt::NoButton);
    const QString sent = said.back().front().toString();
    EXPECT_TRUE(sent.contains(QStringLiteral("send: rank 0"))) << sent.toStdString();
    EXPECT_TRUE(sent.contains(QStringLiteral("2.00 MiB"))) << sent.toStdString();
    EXPECT_TRUE(sent.contains(QStringLiteral("message 0 from rank 0 to rank 1"))) << sent.toStdString();
    QEvent leave(QEvent::Leave);
    QCoreApplication::sendEvent(view_.viewport(), &leave);
    EXPECT_EQ(said.back().front().toString(), QString());
}

TEST_F(TimelineViewTest, AClickOnItsNameSumsUpOneRank) {
    show(ring_trace(4, 4));
    view_.select(TimeWindow{1'500'000, 2'500'000});
    QTest::mouseClick(view_.viewport(), Qt::LeftButton, {}, QPoint(20, qRound(top() + 24)));
    EXPECT_EQ(view_.rank(), 0);
    EXPECT_TRUE(view_.summary().front().contains(QStringLiteral("rank 0"))) << view_.summary().front().toStdString();
    QTest::mouseClick(view_.viewport(), Qt::LeftButton, {}, QPoint(20, qRound(top() + 24)));
    EXPECT_FALSE(view_.rank());
    EXPECT_TRUE(view_.summary().front().contains(QStringLiteral("4 ranks")));
}

TEST_F(TimelineViewTest, EverythingWorksWithTheKeys) {
    show(ring_trace(4, 4));
    const Nanoseconds all_ns = view_.scale().extent().length_ns();
    press(Qt::Key_W);
    press(Qt::Key_W);
    EXPECT_LT(view_.scale().window().length_ns(), all_ns / 2);
    const TimeWindow middle = view_.scale().window();
    press(Qt::Key_D);
    EXPECT_GT(view_.scale().window().begin_ns, middle.begin_ns);
    press(Qt::Key_A);
    press(Qt::Key_Left);
    EXPECT_LT(view_.scale().window().begin_ns, middle.begin_ns);
    press(Qt::Key_End);
    EXPECT_EQ(view_.scale().window().end_ns, view_.scale().extent().end_ns);
    press(Qt::Key_Home);
    EXPECT_EQ(view_.scale().window().begin_ns, view_.scale().extent().begin_ns);
    press(Qt::Key_S);
    press(Qt::Key_S);
    press(Qt::Key_S);
    EXPECT_TRUE(view_.scale().fits_all());

    press(Qt::Key_Period);
    ASSERT_NE(view_.current_event(), nullptr);
    const TraceEvent* first = view_.current_event();
    press(Qt::Key_Period);
    EXPECT_EQ(view_.current_event()->start_ns, first->end_ns()) << "what follows in the row";
    press(Qt::Key_Comma);
    EXPECT_EQ(view_.current_event(), first);
    press(Qt::Key_Comma);
    EXPECT_EQ(view_.current_event(), first) << "there is none before";
    press(Qt::Key_Down);
    EXPECT_EQ(view_.current_event()->stream, Stream::send);
    press(Qt::Key_Up);
    EXPECT_EQ(view_.current_event(), first);
    press(Qt::Key_Return);
    EXPECT_EQ(view_.selection(), (TimeWindow{first->start_ns, first->end_ns()}));
    press(Qt::Key_R);
    EXPECT_EQ(view_.rank(), 0);
    press(Qt::Key_F);
    EXPECT_LT(view_.scale().window().length_ns(), 2 * first->duration_ns);
    press(Qt::Key_F);
    EXPECT_TRUE(view_.scale().fits_all());
    press(Qt::Key_Period);
    press(Qt::Key_BracketLeft);
    EXPECT_EQ(view_.selection()->begin_ns, view_.current_event()->start_ns);
    press(Qt::Key_Period);
    press(Qt::Key_BracketRight);
    EXPECT_EQ(view_.selection()->end_ns, view_.current_event()->end_ns());
    press(Qt::Key_Escape);
    EXPECT_FALSE(view_.selection());
    EXPECT_FALSE(view_.rank());
    EXPECT_EQ(view_.current_event(), nullptr);
}

TEST_F(TimelineViewTest, ItsKeysAreNoShortcutsOfTheWindowWhileItHasTheFocus) {
    const auto overrides = [&](int key, Qt::KeyboardModifiers modifiers) {
        QKeyEvent event(QEvent::ShortcutOverride, key, modifiers);
        event.ignore();
        QCoreApplication::sendEvent(&view_, &event);
        return event.isAccepted();
    };
    for (const TimelineCommand& command : view_.commands()) {
        for (const QKeySequence& keys : command.keys) {
            EXPECT_TRUE(overrides(keys[0] & ~Qt::KeyboardModifierMask,
                                  Qt::KeyboardModifiers(keys[0] & Qt::KeyboardModifierMask)))
                << command.text.toStdString();
        }
    }
    EXPECT_FALSE(overrides(Qt::Key_F, Qt::ControlModifier));
    EXPECT_FALSE(overrides(Qt::Key_Left, Qt::AltModifier));
}

TEST_F(TimelineViewTest, NoKeyHasTwoMeanings) {
    std::set<int> seen;
    for (const TimelineCommand& command : view_.commands()) {
        EXPECT_FALSE(command.text.isEmpty());
        for (const QKeySequence& keys : command.keys) {
            EXPECT_TRUE(seen.insert(keys[0]).second) << keys.toString().toStdString();
        }
    }
}

TEST_F(TimelineViewTest, TooltipsTellOfEventsAndRanks) {
    view_.set_trace(std::make_shared<const Trace>(ring_trace(2, 4)), {{0.5, 0.25, 0.125}, {0.5, 0.25, 0.125}});
    const auto tip = [&](QPoint position) {
        QHelpEvent event(QEvent::ToolTip, position, view_.viewport()->mapToGlobal(position));
        QCoreApplication::sendEvent(view_.viewport(), &event);
        return QToolTip::text();
    };
    const QString event = tip(at(1'200'000));
    EXPECT_TRUE(event.contains(QStringLiteral("attend: rank 0"))) << event.toStdString();
    const QString rank = tip({20, qRound(top() + 24)});
    EXPECT_EQ(rank, QStringLiteral("rank 0: computing 50.0 %, exposed communication 25.0 %, waiting 12.5 %"));
}

TEST_F(TimelineViewTest, EscapeEndsADrag) {
    show(ring_trace(4, 4));
    QTest::mousePress(view_.viewport(), Qt::LeftButton, {}, at(1'500'000));
    move(at(2'000'000), Qt::LeftButton);
    EXPECT_TRUE(view_.selection());
    press(Qt::Key_Escape);
    move(at(2'100'000), Qt::LeftButton);
    QTest::mouseRelease(view_.viewport(), Qt::LeftButton, {}, at(2'100'000));
    EXPECT_FALSE(view_.selection());
}

TEST_F(TimelineViewTest, TheCurrentEventIsBroughtIntoSight) {
    show(ring_trace(64, 6));
    const int rows = 64 * 3;
    press(Qt::Key_Period);
    for (int i = 1; i < rows; ++i) {
        press(Qt::Key_Down);
    }
    EXPECT_EQ(view_.current_event()->rank, 63);
    EXPECT_GT(view_.verticalScrollBar()->value(), view_.verticalScrollBar()->maximum() - 30);
    view_.show_window({1'100'000, 1'200'000});
    for (int i = 0; i < 4; ++i) {
        press(Qt::Key_Period);
    }
    EXPECT_GE(view_.scale().place(view_.current_event()->start_ns), 0);
    EXPECT_LE(view_.scale().place(view_.current_event()->start_ns), view_.scale().width());
}

TEST_F(TimelineViewTest, ExportsWhatIsSelectedElseWhatIsSeen) {
    show(ring_trace(4, 4));
    const auto lines = [&] {
        const std::string text = view_.csv_maker()();
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    };
    EXPECT_EQ(lines(), 1 + ring_trace(4, 4).events.size());
    view_.show_window({1'000'000, 1'100'000});
    const std::size_t seen = lines();
    EXPECT_LT(seen, 1 + ring_trace(4, 4).events.size());
    view_.select(TimeWindow{1'050'000, 1'050'001});
    EXPECT_EQ(lines(), 1U + 4 * 3) << "an event of each row";
    EXPECT_EQ(view_.picture_maker(900)().width, 900);
}

TEST_F(TimelineViewTest, ALargeTraceIsReadOnAnotherThread) {
    const QSignalSpy shown(&view_, &TimelineView::trace_shown);
    const QSignalSpy summed(&view_, &TimelineView::summary_changed);
    show(ring_trace(8, 700));
    EXPECT_TRUE(shown.isEmpty());
    press(Qt::Key_W);  // while there is nothing to see
    ASSERT_TRUE(QTest::qWaitFor([&] { return !shown.isEmpty(); }));
    view_.select(view_.scale().extent());
    ASSERT_TRUE(QTest::qWaitFor([&] { return !summed.isEmpty(); }));
    EXPECT_TRUE(view_.summary().front().contains(QStringLiteral("8 ranks")));
    show(ring_trace(8, 700));
    view_.clear();
    QCoreApplication::processEvents();
    EXPECT_EQ(shown.size(), 1) << "nobody waits for it any more";
}

TEST_F(TimelineViewTest, ANewStretchOfTimeLetsTheEventGo) {
    show(ring_trace(4, 4));
    view_.set_current(first_attend());
    ASSERT_NE(view_.current_event(), nullptr);
    drag(Qt::LeftButton, at(2'400'000), at(1'500'000));
    EXPECT_TRUE(view_.selection());
    EXPECT_EQ(view_.current_event(), nullptr);
}

TEST_F(TimelineViewTest, TheLegendHasEveryColourOfTheBarsOfRanks) {
    const TimelineRows rows(std::make_shared<const Trace>(ring_trace(2, 2)));
    const std::size_t plain = legend_entries(rows, {}).size();
    EXPECT_EQ(plain, rows.categories().size());
    const auto entries = legend_entries(rows, {{0.5, 0.25, 0.25}, {0.5, 0.5, 0}});
    const auto name_of = [&](Category category) {
        const auto found = std::find_if(entries.begin(), entries.end(),
                                        [&](const LegendEntry& entry) { return entry.category == category; });
        return found == entries.end() ? std::string("none") : found->name.toStdString();
    };
    EXPECT_EQ(name_of(Category::attend), "attend");
    EXPECT_EQ(name_of(Category::send), "send, exposed");
    EXPECT_TRUE(name_of(Category::wait) == "waiting" || name_of(Category::wait) == "wait");
}

TEST_F(TimelineViewTest, AnEventHasAllLinesWhileNothingIsSummedUp) {
    show(ring_trace(2, 3));
    view_.resize(420, 700);
    view_.set_current(first_attend());
    const TimelineRows rows(std::make_shared<const Trace>(ring_trace(2, 3)));
    const QString whole = event_lines(rows, *view_.current_event()).join(QStringLiteral("; "));
    const QStringList lines = view_.findChild<QLabel*>()->text().split(QLatin1Char('\n'));
    EXPECT_EQ(lines.join(QStringLiteral("; ")), whole);
    EXPECT_GT(lines.size(), 1);
}

}  // namespace
}  // namespace longscope
