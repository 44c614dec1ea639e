// SPDX-License-Identifier: GPL-3.0-or-later
// What the views say about what they show.
#include <SQLiteCpp/SQLiteCpp.h>
#include <QClipboard>
#include <QComboBox>
#include <QFrame>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QTest>

#include "app/desktop/mask_page.h"
#include "app/desktop/stored_run_loader.h"
#include "app/desktop/timeline_page.h"
#include "storage/run_edit.h"
#include "storage/run_query.h"
#include "tests/gui/window_session.h"
#include "tests/support/device_trace.h"
#include "tests/support/fixture_database.h"
#include "tests/support/mouse.h"
#include "tests/support/sample_run.h"
#include "widgets/base/elided_label.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/roofline_view.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

class WindowLook : public WindowTest {
  protected:
    void show_a_run() {
        make_fixture_database(file(QStringLiteral("runs.db")).toStdString());
        window_->open_file(file(QStringLiteral("runs.db")));
        ASSERT_TRUE(QTest::qWaitFor([&] { return window_->results().model().rowCount() == 2; }));
        window_->results().select_runs({1});
        action("run.open").trigger();
        ASSERT_TRUE(QTest::qWaitFor([&] { return window_->timeline_page().has_trace(); }));
        ASSERT_EQ(window_->tabs().currentWidget(), &window_->timeline_page());
        QCoreApplication::processEvents();
    }
    // As nobody but its owner would.
    void change_database(const char* sql) {
        SQLite::Database database(file(QStringLiteral("runs.db")).toStdString(), SQLite::OPEN_READWRITE);
        database.exec(sql);
    }
    void look_at(std::int64_t run) {
        RunTable& results = window_->results();
        window_->tabs().setCurrentWidget(&results);
        results.view().setCurrentIndex(results.model().index(results.model().row_of(run), 1));
        window_->messages().clear();
        results.row_actions().at(1)->trigger();
        ASSERT_TRUE(QTest::qWaitFor([&] { return !window_->messages().text().isEmpty(); }, 5000));
        EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("of run %1").arg(run)))
            << window_->messages().text().toStdString();
        EXPECT_TRUE(window_->timeline_page().caption().startsWith(QStringLiteral("run %1,").arg(run)));
        EXPECT_EQ(window_->tabs().currentWidget(), &window_->timeline_page());
    }
};

TEST_F(WindowLook, AllThatIsUnderThePointerIsReadInASmallWindow) {
    window_->document().take_over(million_token_experiment());
    wait_for_answer();
    window_->resize(1000, 700);
    QCoreApplication::processEvents();
    MaskCanvas& canvas = window_->mask_page().canvas();
    const QPointF at = canvas.plot().center() + QPointF(50, 60);
    send_mouse(canvas, QEvent::MouseMove, at, Qt::NoButton, Qt::NoButton);
    const auto& line = find<QLabel>("under_pointer");
    ASSERT_EQ(line.text(), canvas.text_at(at));
    ASSERT_FALSE(line.text().isEmpty()) << at.x() << ", " << at.y() << " of " << canvas.width() << " x "
                                        << canvas.height() << window_->evaluator().refusal().toStdString();
    ASSERT_TRUE(line.text().contains(QStringLiteral("tile "))) << line.text().toStdString();
    ASSERT_TRUE(line.text().contains(QStringLiteral("ranks "))) << line.text().toStdString();
    EXPECT_LE(line.fontMetrics()
                  .boundingRect(QRect(0, 0, line.contentsRect().width(), 999), Qt::TextWordWrap, line.text())
                  .height(),
              line.height())
        << line.text().toStdString() << " in " << line.width();
    const QString before = line.text();
    canvas.zoom_in();
    EXPECT_NE(line.text(), before);
    EXPECT_EQ(line.text(), canvas.text_at(at));
}

TEST_F(WindowLook, TheMaskOfEachHeadIsShownWhereTheyDiffer) {
    Json differing = million_token_experiment();
    differing["shape"]["query_heads"] = 8;
    differing["shape"]["key_value_heads"] = 4;
    differing["mask"] = parse_json(R"({"per_heads": {
        "assignments": [{"heads": [[1, 3], [6, 7]], "mask": {"window": {"left": 9, "right": 0}}}],
        "otherwise": {"causal": {}}}})",
                                   "test");
    window_->document().take_over(differing);
    wait_for_answer();
    const std::int64_t tokens = differing["sequence"]["tokens"].get<std::int64_t>();
    const std::int64_t causal = tokens * (tokens + 1) / 2;
    const std::int64_t window = 10 * tokens - 45;
    const auto shown_pairs = [&] { return window_->mask_page().canvas().shown()->draw.mask->pairs(); };
    ASSERT_TRUE(find<QFrame>("head_bar").isVisible());
    EXPECT_EQ(shown_pairs(), causal);
    auto& head = find<QSpinBox>("shown_head");
    EXPECT_EQ(head.maximum(), 7);
    head.setValue(6);
    EXPECT_EQ(shown_pairs(), window);
    EXPECT_EQ(find<ElidedLabel>("heads_alike").text(),
              QStringLiteral("one of 2 different masks, that of heads 1-2, 6"));
    // The costs are those of all heads, whichever is shown.
    EXPECT_EQ(window_->evaluator().current()->cost.pairs, (5 * causal + 3 * window + 4) / 8);
    differing["shape"]["query_heads"] = 4;
    window_->document().take_over(differing);
    wait_for_answer();
    EXPECT_EQ(head.value(), 3);
    EXPECT_EQ(shown_pairs(), causal);
    differing["mask"] = parse_json(R"({"full": {}})", "test");
    window_->document().take_over(differing);
    wait_for_answer();
    EXPECT_TRUE(find<QFrame>("head_bar").isHidden());
    EXPECT_EQ(shown_pairs(), tokens * tokens);
}

TEST_F(WindowLook, KernelsOfADeviceStandUnderItsRoof) {
    {
        Database database(file(QStringLiteral("runs.db")).toStdString());
        RunStore store(database);
        RunRecord record = sample_record();
        record.backend = "opencl";
        record.ranks = 1;
        record.environment = environment_with_a_device;
        const std::int64_t run = store.begin_run(record);
        RepetitionRecord repetition = sample_repetition(0, true, 1);
        repetition.ranks.resize(1);
        repetition.events = both_passes_on_a_device().events;
        store.add_repetition(store.add_draw(run, sample_draw(0)), repetition);
        store.end_run(run, RunState::done, "");
        store_sample_run(store);
    }
    window_->open_file(file(QStringLiteral("runs.db")));
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->results().model().rowCount() == 2; }));
    look_at(1);
    ASSERT_TRUE(window_->roofline().has_picture()) << window_->roofline().empty_text().toStdString();
    EXPECT_TRUE(window_->roofline().figures().contains(QStringLiteral("attend_backward: 1 launch")));
    window_->tabs().setCurrentWidget(&window_->roofline());
    for (const char* name : {"roofline.csv", "roofline.svg"}) {
        chooser_->answers = {file(QLatin1String(name))};
        action("file.export").trigger();
        EXPECT_TRUE(QTest::qWaitFor([&] { return window_->messages().text().contains(QLatin1String(name)); })) << name;
        EXPECT_TRUE(QFile::exists(file(QLatin1String(name))));
    }
    look_at(2);
    EXPECT_FALSE(window_->roofline().has_picture());
    EXPECT_TRUE(window_->roofline().empty_text().startsWith(QStringLiteral("no device computed")))
        << window_->roofline().empty_text().toStdString();
}

TEST_F(WindowLook, AnEndingThatIsNotKnownNamesThoseThatAre) {
    show_a_run();
    for (int tab = 0; tab < window_->tabs().count(); ++tab) {
        window_->tabs().setCurrentIndex(tab);
        for (const char* name : {"view.gif", "view"}) {
            window_->messages().clear();
            chooser_->answers = {file(QLatin1String(name))};
            action("file.export").trigger();
            const QString message = window_->messages().text();
            EXPECT_TRUE(message.contains(QStringLiteral(".csv"))) << tab << ": " << message.toStdString();
            EXPECT_EQ(message.contains(QStringLiteral(".png")), tab != 3 && tab != 4) << message.toStdString();
            EXPECT_FALSE(QFile::exists(file(QLatin1String(name))));
        }
    }
}

TEST_F(WindowLook, AnotherDrawOrRepetitionIsChosen) {
    show_a_run();
    window_->tabs().setCurrentWidget(&window_->timeline_page());
    const Json before = experiment();
    auto& draw = find<QComboBox>("shown_draw");
    auto& repetition = find<QComboBox>("shown_repetition");
    ASSERT_TRUE(draw.isVisible());
    ASSERT_EQ(draw.count(), 2);
    ASSERT_EQ(repetition.count(), 2);
    EXPECT_EQ(draw.currentText(), QStringLiteral("Draw 1 of 2"));
    EXPECT_TRUE(repetition.currentText().contains(QStringLiteral("median"))) << repetition.currentText().toStdString();
    const auto choose = [&](QComboBox& box, int index, const char* caption) {
        box.setCurrentIndex(index);
        Q_EMIT box.activated(index);
        EXPECT_TRUE(
            QTest::qWaitFor([&] { return window_->timeline_page().caption().contains(QLatin1String(caption)); }, 5000))
            << window_->timeline_page().caption().toStdString();
    };
    choose(draw, 1, "draw 2 of 2, repetition");
    choose(repetition, 0, "draw 2 of 2, repetition 1:");
    choose(repetition, 1, "draw 2 of 2, repetition 2:");
    EXPECT_TRUE(window_->findChild<RankChart*>()->title().contains(QStringLiteral("draw 2 of 2, repetition 2")))
        << "both views are of the same";
    EXPECT_EQ(experiment(), before);
    window_->tabs().setCurrentIndex(0);
    EXPECT_FALSE(draw.isVisible()) << "the mask is that of the experiment";
}

TEST_F(WindowLook, ARunIsLookedAtBesideTheExperiment) {
    show_a_run();
    window_->document().start_new();
    wait_for_answer();
    const Json before = experiment();
    look_at(2);
    EXPECT_EQ(experiment(), before);
    const ShownMask& shown = *window_->mask_page().canvas().shown();
    EXPECT_EQ(shown.draw.experiment.layout.ranks, 3);
    EXPECT_EQ(shown.owners->ranks(), 3);
    const auto stored = load_run_with_mask(file(QStringLiteral("runs.db")).toStdString(), 2);
    EXPECT_EQ(shown.draw.mask->pairs(), stored.mask->draw.mask->pairs());
    EXPECT_NE(shown.draw.mask->pairs(), window_->evaluator().current()->cost.pairs);
    EXPECT_TRUE(find<QLabel>("looked_at").text().startsWith(QStringLiteral("Mask of run 2")));
    find<QPushButton>("message_action").click();
    EXPECT_TRUE(QTest::qWaitFor([&] { return experiment()["layout"]["ranks"] == 3; }, 5000))
        << "on request it is opened";
    wait_for_answer();
    EXPECT_FALSE(window_->mask_page().looking()) << "now it is the experiment's";
}

TEST_F(WindowLook, TheMaskOfARunGoesWhenTheExperimentIsWanted) {
    show_a_run();
    window_->document().start_new();
    wait_for_answer();
    MaskPage& page = window_->mask_page();
    const auto shows_the_experiment = [&] {
        wait_for_answer();
        return !page.looking() && find<QFrame>("look_bar").isHidden() &&
               page.canvas().shown() == window_->evaluator().current()->mask;
    };
    look_at(2);
    window_->tabs().setCurrentWidget(&page);
    ASSERT_TRUE(find<QFrame>("look_bar").isVisible());
    find<QPushButton>("end_look").click();
    EXPECT_TRUE(shows_the_experiment());
    look_at(2);
    window_->document().edit(QStringLiteral("Change"), {}, [](Json& json) { json["layout"]["ranks"] = 5; });
    EXPECT_TRUE(shows_the_experiment()) << "who edits sees the edit";
    look_at(2);
    find<QPushButton>("compare_looked_at").click();
    ASSERT_TRUE(QTest::qWaitFor([&] { return page.comparison().current() != nullptr; }, 5000))
        << page.comparison().refusal().toStdString();
    EXPECT_FALSE(page.looking());
    EXPECT_EQ(page.comparison().name(), QStringLiteral("run 2"));
    EXPECT_EQ(page.canvas().shown(), page.comparison().current());
    look_at(1);
    EXPECT_FALSE(page.comparison().active());
    EXPECT_TRUE(page.looking());
}

TEST_F(WindowLook, TheMaskFollowsTheDrawThatIsChosen) {
    show_a_run();
    change_database("UPDATE draw SET lengths = '[20,76]' WHERE run = 2 AND number = 1");
    window_->document().start_new();
    wait_for_answer();
    look_at(2);
    window_->tabs().setCurrentWidget(&window_->mask_page());
    auto& draw = find<QComboBox>("shown_draw");
    ASSERT_GE(draw.count(), 2);
    EXPECT_TRUE(draw.isVisible());
    const auto documents = [&] { return window_->mask_page().canvas().shown()->draw.domain.cu_seqlens; };
    const auto first = documents();
    draw.setCurrentIndex(1);
    Q_EMIT draw.activated(1);
    EXPECT_TRUE(QTest::qWaitFor([&] { return documents() != first; }, 5000));
    EXPECT_TRUE(find<QLabel>("looked_at").text().contains(QStringLiteral("draw 2 of")));
}

// Damaged, or of another version.
TEST_F(WindowLook, ARunWhoseMaskCannotBeReadIsLookedAtWithoutIt) {
    show_a_run();
    change_database("UPDATE experiment SET document = json_set(document, '$.mask', json('{\"no_such_leaf\": {}}'))");
    look_at(2);
    EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("no_such_leaf")));
    EXPECT_FALSE(window_->mask_page().looking());
}

TEST_F(WindowLook, TagsAreEditedInTheTable) {
    show_a_run();
    window_->tabs().setCurrentWidget(&window_->results());
    RunTableModel& model = window_->results().model();
    const auto tags = [&] { return model.index(model.row_of(2), static_cast<int>(RunColumn::tags)); };
    const auto type = [&](const QString& text) {
        window_->results().view().setCurrentIndex(model.index(model.row_of(2), 0));
        window_->results().row_actions().at(3)->trigger();
        auto* editor = window_->results().view().findChild<QLineEdit*>();
        ASSERT_NE(editor, nullptr);
        editor->setText(text);
        QTest::keyClick(editor, Qt::Key_Return);
    };
    const auto become = [&](const QString& text) {
        return QTest::qWaitFor([&] { return model.data(tags(), RunTableModel::raw_role).toString() == text; }, 5000);
    };
    type(QStringLiteral("slow, baseline"));
    EXPECT_TRUE(become(QStringLiteral("baseline, slow"))) << window_->messages().text().toStdString();
    type(QStringLiteral("baseline,quiet"));
    EXPECT_TRUE(become(QStringLiteral("baseline, quiet"))) << window_->messages().text().toStdString();
    type(QString(300, QLatin1Char('t')));
    EXPECT_TRUE(QTest::qWaitFor([&] { return window_->messages().kind() == MessageBar::Kind::error; }, 5000));
    EXPECT_FALSE(model.flags(model.index(0, 1)).testFlag(Qt::ItemIsEditable));
}

TEST_F(WindowLook, NotesAreEditedInTheTable) {
    show_a_run();
    window_->tabs().setCurrentWidget(&window_->results());
    RunTableModel& model = window_->results().model();
    QTableView& table = window_->results().view();
    const auto shown = [&] {
        const QModelIndex note = model.index(model.row_of(2), static_cast<int>(RunColumn::note));
        return model.data(note, RunTableModel::raw_role).toString();
    };
    const auto stored = [&] {
        Database database(file(QStringLiteral("runs.db")).toStdString(), OpenMode::read_only);
        return QString::fromStdString(read_run(database, 2).note);
    };
    const auto editor = [&]() -> QLineEdit& {
        table.setCurrentIndex(model.index(model.row_of(2), 0));
        for (QAction* edit : window_->results().row_actions()) {
            if (edit->text() == QLatin1String("Edit note")) {
                edit->trigger();
            }
        }
        auto* found = qobject_cast<QLineEdit*>(
            table.indexWidget(model.index(model.row_of(2), static_cast<int>(RunColumn::note))));
        EXPECT_NE(found, nullptr);
        return *found;
    };
    const auto wait_for = [&](const QString& text) {
        return QTest::qWaitFor([&] { return shown() == text; }, 5000) && stored() == text;
    };
    // Return saves.
    QLineEdit* line = &editor();
    line->setText(QStringLiteral("first, with the new kernel"));
    QTest::keyClick(line, Qt::Key_Return);
    EXPECT_TRUE(wait_for(QStringLiteral("first, with the new kernel"))) << window_->messages().text().toStdString();
    // Esc gives up what was typed.
    line = &editor();
    EXPECT_EQ(line->text(), QStringLiteral("first, with the new kernel"));
    line->setText(QStringLiteral("a mistake"));
    QTest::keyClick(line, Qt::Key_Escape);
    EXPECT_EQ(shown(), QStringLiteral("first, with the new kernel"));
    EXPECT_FALSE(table.selectionModel()->selectedRows().isEmpty()) << "Esc ended the editing, and nothing else";
    // Who goes elsewhere has finished.
    line = &editor();
    line->setText(QStringLiteral("second"));
    find<QLineEdit>("name").setFocus();
    EXPECT_TRUE(wait_for(QStringLiteral("second")));
    // Two in a row are both written.
    for (const char* text : {"third", ""}) {
        line = &editor();
        line->setText(QLatin1String(text));
        QTest::keyClick(line, Qt::Key_Return);
    }
    EXPECT_TRUE(wait_for(QString())) << "an empty one is none";
}

TEST_F(WindowLook, ANoteThatCannotBeWrittenIsSaidInThePage) {
    show_a_run();
    {
        Database database(file(QStringLiteral("runs.db")).toStdString());
        set_note(database, 2, std::string(5000, 'n'));
    }
    window_->results().refresh();
    window_->tabs().setCurrentWidget(&window_->results());
    RunTableModel& model = window_->results().model();
    const QModelIndex note = model.index(model.row_of(2), static_cast<int>(RunColumn::note));
    ASSERT_TRUE(QTest::qWaitFor([&] { return model.data(note, Qt::EditRole).toString().size() == 4000; }, 5000));
    model.setData(note, QStringLiteral("short"), Qt::EditRole);
    ASSERT_TRUE(QTest::qWaitFor([&] { return window_->messages().kind() == MessageBar::Kind::error; }, 5000));
    EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("note of run 2")));
    Database database(file(QStringLiteral("runs.db")).toStdString(), OpenMode::read_only);
    EXPECT_EQ(read_run(database, 2).note.size(), 5000U) << "what nobody has seen is not lost";
}

TEST_F(WindowLook, RunsAreDeletedAfterAQuestion) {
    show_a_run();
    const RunTableModel& model = window_->results().model();
    window_->results().select_runs({1});
    window_->results().row_actions().back()->trigger();
    EXPECT_TRUE(window_->messages().text().contains(QStringLiteral("Delete run 1 ")));
    EXPECT_EQ(model.rowCount(), 2);
    find<QPushButton>("message_action").click();
    ASSERT_TRUE(QTest::qWaitFor([&] { return model.rowCount() == 1; }, 5000))
        << window_->messages().text().toStdString();
    EXPECT_EQ(model.run_at(0), 2);
}

TEST_F(WindowLook, ACopyOfTheMaskHasTitleAndLegend) {
    window_->tabs().setCurrentIndex(0);
    wait_for_answer();
    QGuiApplication::clipboard()->clear();
    action("file.copy_view").trigger();
    ASSERT_TRUE(QTest::qWaitFor([] { return !QGuiApplication::clipboard()->image().isNull(); }, 5000));
    const QImage copy = QGuiApplication::clipboard()->image();
    EXPECT_EQ(copy.width(), 2 * 1100) << "as it is exported";
    const QRgb background = copy.pixel(1, 1);
    const auto has_ink = [&](const QRect& part) {
        for (int y = part.top(); y < part.bottom(); ++y) {
            for (int x = part.left(); x < part.right(); ++x) {
                if (copy.pixel(x, y) != background) {
                    return true;
                }
            }
        }
        return false;
    };
    EXPECT_TRUE(has_ink({0, 0, copy.width(), 60})) << "a title on top";
    EXPECT_FALSE(has_ink({0, 0, copy.width(), 3})) << "no frame";
}

TEST_F(WindowLook, TheTimelineSaysEverythingOnceAndKeepsItsPlace) {
    show_a_run();
    TimelineView& view = window_->timeline_page().view();
    const QSize before = view.viewport()->size();
    QString shown;
    for (const QLabel* label : window_->timeline_page().findChildren<QLabel*>()) {
        EXPECT_FALSE(label->text().isEmpty()) << label->accessibleName().toStdString();
    }
    view.set_current(EventPlace{0, 0});
    const TimeWindow all = view.scale().extent();
    view.select(TimeWindow{all.begin_ns, all.begin_ns + all.length_ns() / 2});
    QCoreApplication::processEvents();
    EXPECT_FALSE(view.summary().isEmpty());
    EXPECT_EQ(view.viewport()->size(), before);
    for (const QLabel* label : window_->timeline_page().findChildren<QLabel*>()) {
        shown += label->isVisible() ? label->text() : QString();
    }
    EXPECT_EQ(shown.count(view.summary().first()), 1) << shown.toStdString();
    EXPECT_TRUE(window_->timeline_page().caption().contains(QStringLiteral("until the last rank is done")));
}

}  // namespace
}  // namespace longscope
