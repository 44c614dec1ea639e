// SPDX-License-Identifier: GPL-3.0-or-later
// A bar on standard error, when that is a terminal; otherwise nothing.
#pragma once

#include <string>

#include "engine/base/clock.h"

namespace longscope {

class ProgressBar {
  public:
    ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ProgressBar(ProgressBar&&) = delete;
    ProgressBar& operator=(ProgressBar&&) = delete;
    ~ProgressBar() { clear(); }

    // From here on the time that is left is reckoned.
    void start();
    // `done` from 0 to 1; `what` stands behind the bar.
    void show(double done, const std::string& what);
    void clear();

  private:
    bool terminal_;
    bool shown_ = false;
    Nanoseconds start_ns_ = 0;
};

}  // namespace longscope
