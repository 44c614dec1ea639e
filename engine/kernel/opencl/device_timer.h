// SPDX-License-Identifier: GPL-3.0-or-later
// The clock of a device as OpenCL 2.1 gives it; apart from the rest, which is of version 1.2.
#pragma once

#include <cstdint>
#include <optional>

struct _cl_device_id;  // NOLINT(bugprone-reserved-identifier): the name that OpenCL gives it

namespace longscope::opencl {

// None where the driver is older or does not keep one.
[[nodiscard]] std::optional<std::int64_t> device_timer_ns(_cl_device_id* device);

}  // namespace longscope::opencl
