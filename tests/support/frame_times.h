// SPDX-License-Identifier: GPL-3.0-or-later
// How long pieces of work took on this thread, without the time in which the thread could have run but the machine ran
// others (the run-queue delay of /proc/thread-self/schedstat).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace longscope {

[[nodiscard]] inline std::int64_t run_queue_delay_ns() {
    std::ifstream file("/proc/thread-self/schedstat");
    std::int64_t running_ns = 0;
    std::int64_t waiting_ns = 0;
    file >> running_ns >> waiting_ns;
    return waiting_ns;
}

class FrameTimes {
  public:
    void measure(const std::function<void()>& work) {
        const std::int64_t delay_ns = run_queue_delay_ns();
        const auto begin = std::chrono::steady_clock::now();
        work();
        const auto elapsed =
            std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin);
        ms_.push_back(static_cast<double>(elapsed.count() - (run_queue_delay_ns() - delay_ns)) / 1e6);
    }

    [[nodiscard]] std::size_t count() const { return ms_.size(); }
    [[nodiscard]] double percentile_ms(int percent) const {
        std::vector<double> sorted = ms_;
        std::sort(sorted.begin(), sorted.end());
        return sorted[std::min(sorted.size() - 1, sorted.size() * static_cast<std::size_t>(percent) / 100)];
    }
    [[nodiscard]] std::string text() const {
        char line[96];
        std::snprintf(line, sizeof line, "median %.1f ms, 99th percentile %.1f ms, longest %.1f ms", percentile_ms(50),
                      percentile_ms(99), percentile_ms(100));
        return line;
    }

  private:
    std::vector<double> ms_;
};

}  // namespace longscope
