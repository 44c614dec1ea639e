// SPDX-License-Identifier: GPL-3.0-or-later
// A real main window with settings, a database and answers to its dialogs of its own.
#pragma once

#include <gtest/gtest.h>

#include <QDir>
#include <QSettings>
#include <QTest>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/desktop/main_window.h"
#include "engine/experiment/experiment.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"
#include "widgets/base/colours.h"

namespace longscope {

// Answers what was put in before, in order; with nothing left, as a user who thought better of it.
class ScriptedChooser : public FileChooser {
  public:
    std::deque<QString> answers;

    QString to_open(QWidget& /*window*/, const QString& /*title*/, const QString& /*filters*/) override {
        return next();
    }
    QString to_save(QWidget& /*window*/, const QString& /*title*/, const QString& /*suggestion*/,
                    const QString& /*filters*/) override {
        return next();
    }

  private:
    QString next() {
        if (answers.empty()) {
            return {};
        }
        const QString answer = answers.front();
        answers.pop_front();
        return answer;
    }
};

class WindowTest : public testing::Test {
  protected:
    // The engine lies beside the programs that are built, not beside this test.
    WindowTest() {
        qputenv("PATH", QByteArray(LONGSCOPE_BINARY_DIR "/bin:") + qgetenv("PATH"));
        qputenv("XDG_CACHE_HOME", file("cache").toUtf8());
        open_window();
    }

    [[nodiscard]] QString file(const QString& name) const {
        return to_qstring((temporary_.path() / name.toStdString()).string());
    }
    [[nodiscard]] QString put(const QString& name, const std::string& text) const {
        std::ofstream(file(name).toStdString()) << text;
        return file(name);
    }
    [[nodiscard]] std::string text_of(const QString& path) const {
        std::ifstream in(path.toStdString());
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void open_window() {
        WindowOptions options;
        options.database = file(QStringLiteral("results.db")).toStdString();
        options.settings = std::make_unique<QSettings>(file(QStringLiteral("settings.ini")), QSettings::IniFormat);
        auto chooser = std::make_unique<ScriptedChooser>();
        chooser_ = chooser.get();
        options.chooser = std::move(chooser);
        window_ = std::make_unique<MainWindow>(std::move(options));
        window_->resize(1440, 900);
        window_->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
        wait_for_answer();
    }
    // The document has been worked out, or refused.
    void wait_for_answer() {
        ASSERT_TRUE(QTest::qWaitFor([&] { return !window_->evaluator().busy(); }, 20'000));
    }
    [[nodiscard]] Json experiment() const { return window_->document().json(); }
    QAction& action(const char* id) { return window_->actions().at(QLatin1String(id)); }

    template <typename Widget>
    Widget& find(const char* name) {
        auto* found = window_->findChild<Widget*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }

    TemporaryFolder temporary_;
    ScriptedChooser* chooser_ = nullptr;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace longscope
