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
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        // A blocked signal would be delivered here even where it is ignored.
        struct sigaction action {};
        sigaction(number, nullptr, &action);
        if (action.sa_handler != SIG_IGN) {
            sigaddset(&watched, number);
        }
    }
    sigprocmask(SIG_BLOCK, &watched, &previous_);
    descriptor_ = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor_ < 0) {
        const std::string reason = system_error_text(errno);
        sigprocmask(SIG_SETMASK, &previous_, nullptr);
        throw failed("cannot watch for signals: " + reason);
    }
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &previous_pipe_);
}

SignalWatch::~SignalWatch() {
    // What has come by now came to what is over: delivered, it would end the process with the results not yet told.
    while (take() != 0) {
    }
    close(descriptor_);
    sigaction(SIGPIPE, &previous_pipe_, nullptr);
    sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

int SignalWatch::take() const {
    signalfd_siginfo info{};
    return read(descriptor_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))
               ? static_cast<int>(info.ssi_signo)
               : 0;
}

}  // namespace longscope
