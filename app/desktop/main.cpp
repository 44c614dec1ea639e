// SPDX-License-Identifier: GPL-3.0-or-later
// longscope [FILE ...]: the window.
#include <fmt/format.h>

#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>
#include <QTimer>
#include <cstdio>

#include "app/desktop/main_window.h"
#include "engine/base/version.h"
#include "widgets/base/colours.h"

int main(int argc, char** argv) {
    QApplication::setAttribute(Qt::AA_EnableHighDpiScaling);
    QApplication::setAttribute(Qt::AA_UseHighDpiPixmaps);
    QApplication::setStyle(QStringLiteral("Fusion"));
    const QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(QStringLiteral("Longscope"));
    QCoreApplication::setApplicationName(QStringLiteral("longscope"));
    QCoreApplication::setApplicationVersion(longscope::to_qstring(longscope::version_text()));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Longscope"));
    QGuiApplication::setDesktopFileName(QStringLiteral("longscope"));
    QSettings::setDefaultFormat(QSettings::IniFormat);

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QCoreApplication::translate("main", "Composes, runs and looks at long-context attention configurations."));
    parser.addHelpOption();
    parser.addVersionOption();
    const QCommandLineOption database(QStringLiteral("db"),
                                      QCoreApplication::translate("main", "The result database of this window."),
                                      QStringLiteral("FILE"));
    parser.addOption(database);
    parser.addPositionalArgument(QStringLiteral("FILE"),
                                 QCoreApplication::translate("main", "Experiments, lengths, histograms, databases."),
                                 QStringLiteral("[FILE ...]"));
    parser.process(application);

    try {
        longscope::WindowOptions options;
        options.database = parser.value(database).toStdString();
        longscope::MainWindow window(std::move(options));
        window.show();
        // After the first picture of the window.
        QTimer::singleShot(0, &window, [&] {
            window.pick_up_runs();
            for (const QString& file : parser.positionalArguments()) {
                window.open_file(file);
            }
        });
        return QApplication::exec();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "longscope: %s\n", error.what());
        return 3;
    }
}
