// SPDX-License-Identifier: GPL-3.0-or-later
// Where a rank records what it does, in bounded memory: beyond a limit the longest events stay, of equally long ones
// the earliest. Of those that are dropped it is known how many they were and what time they took, so that sums over
// the trace stay right.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "engine/trace/trace.h"

namespace longscope {

struct DroppedEvents {
    std::int64_t count = 0;
    // Of the compute stream.
    Nanoseconds computing_ns = 0;  // is_computing()
    Nanoseconds standing_ns = 0;   // the others
    // From the first begin to the last end, on any stream.
    Nanoseconds begin_ns = std::numeric_limits<Nanoseconds>::max();
    Nanoseconds end_ns = std::numeric_limits<Nanoseconds>::min();

    void add(const TraceEvent& event);
    [[nodiscard]] bool operator==(const DroppedEvents&) const = default;
};

class EventBuffer {
  public:
    // max_events >= 0.
    explicit EventBuffer(std::int64_t max_events) : max_events_(max_events) {}

    void add(const TraceEvent& event);

    [[nodiscard]] const DroppedEvents& dropped() const { return dropped_; }
    // What stayed, in the order in which it was added; the buffer is empty afterwards.
    [[nodiscard]] std::vector<TraceEvent> take();

  private:
    struct Entry {
        TraceEvent event;
        std::int64_t number;
    };
    // The one to drop first is at the front of the heap.
    static bool is_kept_longer(const Entry& a, const Entry& b);

    std::int64_t max_events_;
    std::int64_t added_ = 0;
    std::vector<Entry> entries_;  // a heap when full
    DroppedEvents dropped_;
};

}  // namespace longscope
