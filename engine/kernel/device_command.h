// SPDX-License-Identifier: GPL-3.0-or-later
// One command that a device carried out for a kernel: a transfer or a program, and when.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"

namespace longscope {

enum class DeviceWork : std::uint8_t {
    upload,
    pack,     // inputs are brought into the order in which they are computed
    compute,  // attention, in either pass
    download,
};

// Times are those of now_ns().
struct DeviceCommand {
    DeviceWork work = DeviceWork::compute;
    Nanoseconds queued_ns = 0;  // when the host asked for it
    Nanoseconds start_ns = 0;
    Nanoseconds end_ns = 0;
    std::int64_t bytes = 0;  // of a transfer; of a program: what it reads and writes, everything once
    double flops = 0.0;      // of compute
};

}  // namespace longscope
