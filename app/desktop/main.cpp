// SPDX-License-Identifier: GPL-3.0-or-later
// longscope [FILE ...]: the window.
#include <fmt/format.h>

#include <QSettings>
#include <QSocketNotifier>
#include <QTimer>
#include <optional>

#include "app/desktop/application.h"
#include "app/desktop/application_icon.h"
#include "app/desktop/display_check.h"
#include "app/desktop/main_window.h"
#include "app/desktop/window_request.h"
#include "app/headless/command_line.h"
#include "app/headless/output.h"
#include "app/headless/run/signal_watch.h"
#include "engine/base/version.h"
#include "widgets/base/colours.h"

namespace {

using namespace longscope;

void name_the_program() {
    QCoreApplication::setOrganizationName(QStringLiteral("Longscope"));
    QCoreApplication::setApplicationName(QStringLiteral("longscope"));
    QCoreApplication::setApplicationVersion(to_qstring(version_text()));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Longscope"));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.longscope.Longscope"));
    QSettings::setDefaultFormat(QSettings::IniFormat);
}

// Everything is painted by the processor: OpenGL would only be loaded, which takes 30 ms and 50 MiB.
void do_without_opengl() {
    if (qEnvironmentVariableIsEmpty("QT_XCB_GL_INTEGRATION")) {
        qputenv("QT_XCB_GL_INTEGRATION", "none");
    }
}

int show_window(WindowRequest request, const SignalWatch& signals) {
    WindowOptions options;
    options.database = std::move(request.database);
    MainWindow window(std::move(options));
    window.show();
    // After the first picture of the window.
    QTimer::singleShot(0, &window, [&] {
        window.pick_up_runs();
        QStringList files;
        for (const std::string& file : request.files) {
            files << to_qstring(file);
        }
        window.open_files(files);
    });
    // The first signal asks to close, as the user would, and may be answered with a question; another one ends it.
    QSocketNotifier signalled(signals.descriptor(), QSocketNotifier::Read);
    QObject::connect(&signalled, &QSocketNotifier::activated, &window, [&, asked = false]() mutable {
        if (signals.take() != 0 && !window.close() && asked) {
            QCoreApplication::exit(exit_interrupted);
        }
        asked = true;
    });
    return QApplication::exec();
}

}  // namespace

int main(int argc, char** argv) {
    WindowRequest request;
    if (const std::optional<int> code = read_window_request(argc, argv, request)) {
        return *code;
    }
    if (!find_display()) {
        report_no_display();
        return exit_bad_input;
    }
    try {
        // Before any thread, so that all of them leave the signals to it.
        const SignalWatch signals;
        QApplication::setAttribute(Qt::AA_EnableHighDpiScaling);
        QApplication::setAttribute(Qt::AA_UseHighDpiPixmaps);
        QApplication::setStyle(QStringLiteral("Fusion"));
        name_the_program();
        do_without_opengl();
        std::optional<DisplayGuard> guard(std::in_place);
        int own_name_only = 1;
        const Application application(own_name_only, argv);
        guard.reset();
        QApplication::setWindowIcon(application_icon());
        return show_window(std::move(request), signals);
    } catch (const std::exception& error) {
        write_error(fmt::format("longscope: {}\n", error.what()));
        return exit_failed;
    }
}
