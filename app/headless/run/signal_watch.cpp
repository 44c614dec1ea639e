// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/signal_watch.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/error.h"

namespace longscope {

SignalWatch::SignalWatch() {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, &previous_);
    descriptor_ = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor_ < 0) {
        throw failed("cannot watch for signals: " + system_error_text(errno));
    }
}

SignalWatch::~SignalWatch() {
    close(descriptor_);
    sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

int SignalWatch::take() const {
    signalfd_siginfo info{};
    return read(descriptor_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))
               ? static_cast<int>(info.ssi_signo)
               : 0;
}

}  // namespace longscope
