// SPDX-License-Identifier: GPL-3.0-or-later
// The OpenCL devices of this machine with their handles.
#pragma once

#include <string>
#include <vector>

#include "engine/kernel/kernel.h"
#include "engine/kernel/opencl/cl_api.h"
#include "engine/kernel/opencl/device_facts.h"

namespace longscope::opencl {

struct DeviceList {
    std::vector<DeviceFacts> facts;
    std::vector<cl::Device> devices;  // of the same places
    std::string why_none;             // one line; empty where there is a device
};

// Made by the first call of the process; never changes.
[[nodiscard]] const DeviceList& device_list();

// What LONGSCOPE_OPENCL_DEVICE says; empty where it is not set.
[[nodiscard]] std::string asked_device();
// The devices that these words stand for, or, where there are none, those of LONGSCOPE_OPENCL_DEVICE: ranks from 0 on
// have one each. Throws Error.
[[nodiscard]] std::vector<std::size_t> devices_of_ranks(std::string_view asked);

// The device that the options ask for, or else LONGSCOPE_OPENCL_DEVICE, and of several the one for this rank: a place
// in the list. Throws Error(unsupported) where there is none, or none that can be used.
[[nodiscard]] std::size_t device_of_rank(const KernelOptions& options);

}  // namespace longscope::opencl
