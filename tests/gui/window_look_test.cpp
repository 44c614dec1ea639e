// SPDX-License-Identifier: GPL-3.0-or-later
// What the views say about what they show.
#include <QLabel>
#include <QTest>

#include "app/desktop/mask_page.h"
#include "app/desktop/timeline_page.h"
#include "tests/gui/window_session.h"
#include "tests/support/fixture_database.h"
#include "tests/support/mouse.h"
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
            EXPECT_EQ(message.contains(QStringLiteral(".png")), tab != 2 && tab != 3) << message.toStdString();
            EXPECT_FALSE(QFile::exists(file(QLatin1String(name))));
        }
    }
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
