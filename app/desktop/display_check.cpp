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

// What platforms and their plugins say while a display is sought, at any level and mostly under "qt.qpa.", but
// Wayland's under no name: it is the reason for this one line, in more words.
void end_in_one_line(QtMsgType type, const QMessageLogContext& /*context*/, const QString& /*message*/) {
    if (type == QtFatalMsg) {
        write_error(fmt::format("longscope: {}: no window can be opened there; {}\n", where(), instead));
        std::_Exit(exit_failed);
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
