// SPDX-License-Identifier: GPL-3.0-or-later
// How long the turns of the event loop of this thread take, less the time in which the thread was ready but another
// program had the processor, and at the usual pace of a machine.
#pragma once

#include <QCoreApplication>
#include <QEvent>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/clock.h"
#include "tests/support/sanitized.h"
#include "tests/support/yardstick.h"

namespace longscope {

class TurnWatch {
  public:
    struct Turn {
        std::string what;  // the user did
        int after = 0;     // turns since then
        std::int64_t took_ns = 0;

        [[nodiscard]] double ms() const { return static_cast<double>(took_ns) / 1e6; }
    };

    [[nodiscard]] double longest_ms() const { return all_.empty() ? 0 : longest(1).front().ms(); }
    [[nodiscard]] const std::string& what() const { return what_; }
    [[nodiscard]] int turns() const { return static_cast<int>(all_.size()); }
    [[nodiscard]] std::vector<Turn> longest(std::size_t most) const {
        std::vector<Turn> sorted = all_;
        std::stable_sort(sorted.begin(), sorted.end(),
                         [](const Turn& a, const Turn& b) { return a.took_ns > b.took_ns; });
        sorted.resize(std::min(most, sorted.size()));
        return sorted;
    }

    // One turn: what a user does, and all that is pending then.
    void turn(const std::function<void()>& action = [] {}) {
        const std::int64_t waited_ns = waited_for_processor_ns();
        const std::int64_t started_ns = now_ns();
        action();
        QCoreApplication::processEvents();
        // Outside of exec() nobody else removes what is to be deleted later.
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        std::int64_t took_ns = now_ns() - started_ns;
        took_ns -= waited_for_processor_ns() - waited_ns;
        if (took_ns > worth_a_yardstick_ns) {
            took_ns = static_cast<std::int64_t>(static_cast<double>(took_ns) / std::max(1.0, slowness()));
        }
        all_.push_back({what_, after_++, took_ns});
    }
    void turn(const std::string& what, const std::function<void()>& action) {
        what_ = what;
        after_ = 0;
        turn(action);
    }

    // Turns until `done`; false when it takes too long.
    [[nodiscard]] bool wait(const std::function<bool()>& done, double patience_ns = 1e10 * sanitizer_slowdown) {
        const std::int64_t started_ns = now_ns();
        while (!done()) {
            if (static_cast<double>(now_ns() - started_ns) > patience_ns) {
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

    // Shorter ones are no matter at any pace.
    static constexpr std::int64_t worth_a_yardstick_ns = 40'000'000;

    std::vector<Turn> all_;
    std::string what_;
    int after_ = 0;
};

}  // namespace longscope
