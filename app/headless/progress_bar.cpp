// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include "app/headless/output.h"
#include "engine/base/units.h"

namespace longscope {

namespace {
constexpr int bar_width = 30;
}

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) != 0), start_ns_(now_ns()) {}

void ProgressBar::start() {
    start_ns_ = now_ns();
}

void ProgressBar::show(double done, const std::string& what) {
    if (!terminal_) {
        return;
    }
    const auto filled = static_cast<std::size_t>(done * bar_width);
    std::string left;
    if (done > 0.02) {
        const auto elapsed = static_cast<double>(now_ns() - start_ns_);
        left = fmt::format("  about {} left", format_duration(static_cast<Nanoseconds>(elapsed / done * (1 - done))));
    }
    write_error(
        fmt::format("\r\x1b[K[{:{}}] {:3.0f} %  {}{}", std::string(filled, '='), bar_width, done * 100.0, what, left));
    shown_ = true;
}

void ProgressBar::clear() {
    if (shown_) {
        write_error("\r\x1b[K");
        shown_ = false;
    }
}

}  // namespace longscope
