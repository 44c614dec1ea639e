// SPDX-License-Identifier: GPL-3.0-or-later
// Gives out the indices of tasks to threads: to each those of its own share, one after the other, then what is left of
// the shares of others. Neighbouring tasks read the same keys, which so stay in the cache of one core; taken in turns
// by all cores they would be read from the caches of others. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace longscope::cpu {

class TaskShares {
  public:
    // As many shares as threads, from 1; equal but for one task.
    TaskShares(std::int64_t tasks, std::int64_t threads) : shares_(static_cast<std::size_t>(threads)) {
        for (std::int64_t i = 0; i < threads; ++i) {
            Share& share = shares_[static_cast<std::size_t>(i)];
            share.next = tasks * i / threads;
            share.end = tasks * (i + 1) / threads;
        }
    }

    // A task that nobody has, for the thread with this share; none when all are given out.
    [[nodiscard]] std::optional<std::int64_t> take(std::int64_t share) {
        for (std::size_t i = 0; i < shares_.size(); ++i) {
            Share& from = shares_[(static_cast<std::size_t>(share) + i) % shares_.size()];
            if (from.next.load(std::memory_order_relaxed) < from.end) {
                if (const std::int64_t task = from.next.fetch_add(1, std::memory_order_relaxed); task < from.end) {
                    return task;
                }
            }
        }
        return std::nullopt;
    }

  private:
    // On a cache line of its own.
    struct alignas(64) Share {
        std::atomic<std::int64_t> next{0};
        std::int64_t end = 0;
    };
    std::vector<Share> shares_;
};

}  // namespace longscope::cpu
