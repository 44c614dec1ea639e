// SPDX-License-Identifier: GPL-3.0-or-later
// Where no window can be shown, one line that says so, in place of Qt's page and a core dump.
#pragma once

#include <QtGlobal>

namespace longscope {

// Is there anything to show a window on? Where there is only Wayland, Qt is told to use it.
[[nodiscard]] bool find_display();

// The line for when there is not.
void report_no_display();

// While it lives, that is while the QApplication is made: if Qt gives up on the display, ends the program with one line
// and exit_failed.
class DisplayGuard {
  public:
    DisplayGuard();
    DisplayGuard(const DisplayGuard&) = delete;
    DisplayGuard& operator=(const DisplayGuard&) = delete;
    DisplayGuard(DisplayGuard&&) = delete;
    DisplayGuard& operator=(DisplayGuard&&) = delete;
    ~DisplayGuard();

  private:
    QtMessageHandler previous_;
};

}  // namespace longscope
