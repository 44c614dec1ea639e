// SPDX-License-Identifier: GPL-3.0-or-later
// What the operations of one rank did, and its device for them, as events of its trace.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/device_command.h"
#include "engine/parallel/schedule.h"
#include "engine/trace/event_buffer.h"

namespace longscope {

// Of an operation that transfers.
[[nodiscard]] Category transfer_category(OperationKind kind);

class OperationEvents {
  public:
    OperationEvents(std::int32_t rank, std::int64_t max_events) : rank_(rank), events_(max_events) {}

    void add(const Operation& operation, Category category, Nanoseconds start_ns, Nanoseconds end_ns);
    // `begun_ns`: when the command before it had begun.
    void add(const Operation& operation, const DeviceCommand& command, Nanoseconds begun_ns);

    [[nodiscard]] DroppedEvents dropped() const { return events_.dropped(); }
    [[nodiscard]] std::vector<TraceEvent> take() { return events_.take(); }

  private:
    std::int32_t rank_;
    EventBuffer events_;
};

}  // namespace longscope
