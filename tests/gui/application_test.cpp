// SPDX-License-Identifier: GPL-3.0-or-later
// What is thrown where Qt calls us is told in the page, and nothing is lost.
#include "app/desktop/application.h"

#include <QStandardPaths>
#include <QTest>
#include <QTimer>
#include <stdexcept>

#include "tests/gui/window_fixture.h"
#include "tests/support/leak_check.h"

namespace longscope {
namespace {

class ThrowsWhenPainted : public QWidget {
  public:
    using QWidget::QWidget;

  protected:
    void paintEvent(QPaintEvent* /*event*/) override { throw std::out_of_range("no such row"); }
};

// The first of its bases, so that it is there before the window.
struct OwnApplication {
    OwnApplication() { QStandardPaths::setTestModeEnabled(true); }
    OwnApplication(const OwnApplication&) = delete;
    OwnApplication& operator=(const OwnApplication&) = delete;
    OwnApplication(OwnApplication&&) = delete;
    OwnApplication& operator=(OwnApplication&&) = delete;
    ~OwnApplication() { look_for_leaks(); }

    bool offscreen = qputenv("QT_QPA_PLATFORM", "offscreen");  // before there is an application
    int argc = 1;
    char name[5] = "test";
    char* argv[2] = {name, nullptr};
    Application application{argc, argv};
};

class ApplicationTest : private OwnApplication, public WindowTest {
  protected:
    [[nodiscard]] QString message() const { return window_->messages().text(); }
    [[nodiscard]] bool wait_for_message(const char* words) const {
        return QTest::qWaitFor([&] { return message().contains(QLatin1String(words)); });
    }
};

TEST_F(ApplicationTest, WhatIsThrownInAHandlerIsAMessageAndTheDocumentSurvives) {
    window_->document().edit(QStringLiteral("Change"), {}, [](Json& json) { json["name"] = "kept"; });

    QTimer::singleShot(0, window_.get(), [] { throw std::runtime_error("thrown by a timer"); });
    EXPECT_TRUE(wait_for_message("thrown by a timer")) << message().toStdString();
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);

    QAction& help = action("help.keys");
    QObject::connect(&help, &QAction::triggered, [] { throw std::runtime_error("thrown by a command"); });
    QTest::keyClick(window_.get(), Qt::Key_F1);
    EXPECT_TRUE(wait_for_message("thrown by a command")) << message().toStdString();

    ThrowsWhenPainted painted(window_.get());
    painted.show();
    EXPECT_TRUE(wait_for_message("no such row")) << message().toStdString();
    painted.hide();

    EXPECT_EQ(experiment()["name"], "kept");
    EXPECT_TRUE(window_->isVisible());
    chooser_->answers = {file(QStringLiteral("kept.json"))};
    action("file.save").trigger();
    EXPECT_FALSE(window_->document().modified());
    EXPECT_NE(text_of(file(QStringLiteral("kept.json"))).find("kept"), std::string::npos);
}

}  // namespace
}  // namespace longscope
