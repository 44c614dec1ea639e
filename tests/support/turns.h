// SPDX-License-Identifier: GPL-3.0-or-later
// How long the turns of the event loop of this thread take, less the time in which the thread was ready but another
// program had the processor.
#pragma once

#include <QCoreApplication>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <thread>

#include "engine/base/clock.h"

namespace longscope {

class TurnWatch {
  public:
    [[nodiscard]] double longest_ms() const { return static_cast<double>(longest_ns_) / 1e6; }
    [[nodiscard]] int turns() const { return turns_; }

    // One turn: what a user does, and all that is pending then.
    void turn(const std::function<void()>& action = [] {}) {
        const std::int64_t waited_ns = waited_for_processor_ns();
        const std::int64_t started_ns = now_ns();
        action();
        QCoreApplication::processEvents();
        const std::int64_t took_ns = now_ns() - started_ns;
        longest_ns_ = std::max(longest_ns_, took_ns - (waited_for_processor_ns() - waited_ns));
        ++turns_;
    }

    // Turns until `done`; false when it takes too long.
    [[nodiscard]] bool wait(const std::function<bool()>& done) {
        constexpr std::int64_t patience_ns = 10'000'000'000;
        const std::int64_t started_ns = now_ns();
        while (!done()) {
            if (now_ns() - started_ns > patience_ns) {
                return false;
            }
            turn();
            std::this_thread::sleep_for(std::chrono::microseconds(200));  // as an idle event loop
        }
        return true;
    }

  private:
    static std::int64_t waited_for_processor_ns() {
        std::ifstream file("/proc/thread-self/schedstat");
        std::int64_t ran_ns = 0;
        std::int64_t waited_ns = 0;
        file >> ran_ns >> waited_ns;
        return waited_ns;
    }

    std::int64_t longest_ns_ = 0;
    int turns_ = 0;
};

}  // namespace longscope
