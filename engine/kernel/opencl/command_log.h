// SPDX-License-Identifier: GPL-3.0-or-later
// What a device does during a call, for those who want to know: the events of its commands, read when all have ended.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/device_command.h"
#include "engine/kernel/opencl/cl_api.h"
#include "engine/kernel/opencl/device_clock.h"

namespace longscope::opencl {

class CommandLog {
  public:
    // Forgets what is there. Unless it is wanted nothing is kept.
    void begin(bool wanted) {
        commands_.clear();
        wanted_ = wanted;
    }
    [[nodiscard]] bool is_wanted() const { return wanted_; }
    void add(DeviceWork work, const cl::Event& event, std::int64_t bytes, double flops);
    // By start; all of them have ended, and lie between the marks.
    [[nodiscard]] std::vector<DeviceCommand> take(const ClockMark& first, const ClockMark& last);

  private:
    struct Entry {
        DeviceWork work;
        cl::Event event;
        std::int64_t bytes;
        double flops;
    };
    bool wanted_ = false;
    std::vector<Entry> commands_;
};

}  // namespace longscope::opencl
