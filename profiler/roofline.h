// SPDX-License-Identifier: GPL-3.0-or-later
// What a device's kernels reached in a trace, beside what the device does at most: a kernel that computes F operations
// for B bytes of memory reaches no more than the lesser of the peak and F / B times the bandwidth (Williams, Waterman
// and Patterson, "Roofline", 2009).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/trace/trace.h"

namespace longscope {

struct DeviceRoof {
    std::string device;
    double flops_per_s = 0.0;
    double bytes_per_s = 0.0;  // of reading memory

    // What a kernel of so many operations for each byte reaches at most.
    [[nodiscard]] double limit(double flops_per_byte) const;
};

// One launch of a kernel.
struct DeviceLaunch {
    std::int32_t rank = 0;
    double flops = 0.0;
    std::int64_t bytes = 0;
    Nanoseconds duration_ns = 0;
};

struct DeviceKernel {
    std::string name;
    std::vector<DeviceLaunch> launches;

    [[nodiscard]] double flops() const;
    [[nodiscard]] std::int64_t bytes() const;
    [[nodiscard]] Nanoseconds duration_ns() const;
    [[nodiscard]] double flops_per_byte() const;  // 0 where it computes nothing
    [[nodiscard]] double flops_per_s() const;
    [[nodiscard]] double bytes_per_s() const;
};

// Those that occur: packing, the forward and the backward kernels.
[[nodiscard]] std::vector<DeviceKernel> device_kernels(const Trace& trace);

// The devices of a stored environment, by rank modulo their number; empty where nothing was measured. The document may
// come from others: what does not have the form is left out.
[[nodiscard]] std::vector<DeviceRoof> device_roofs(std::string_view environment);

}  // namespace longscope
