// SPDX-License-Identifier: GPL-3.0-or-later
// SIGINT, SIGTERM and SIGHUP as something to poll for, as long as the object lives; those that this process ignores
// (nohup) stay ignored. SIGPIPE is ignored meanwhile: who reads what is printed may leave.
#pragma once

#include <csignal>

namespace longscope {

class SignalWatch {
  public:
    SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;
    SignalWatch(SignalWatch&&) = delete;
    SignalWatch& operator=(SignalWatch&&) = delete;
    // Signals that nobody has taken are gone.
    ~SignalWatch();

    // Readable when a signal has come.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    // The number of a signal that has come, or 0.
    [[nodiscard]] int take() const;

  private:
    sigset_t previous_{};
    struct sigaction previous_pipe_ {};
    int descriptor_ = -1;
};

}  // namespace longscope
