// SPDX-License-Identifier: GPL-3.0-or-later
// A real main window with settings, a database and answers to its dialogs of its own.
#pragma once

#include <gtest/gtest.h>

#include <QDir>
#include <QSettings>
#include <deque>
#include <nlohmann/json.hpp>

#include "app/desktop/main_window.h"
#include "tests/support/temporary_folder.h"

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
        QString answer = answers.front();
        answers.pop_front();
        return answer;
    }
};

class WindowTest : public testing::Test {
  public:
    ~WindowTest() override;

  protected:
    // Opens a window. The engine lies beside the programs that are built, not beside this test.
    WindowTest();

    // In a folder of this test's own.
    [[nodiscard]] QString file(const QString& name) const;
    [[nodiscard]] QString put(const QString& name, const std::string& text) const;
    [[nodiscard]] static std::string text_of(const QString& path);

    // A new window with the same settings and database as the one before, which must be gone.
    void open_window();
    // Until the document has been worked out, or refused.
    void wait_for_answer();
    [[nodiscard]] Json experiment() const { return window_->document().json(); }
    [[nodiscard]] QAction& action(const char* id) const { return window_->actions().at(QLatin1String(id)); }

    template <typename Widget>
    Widget& find(const char* name) const {
        auto* found = window_->findChild<Widget*>(QLatin1String(name));
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }

    TemporaryFolder temporary_;
    ScriptedChooser* chooser_ = nullptr;
    std::unique_ptr<MainWindow> window_;
};

}  // namespace longscope
