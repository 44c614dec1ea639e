// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/display_check.h"

#include <fmt/format.h>

#include <QByteArray>
#include <QString>
#include <cstdlib>

#include "app/headless/command_line.h"
#include "app/headless/output.h"

namespace longscope {

namespace {

constexpr const char* instead = "'longscope-engine --help' tells what runs without one";

std::string where() {
    for (const char* name : {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"}) {
        if (!qEnvironmentVariableIsEmpty(name)) {
            return fmt::format("{}={}", name, qgetenv(name).toStdString());
        }
    }
    return "no display";
}

void end_in_one_line(QtMsgType type, const QMessageLogContext& context, const QString& message) {
    if (type == QtFatalMsg) {
        write_error(fmt::format("longscope: {}: no window can be opened there; {}\n", where(), instead));
        std::_Exit(exit_failed);
    }
    // What platforms and their plugins warn of is the reason for the line above, in more words; most of them do so
    // under "qt.qpa.", that of Wayland under no name.
    if (type == QtCriticalMsg) {
        write_error(qFormatLogMessage(type, context, message).toStdString() + '\n');
    }
}

}  // namespace

bool find_display() {
    if (!qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM") || !qEnvironmentVariableIsEmpty("DISPLAY")) {
        return true;
    }
    if (qEnvironmentVariableIsEmpty("WAYLAND_DISPLAY")) {
        return false;
    }
    return qputenv("QT_QPA_PLATFORM", "wayland");
}

void report_no_display() {
    write_error(
        fmt::format("longscope: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); {}\n", instead));
}

DisplayGuard::DisplayGuard() : previous_(qInstallMessageHandler(end_in_one_line)) {}

DisplayGuard::~DisplayGuard() {
    qInstallMessageHandler(previous_);
}

}  // namespace longscope
