// SPDX-License-Identifier: GPL-3.0-or-later
// The OpenCL devices of this machine: what matters of each, and how one of them is asked for. Nothing here needs the
// headers of OpenCL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace longscope::opencl {

enum class DeviceType { processor, gpu, accelerator, other };

inline constexpr std::string_view device_type_words[]{"cpu", "gpu", "accelerator", "other"};

[[nodiscard]] constexpr std::string_view to_string(DeviceType type) {
    return device_type_words[static_cast<std::size_t>(type)];
}

struct DeviceFacts {
    std::int64_t index = 0;  // in the list
    std::string name;
    std::string platform;
    std::string version;  // of OpenCL, as the device says it
    std::string driver;
    DeviceType type = DeviceType::other;
    std::int64_t compute_units = 0;
    std::int64_t float_lanes = 0;  // of the vectors that it prefers
    std::int64_t local_memory_bytes = 0;
    bool local_memory_is_real = false;  // not emulated in ordinary memory
    std::int64_t memory_bytes = 0;
    std::int64_t largest_allocation_bytes = 0;
    std::int64_t work_group_items = 0;  // at most
    bool shares_host_memory = false;
    bool sub_groups = false;
    bool sub_group_shuffle = false;  // items of one reach each other
    bool float16 = false;
    bool float64 = false;
    bool compiler = false;
};

// In the order of platforms and of their devices; empty where there is none. Asked for once in a process.
[[nodiscard]] const std::vector<DeviceFacts>& device_facts();
// Why there is no device, in one line; empty where there is one.
[[nodiscard]] const std::string& why_no_device();

// The environment variable that chooses devices: a number in the list, a type, or a part of a name or platform.
inline constexpr const char* device_variable = "LONGSCOPE_OPENCL_DEVICE";

// The field of an experiment that does.
inline constexpr const char* device_field = "backend.device";

// The devices that `asked` stands for, as places in `devices`; nothing asked: one of the best type. Throws
// Error(bad_input) under the name `field`, that lists the devices.
[[nodiscard]] std::vector<std::size_t> chosen_devices(const std::vector<DeviceFacts>& devices, std::string_view asked,
                                                      std::string_view field);

// The devices that the ranks of a run have in turn, as places in device_facts(): those that `asked` stands for, where
// it is empty what LONGSCOPE_OPENCL_DEVICE says. Throws Error.
[[nodiscard]] std::vector<std::size_t> devices_of_ranks(std::string_view asked);
// Likewise, as places in `devices`.
[[nodiscard]] std::vector<std::size_t> devices_of_ranks(const std::vector<DeviceFacts>& devices,
                                                        std::string_view asked);

// Why this device cannot be used, in one line; empty where it can.
[[nodiscard]] std::string why_unusable(const DeviceFacts& device);

// What it lacks of what kernels would use, and how they do without, in one line; empty where there is nothing.
[[nodiscard]] std::string used_without(const DeviceFacts& device);

// Why a kernel cannot be made as LONGSCOPE_OPENCL_DEVICE asks for, in one line; empty where it can.
[[nodiscard]] std::string why_no_kernel();

}  // namespace longscope::opencl
