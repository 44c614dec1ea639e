// SPDX-License-Identifier: GPL-3.0-or-later
// A computation in this process that may take long: a bar on a terminal, and Ctrl-C that stops it between two tiles.
#pragma once

#include <atomic>
#include <string>

#include "app/headless/progress_bar.h"
#include "app/headless/run/signal_watch.h"

namespace longscope {

class LongJob {
  public:
    explicit LongJob(std::string what) : what_(std::move(what)) {}

    // From the computing loop, as often as it likes.
    void poll(double done);
    // True from the first signal on.
    [[nodiscard]] const std::atomic<bool>* cancelled() const { return &cancelled_; }
    void finish() { bar_.clear(); }

  private:
    std::string what_;
    SignalWatch signals_;
    ProgressBar bar_;
    std::atomic<bool> cancelled_{false};
    Nanoseconds last_ns_ = 0;
};

}  // namespace longscope
