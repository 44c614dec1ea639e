// SPDX-License-Identifier: GPL-3.0-or-later
// The mask of the experiment beside another one: a preset, a file, what was saved.
#include <QClipboard>
#include <QFile>
#include <QGuiApplication>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTabWidget>
#include <QTest>
#include <QToolButton>

#include "app/desktop/comparison_bar.h"
#include "app/desktop/mask_page.h"
#include "engine/draw/difference_grid.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/pictures.h"
#include "widgets/base/colours.h"
#include "widgets/mask/mask_overlay.h"

namespace longscope {
namespace {

class ComparedMasks : public WindowTest {
  protected:
    ComparedMasks() {
        window_->activateWindow();
        EXPECT_TRUE(QTest::qWaitForWindowActive(window_.get()));
        set_mask(R"({"causal": {}})");
        window_->document().edit(QStringLiteral("Shorten"), {}, [](Json& json) { json["sequence"]["tokens"] = 64; });
        wait_for_answer();
    }
    MaskComparison& comparison() { return window_->mask_page().comparison(); }
    MaskCanvas& canvas() { return window_->mask_page().canvas(); }
    void set_mask(const char* mask) {
        window_->document().edit(QStringLiteral("Mask"), {},
                                 [&](Json& json) { json["mask"] = parse_json(mask, "mask"); });
    }
    void compare_with_preset(const char* name) {
        for (QAction* preset : window_->actions().at(QStringLiteral("view.compare_preset")).menu()->actions()) {
            if (preset->text() == QLatin1String(name)) {
                preset->trigger();
            }
        }
        wait_until_compared();
    }
    void wait_until_compared() {
        wait_for_answer();
        ASSERT_TRUE(QTest::qWaitFor([&] { return !comparison().busy(); }));
    }
    std::string text() { return window_->mask_page().comparison_bar().text().toStdString(); }
    static std::string counts(const std::string& here, const std::string& name, const std::string& there,
                              const std::string& both) {
        return "\u25a0 only here: " + here + "   \u25a0 only in " + name + ": " + there +
               "   \u25a0 both kinds in one pixel   \u25a0 in both: " + both + '\n';
    }
    void expect_beginning(const std::string& begin) { EXPECT_EQ(text().substr(0, begin.size()), begin); }
    void wait_until_sharp() {
        ASSERT_TRUE(QTest::qWaitFor([&] {
            canvas().repaint();
            return canvas().frame_quality().sharp();
        }));
    }
    QColor colour_of(double query, double key) {
        const QPointF at = canvas().plot().topLeft() +
                           QPointF(canvas().viewport().x_of(key + 0.5), canvas().viewport().y_of(query + 0.5));
        return canvas().grab().toImage().pixelColor(at.toPoint());
    }
};

TEST_F(ComparedMasks, CountWhatOnlyOneOfThemKeeps) {
    EXPECT_FALSE(find<QWidget>("comparison_bar").isVisible());
    compare_with_preset("full");
    EXPECT_TRUE(find<QWidget>("comparison_bar").isVisible());
    EXPECT_EQ(
        text(),
        counts("0", "full", "2,016", "2,080") +
            "63 of 64 queries see other keys; query 0: here [0, 1), there [0, 64); query 1: here [0, 2), there [0, "
            "64); query 2: here [0, 3), there [0, 64); query 3: here [0, 4), there [0, 64); query 4: here [0, 5), "
            "there [0, 64)");
    EXPECT_TRUE(canvas().accessibleDescription().contains(QStringLiteral("beside full")));
    wait_until_sharp();
    const std::array<Colour, 3> kinds = difference_colours(light_theme());
    EXPECT_EQ(colour_of(10, 50), to_qcolor(kinds[1]));
    EXPECT_EQ(colour_of(50, 10), to_qcolor(agreement_ramp(light_theme()).back()));
    const QPointF pair =
        canvas().plot().topLeft() + QPointF(canvas().viewport().x_of(50.5), canvas().viewport().y_of(10.5));
    EXPECT_TRUE(canvas().text_at(pair).startsWith(QStringLiteral("query 10, key 50: kept only in full")));
}

TEST_F(ComparedMasks, HaveAllCountsInSightInASmallWindow) {
    window_->resize(1000, 700);
    window_->document().edit(QStringLiteral("Lengthen"), {},
                             [](Json& json) { json["sequence"]["tokens"] = 1'048'576; });
    compare_with_preset("causal_sliding_window");
    const auto& counts = find<QLabel>("difference_counts");
    EXPECT_TRUE(QTest::qWaitFor([&] {
        return counts.heightForWidth(counts.width()) <= counts.height() &&
               counts.geometry().bottom() < find<QWidget>("differing_rows").geometry().top();
    })) << counts.width()
        << " x " << counts.height() << " pixels";
}

TEST_F(ComparedMasks, FollowEveryEdit) {
    compare_with_preset("causal");
    EXPECT_EQ(text(), counts("0", "causal", "0", "2,080") + "The two masks are equal.");
    set_mask(R"({"window": {"left": 0, "right": 1}})");
    wait_until_compared();
    expect_beginning(counts("63", "causal", "2,016", "64"));
    window_->document().edit(QStringLiteral("Break"), {}, [](Json& json) { json["mask"] = "odd"; });
    wait_until_compared();
    expect_beginning("Not compared with causal: ");
    window_->document().undo_stack().undo();
    wait_until_compared();
    expect_beginning(counts("63", "causal", "2,016", "64"));
    find<QPushButton>("end_comparison").click();
    EXPECT_FALSE(find<QWidget>("comparison_bar").isVisible());
    EXPECT_FALSE(action("view.compare_end").isEnabled());
    EXPECT_EQ(canvas().shown()->difference, nullptr);
}

TEST_F(ComparedMasks, MayBeWhatWasSavedLast) {
    chooser_->answers = {file(QStringLiteral("saved.json"))};
    action("file.save").trigger();
    set_mask(R"({"window": {"left": 1, "right": 0}})");
    wait_for_answer();
    QTest::keyClick(window_.get(), Qt::Key_D, Qt::ControlModifier);
    wait_until_compared();
    expect_beginning(counts("0", "the last save", "1,953", "127"));
    action("file.save").trigger();
    wait_until_compared();
    EXPECT_TRUE(text().find("The two masks are equal.") != std::string::npos) << text();
}

TEST_F(ComparedMasks, MayBeInAFileOrInAnotherExperiment) {
    const auto compare_with = [&](const QString& path) {
        chooser_->answers = {path};
        action("view.compare_file").trigger();
        wait_until_compared();
    };
    compare_with(put(QStringLiteral("mask.json"), R"({"full": {}})"));
    expect_beginning(counts("0", "mask.json", "2,016", "2,080"));
    Json other = experiment();
    other["mask"] = parse_json(R"({"window": {"left": 0, "right": 0}})", "mask");
    other["sequence"]["tokens"] = 4096;
    compare_with(put(QStringLiteral("other.json"), other.dump()));
    expect_beginning(counts("2,016", "other.json", "0", "64"));  // its mask, over these tokens
    compare_with(put(QStringLiteral("odd.json"), R"({"fool": {}})"));
    expect_beginning("Not compared with odd.json: mask");
    EXPECT_EQ(canvas().shown()->difference, nullptr) << "the mask of the experiment is there all the same";
    compare_with(file(QStringLiteral("missing.json")));
    expect_beginning("Not compared with missing.json: ");
    compare_with({});
    expect_beginning("Not compared with missing.json: ");  // the user thought better of it
}

TEST_F(ComparedMasks, AreGoneThroughPlaceByPlace) {
    // Two windows and one pair elsewhere: three places.
    const QString other = put(QStringLiteral("other.json"), R"({"or": [{"causal": {}}, {"zones": {"zones": [
        [2, 4, 30, 32, -64, 64], [40, 41, 50, 51, -64, 64], [40, 42, 61, 63, -64, 64]]}}]})");
    EXPECT_FALSE(action("view.next_difference").isEnabled()) << "nothing is compared";
    chooser_->answers = {other};
    action("view.compare_file").trigger();
    wait_until_compared();
    const std::vector<Box> places{{{2, 4}, {30, 32}}, {{40, 41}, {50, 51}}, {{40, 42}, {61, 63}}};
    const auto& told = find<QLabel>("difference_place");
    EXPECT_EQ(told.text(), QStringLiteral("3 places"));
    const auto comes = [&](std::size_t place) {
        return QTest::qWaitFor([&] { return canvas().selection() == places[place]; }, 5000) &&
               told.text() == QStringLiteral("place %1 of 3").arg(place + 1);
    };
    const auto in_the_middle = [&](std::size_t place) {
        const Box view = canvas().viewport().visible();
        return view.q.begin <= places[place].q.begin && view.q.end >= places[place].q.end &&
               view.k.begin <= places[place].k.begin && view.k.end >= places[place].k.end;
    };
    window_->tabs().setCurrentIndex(1);
    for (const std::size_t place : {0U, 1U, 2U, 0U}) {
        QTest::keyClick(window_.get(), Qt::Key_F7);
        EXPECT_TRUE(comes(place)) << told.text().toStdString();
        EXPECT_TRUE(in_the_middle(place));
    }
    EXPECT_EQ(window_->tabs().currentIndex(), 0) << "where they are seen";
    EXPECT_TRUE(QTest::qWaitFor([&] { return window_->mask_page().summary().contains(QStringLiteral("4 only in")); }))
        << window_->mask_page().summary().toStdString();
    QTest::keyClick(window_.get(), Qt::Key_F7, Qt::ShiftModifier);
    EXPECT_TRUE(comes(2));
    find<QToolButton>("previous_difference").click();
    EXPECT_TRUE(comes(1));
    find<QToolButton>("next_difference").click();
    EXPECT_TRUE(comes(2));
    // Without the place that is shown, the one after it is next.
    set_mask(R"({"or": [{"causal": {}}, {"zones": {"zones": [[40, 42, 61, 63, -64, 64]]}}]})");
    wait_until_compared();
    EXPECT_EQ(told.text(), QStringLiteral("2 places"));
    QTest::keyClick(window_.get(), Qt::Key_F7);
    EXPECT_TRUE(QTest::qWaitFor([&] { return canvas().selection() == places[0]; }, 5000))
        << "behind the last the first";
    // Equal masks differ nowhere.
    set_mask(R"({"or": [{"causal": {}}, {"zones": {"zones": [
        [2, 4, 30, 32, -64, 64], [40, 41, 50, 51, -64, 64], [40, 42, 61, 63, -64, 64]]}}]})");
    wait_until_compared();
    EXPECT_EQ(told.text(), QString());
    EXPECT_FALSE(action("view.next_difference").isEnabled());
    EXPECT_FALSE(find<QToolButton>("next_difference").isEnabled());
}

TEST_F(ComparedMasks, AreSummedUpCopiedAndSaved) {
    compare_with_preset("full");
    canvas().select(Box{{0, 8}, {0, 64}});
    ASSERT_TRUE(QTest::qWaitFor([&] { return !window_->mask_page().summary().isEmpty(); }));
    EXPECT_EQ(window_->mask_page().summary(),
              QStringLiteral("0 pairs only here, 476 only in full, 36 in both, in queries 0 - 7, keys 0 - 63"));
    chooser_->answers = {file(QStringLiteral("part.csv")), file(QStringLiteral("both.svg"))};
    action("file.export").trigger();
    action("file.export").trigger();
    ASSERT_TRUE(QTest::qWaitFor([&] { return QFile::exists(file(QStringLiteral("both.svg"))); }, 20'000));
    const std::string csv = text_of(file(QStringLiteral("part.csv")));
    EXPECT_EQ(
        csv.rfind("query_begin,query_end,key_begin,key_end,both,only_here,only_there\n0,1,0,1,1,0,0\n0,1,1,2,0,0,1\n",
                  0),
        0U)
        << csv.substr(0, 200);
    const std::string svg = text_of(file(QStringLiteral("both.svg")));
    EXPECT_NE(svg.find("only B: 2,016"), std::string::npos);
    action("file.copy_view").trigger();
    EXPECT_TRUE(QTest::qWaitFor([] { return !QGuiApplication::clipboard()->image().isNull(); }));
}

TEST_F(ComparedMasks, AreReachedFromThePage) {
    auto& button = find<QToolButton>("compare_mask");
    ASSERT_NE(button.menu(), nullptr);
    EXPECT_EQ(button.menu()->actions().size(), 6);
    EXPECT_EQ(button.menu()->actions().first(), &action("view.compare_saved"));
    EXPECT_NE(button.focusPolicy() & Qt::TabFocus, 0);
}

TEST_F(ComparedMasks, AreDrawnForPeopleToLookAt) {
    window_->document().edit(QStringLiteral("Documents"), {}, [](Json& json) {
        json["sequence"]["tokens"] = 16'384;
        json["sequence"]["lengths"] = {{"list", {5120, 3072, 6144, 2048}}};
    });
    set_mask(
        R"({"or": [{"and": [{"causal": {}}, {"documents": {}}]}, {"global_tokens": {"tokens": 400, "axis": "columns"}}]})");
    compare_with_preset("causal_sliding_window");
    EXPECT_EQ(canvas().plot().left(), mask_overlay::plot_of(canvas().size(), false).left())
        << "ranks have the colours of the differences";
    for (const bool dark : {false, true}) {
        window_->appearance().set_mode(dark ? Appearance::Mode::dark : Appearance::Mode::light);
        wait_until_sharp();
        const QImage picture = render_at(*window_, 1);
        save_picture(picture, QStringLiteral("window-compare-masks"), dark, 1);
        EXPECT_GT(count_colours(picture), 20);
    }
    window_->resize(1000, 700);
    QCoreApplication::processEvents();
    save_picture(render_at(*window_, 1), QStringLiteral("window-compare-masks-small"), true, 1);
}

}  // namespace
}  // namespace longscope
