// SPDX-License-Identifier: GPL-3.0-or-later
// A trace as ring attention leaves it: each step a rank attends to one block of keys while it passes that block on;
// some transfers take longer than the kernel that should hide them. The same every time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/trace/trace.h"

namespace longscope {

// Six or seven events a rank and step.
inline Trace ring_trace(std::int32_t ranks, std::int32_t steps, Nanoseconds origin_ns = 1'000'000) {
    Trace trace{ranks, {}};
    const auto count = static_cast<std::size_t>(ranks);
    std::vector<Nanoseconds> ready_ns(count, origin_ns);
    std::uint64_t state = 42;
    const auto jitter = [&](Nanoseconds most_ns) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<Nanoseconds>((state >> 33U) % static_cast<std::uint64_t>(most_ns));
    };
    for (std::int32_t step = 0; step < steps; ++step) {
        std::vector<Nanoseconds> sent_ns(count);
        std::vector<Nanoseconds> attended_ns(count);
        for (std::int32_t rank = 0; rank < ranks; ++rank) {
            const auto r = static_cast<std::size_t>(rank);
            const std::int64_t flow = std::int64_t{step} * ranks + rank;
            const Nanoseconds attend_ns = 400'000 + 60'000 * ((rank + step) % 4) + jitter(30'000);
            const Nanoseconds send_ns = 250'000 + jitter(330'000);
            sent_ns[r] = ready_ns[r] + send_ns;
            attended_ns[r] = ready_ns[r] + attend_ns;
            trace.events.push_back({rank, Stream::compute, Category::attend, ready_ns[r], attend_ns, 0,
                                    static_cast<double>(attend_ns) * 55.0, step, -1, step});
            if (step + 1 < steps) {
                trace.events.push_back(
                    {rank, Stream::send, Category::send, ready_ns[r], send_ns, 2 << 20, 0, step, flow, step});
            }
        }
        for (std::int32_t rank = 0; rank < ranks; ++rank) {
            const auto r = static_cast<std::size_t>(rank);
            const std::int32_t left = (rank + ranks - 1) % ranks;
            const std::int64_t flow = std::int64_t{step} * ranks + left;
            const Nanoseconds merge_ns = 30'000 + jitter(5'000);
            trace.events.push_back({rank, Stream::compute, step + 1 < steps ? Category::merge : Category::finalize,
                                    attended_ns[r], merge_ns, 0, 0, step, -1, step});
            Nanoseconds done_ns = attended_ns[r] + merge_ns;
            if (step + 1 < steps) {
                const Nanoseconds arrived_ns = std::max(sent_ns[static_cast<std::size_t>(left)], ready_ns[r] + 20'000);
                trace.events.push_back({rank, Stream::receive, Category::receive, ready_ns[r], arrived_ns - ready_ns[r],
                                        2 << 20, 0, step, flow, step});
                if (arrived_ns > done_ns) {
                    trace.events.push_back(
                        {rank, Stream::compute, Category::wait, done_ns, arrived_ns - done_ns, 0, 0, step, flow, step});
                    done_ns = arrived_ns;
                }
                trace.events.push_back({rank, Stream::compute, Category::copy, done_ns, 8'000, 0, 0, step, -1, step});
                done_ns += 8'000;
            }
            attended_ns[r] = std::max(done_ns, sent_ns[r]);
        }
        ready_ns = attended_ns;
    }
    return trace;
}

}  // namespace longscope
