// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/probe/read_bandwidth.h"

#include <atomic>

#include "engine/base/clock.h"
#include "engine/base/thread_team.h"
#include "engine/tensor/huge_pages.h"
#include "profiler/probe/busy_loops.h"

namespace longscope {

ReadBandwidth::ReadBandwidth(std::int64_t bytes) : memory_(bytes / 4) {
    advise_huge_pages(memory_);
    // Written, and no page like another: a system could keep equal ones once.
    for (std::int64_t i = 0; i < memory_.size(); ++i) {
        memory_[i] = static_cast<float>(1 + i % 1'000'003);
    }
}

double ReadBandwidth::measure(int threads) const {
    // In pieces, so that a thread that was disturbed does not hold up the rest.
    constexpr std::int64_t piece = 1 << 18;
    const std::int64_t pieces = memory_.size() / piece;
    std::atomic<std::int64_t> next{0};
    std::atomic<float> sum{0.0F};
    ThreadTeam team(threads);
    const Nanoseconds begin_ns = now_ns();
    team.for_each(threads, [&](std::int64_t) {
        float own = 0.0F;
        for (std::int64_t i = next++; i < pieces; i = next++) {
            own += read_floats(memory_.data() + i * piece, piece);
        }
        sum = sum + own;
    });
    const auto seconds = static_cast<double>(now_ns() - begin_ns) * 1e-9;
    // The sum is used, so that the reading is not dropped.
    return sum > 0.0F ? static_cast<double>(pieces * piece * 4) / seconds : 0.0;
}

}  // namespace longscope
