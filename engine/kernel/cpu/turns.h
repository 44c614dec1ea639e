// SPDX-License-Identifier: GPL-3.0-or-later
// Things that several threads add to, each in a fixed order, so that sums do not depend on who was faster.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace longscope::cpu {

class Turns {
  public:
    explicit Turns(std::int64_t things) : next_(static_cast<std::size_t>(things)) {}

    // Waits until turns 0 to turn - 1 of a thing are over, calls `work`, and ends the turn. No turn may be left out.
    // There is no deadlock as long as whoever has an earlier turn of anything began before and waits for nothing that
    // is later.
    template <typename Work>
    void take(std::int64_t thing, std::int64_t turn, const Work& work) {
        std::atomic<std::int64_t>& next = next_[static_cast<std::size_t>(thing)];
        for (std::int64_t seen = next.load(std::memory_order_acquire); seen != turn;
             seen = next.load(std::memory_order_acquire)) {
            next.wait(seen, std::memory_order_acquire);
        }
        work();
        next.store(turn + 1, std::memory_order_release);
        next.notify_all();
    }
    // The same where nothing is to be waited for; false: it is not the turn.
    template <typename Work>
    [[nodiscard]] bool try_take(std::int64_t thing, std::int64_t turn, const Work& work) {
        if (next_[static_cast<std::size_t>(thing)].load(std::memory_order_acquire) != turn) {
            return false;
        }
        take(thing, turn, work);
        return true;
    }

  private:
    std::vector<std::atomic<std::int64_t>> next_;
};

// How many steps of each thing are done, in any order.
class Steps {
  public:
    explicit Steps(std::int64_t things) : done_(static_cast<std::size_t>(things)) {}

    void add(std::int64_t thing, std::int64_t steps) {
        std::atomic<std::int64_t>& done = done_[static_cast<std::size_t>(thing)];
        done.fetch_add(steps, std::memory_order_acq_rel);
        done.notify_all();
    }
    void wait(std::int64_t thing, std::int64_t steps) const {
        const std::atomic<std::int64_t>& done = done_[static_cast<std::size_t>(thing)];
        for (std::int64_t seen = done.load(std::memory_order_acquire); seen < steps;
             seen = done.load(std::memory_order_acquire)) {
            done.wait(seen, std::memory_order_acquire);
        }
    }

  private:
    std::vector<std::atomic<std::int64_t>> done_;
};

}  // namespace longscope::cpu
