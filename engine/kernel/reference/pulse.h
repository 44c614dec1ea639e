// SPDX-License-Identifier: GPL-3.0-or-later
// How the loops of the reference kernel, which run on several threads, stay in touch with their caller.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "engine/base/error.h"
#include "engine/kernel/kernel.h"

namespace longscope {

// Made on the calling thread; the hooks must outlive it. Thread-safe.
class Pulse {
  public:
    // `passes`: how often the whole work goes over each pair.
    Pulse(const AttendHooks& hooks, std::int64_t passes)
        : hooks_(&hooks), passes_(passes), caller_(std::this_thread::get_id()) {}

    // Polls, on the calling thread. False when the call is to end soon.
    [[nodiscard]] bool beat() const {
        if (hooks_->poll && std::this_thread::get_id() == caller_) {
            hooks_->poll();
        }
        return !cancelled();
    }

    // One pass over some pairs is done. At the end of all passes every pair has been reported once.
    void add_pairs(std::int64_t pairs) {
        if (hooks_->head_pairs_done != nullptr) {
            const std::int64_t before = visited_.fetch_add(pairs);
            *hooks_->head_pairs_done += (before + pairs) / passes_ - before / passes_;
        }
    }

    void throw_if_cancelled() const {
        if (cancelled()) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

  private:
    [[nodiscard]] bool cancelled() const { return hooks_->cancelled != nullptr && *hooks_->cancelled; }

    const AttendHooks* hooks_;
    std::int64_t passes_;
    std::thread::id caller_;
    std::atomic<std::int64_t> visited_{0};
};

}  // namespace longscope
