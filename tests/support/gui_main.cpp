// SPDX-License-Identifier: GPL-3.0-or-later
// Runs tests inside an application with a fixed style and font, which never touches the settings of its user. Warnings
// of Qt about our use of it are failures.
#include <gtest/gtest.h>

#include <QApplication>
#include <QFont>
#include <QStandardPaths>
#include <QString>

#include "tests/support/leak_check.h"

namespace {

void fail_on_warnings(QtMsgType type, const QMessageLogContext& /*context*/, const QString& message) {
    // The platform without a display says this of every window that asks for a size hint, and of tooltips.
    const bool harmless = message.contains(QLatin1String("This plugin does not support propagateSizeHints")) ||
                          message.contains(QLatin1String("This plugin does not support raise()"));
    if (type == QtDebugMsg || type == QtInfoMsg || harmless) {
        return;
    }
    ADD_FAILURE() << "Qt: " << message.toStdString();
}

}  // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
    }
#ifdef __SANITIZE_ADDRESS__
    // For the engines that are started here: tests/CMakeLists.txt says why.
    qputenv("ASAN_OPTIONS", "detect_leaks=1:fast_unwind_on_malloc=0");
#endif
    QStandardPaths::setTestModeEnabled(true);
    QApplication::setAttribute(Qt::AA_Use96Dpi);
    QApplication::setStyle(QStringLiteral("Fusion"));
    const QApplication application(argc, argv);
    QFont font(QStringLiteral("DejaVu Sans"));
    font.setPixelSize(12);
    QApplication::setFont(font);
    qInstallMessageHandler(fail_on_warnings);
    const int result = RUN_ALL_TESTS();
    longscope::look_for_leaks();
    return result;
}
