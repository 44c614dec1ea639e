// SPDX-License-Identifier: GPL-3.0-or-later
// A window whose program does not lie beside the engine: this test's own program is in a folder of its own.
#include <QFileInfo>
#include <QPushButton>

#include "tests/gui/run_in_window.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

TEST_F(WindowRun, AnEngineThatIsNowhereIsOneLine) {
    ASSERT_FALSE(QFileInfo::exists(QCoreApplication::applicationDirPath() + QStringLiteral("/longscope-engine")));
    const QByteArray path = qgetenv("PATH");
    qputenv("PATH", file(QStringLiteral("empty")).toUtf8());
    action("run.start").trigger();
    qputenv("PATH", path);
    EXPECT_FALSE(status().going_on());
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    EXPECT_NE(message().find("longscope-engine"), std::string::npos) << message();
    EXPECT_EQ(message().find('\n'), std::string::npos) << message();
    EXPECT_TRUE(find<QPushButton>("run").isEnabled());
}

TEST_F(WindowRun, AnEngineIsFoundOnThePath) {
    EXPECT_EQ(RunController::engine_path(), QStringLiteral(LONGSCOPE_BINARY_DIR "/bin/longscope-engine"));
    put_long_experiment(1);
    action("run.start").trigger();
    ASSERT_TRUE(wait_for_end());
    EXPECT_EQ(status().state.toStdString(), "done") << message();
}

}  // namespace
}  // namespace longscope
