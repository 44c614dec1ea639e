// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/window_fixture.h"

#include <QSettings>
#include <QTest>
#include <fstream>

#include "tests/support/paths.h"
#include "widgets/base/colours.h"

namespace longscope {

WindowTest::WindowTest() {
    qputenv("PATH", QByteArray(LONGSCOPE_BINARY_DIR "/bin:") + qgetenv("PATH"));
    qputenv("XDG_CACHE_HOME", file(QStringLiteral("cache")).toUtf8());
    open_window();
}

WindowTest::~WindowTest() = default;

QString WindowTest::file(const QString& name) const {
    return to_qstring((temporary_.path() / name.toStdString()).string());
}

QString WindowTest::put(const QString& name, const std::string& text) const {
    std::ofstream(file(name).toStdString()) << text;
    return file(name);
}

std::string WindowTest::text_of(const QString& path) {
    std::ifstream in(path.toStdString());
    return {std::istreambuf_iterator<char>(in), {}};
}

void WindowTest::open_window() {
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

void WindowTest::wait_for_answer() {
    ASSERT_TRUE(QTest::qWaitFor([this] { return !window_->evaluator().busy(); }, 20'000));
}

}  // namespace longscope
