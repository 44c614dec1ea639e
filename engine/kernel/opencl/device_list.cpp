// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/device_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>

namespace longscope::opencl {

namespace {

DeviceType type_of(cl_device_type bits) {
    if ((bits & CL_DEVICE_TYPE_GPU) != 0) {
        return DeviceType::gpu;
    }
    if ((bits & CL_DEVICE_TYPE_CPU) != 0) {
        return DeviceType::processor;
    }
    return (bits & CL_DEVICE_TYPE_ACCELERATOR) != 0 ? DeviceType::accelerator : DeviceType::other;
}

DeviceFacts facts_of(const cl::Device& device, const std::string& platform) {
    DeviceFacts facts;
    facts.name = one_line(device.getInfo<CL_DEVICE_NAME>(), 200);
    facts.platform = one_line(platform, 200);
    facts.version = one_line(device.getInfo<CL_DEVICE_VERSION>(), 200);
    facts.driver = one_line(device.getInfo<CL_DRIVER_VERSION>(), 200);
    facts.type = type_of(device.getInfo<CL_DEVICE_TYPE>());
    facts.compute_units = device.getInfo<CL_DEVICE_MAX_COMPUTE_UNITS>();
    facts.float_lanes = device.getInfo<CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT>();
    facts.local_memory_bytes = static_cast<std::int64_t>(device.getInfo<CL_DEVICE_LOCAL_MEM_SIZE>());
    facts.local_memory_is_real = device.getInfo<CL_DEVICE_LOCAL_MEM_TYPE>() == CL_LOCAL;
    facts.memory_bytes = static_cast<std::int64_t>(device.getInfo<CL_DEVICE_GLOBAL_MEM_SIZE>());
    facts.largest_allocation_bytes = static_cast<std::int64_t>(device.getInfo<CL_DEVICE_MAX_MEM_ALLOC_SIZE>());
    facts.work_group_items = static_cast<std::int64_t>(device.getInfo<CL_DEVICE_MAX_WORK_GROUP_SIZE>());
    facts.shares_host_memory = device.getInfo<CL_DEVICE_HOST_UNIFIED_MEMORY>() == CL_TRUE;
    facts.compiler = device.getInfo<CL_DEVICE_COMPILER_AVAILABLE>() == CL_TRUE;
    const std::string extensions = " " + device.getInfo<CL_DEVICE_EXTENSIONS>() + " ";
    const auto has = [&](const char* name) { return extensions.find(fmt::format(" {} ", name)) != std::string::npos; };
    facts.sub_groups = has("cl_khr_subgroups") || has("cl_intel_subgroups");
    facts.sub_group_shuffle = has("cl_khr_subgroup_shuffle");
    facts.float16 = has("cl_khr_fp16");
    facts.float64 = has("cl_khr_fp64");
    return facts;
}

DeviceList list_devices() {
    DeviceList list;
    std::vector<cl::Platform> platforms;
    try {
        cl::Platform::get(&platforms);
    } catch (const cl::Error&) {
        platforms.clear();  // with the loader's code for none
    }
    for (const cl::Platform& platform : platforms) {
        std::vector<cl::Device> devices;
        try {
            platform.getDevices(CL_DEVICE_TYPE_ALL, &devices);
            const std::string name = platform.getInfo<CL_PLATFORM_NAME>();
            for (const cl::Device& device : devices) {
                DeviceFacts facts = facts_of(device, name);
                facts.index = static_cast<std::int64_t>(list.facts.size());
                list.facts.push_back(std::move(facts));
                list.devices.push_back(device);
            }
        } catch (const cl::Error&) {
            continue;  // a platform whose devices are gone does not take the others with it
        }
    }
    if (platforms.empty()) {
        list.why_none = "opencl: no OpenCL platform is installed (pocl-opencl-icd is one for processors)";
    } else if (list.facts.empty()) {
        list.why_none = "opencl: the installed OpenCL platforms have no device";
    }
    return list;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

std::string listed(const std::vector<DeviceFacts>& devices) {
    std::string text = "a type (cpu, gpu, accelerator), a part of a name, or a number:";
    for (const DeviceFacts& device : devices) {
        text += fmt::format(" {} {}", device.index, device.name);
    }
    return text;
}

}  // namespace

const DeviceList& device_list() {
    static const DeviceList list = list_devices();
    return list;
}

const std::vector<DeviceFacts>& device_facts() {
    return device_list().facts;
}

const std::string& why_no_device() {
    return device_list().why_none;
}

std::vector<std::size_t> chosen_devices(const std::vector<DeviceFacts>& devices, std::string_view asked,
                                        std::string_view field) {
    std::vector<std::size_t> chosen;
    const auto choose_if = [&](const auto& wanted) {
        for (std::size_t i = 0; i < devices.size(); ++i) {
            if (wanted(devices[i])) {
                chosen.push_back(i);
            }
        }
    };
    if (asked.empty()) {
        for (const DeviceType type :
             {DeviceType::gpu, DeviceType::accelerator, DeviceType::processor, DeviceType::other}) {
            choose_if([&](const DeviceFacts& device) { return device.type == type && why_unusable(device).empty(); });
            if (!chosen.empty()) {
                return {chosen.front()};
            }
        }
        choose_if([](const DeviceFacts& /*device*/) { return true; });
        return chosen;
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), number);
    if (error == std::errc() && end == asked.data() + asked.size()) {
        if (number < devices.size()) {
            return {number};
        }
    } else {
        const std::string word = lower(asked);
        choose_if([&](const DeviceFacts& device) { return to_string(device.type) == word; });
        if (chosen.empty()) {
            choose_if([&](const DeviceFacts& device) {
                return lower(device.name).find(word) != std::string::npos ||
                       lower(device.platform).find(word) != std::string::npos;
            });
        }
    }
    if (chosen.empty()) {
        throw bad_input(field, asked, "is no OpenCL device of this machine", listed(devices));
    }
    return chosen;
}

std::string used_without(const DeviceFacts& device) {
    std::vector<std::string> reasons;
    if (device.type != DeviceType::processor && !device.sub_group_shuffle) {
        reasons.emplace_back("no cl_khr_subgroup_shuffle: rows are reduced in local memory");
    }
    if (!device.float16) {
        reasons.emplace_back("no cl_khr_fp16: 16-bit inputs are converted as they are read");
    }
    return fmt::format("{}", fmt::join(reasons, "; "));
}

std::string why_unusable(const DeviceFacts& device) {
    if (!device.compiler) {
        return fmt::format("opencl: {} has no compiler for kernels", device.name);
    }
    return {};
}

std::string asked_device() {
    const char* asked = std::getenv(device_variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return asked == nullptr ? "" : asked;
}

std::vector<std::size_t> devices_of_ranks(std::string_view asked) {
    return devices_of_ranks(device_facts(), asked);
}

std::vector<std::size_t> devices_of_ranks(const std::vector<DeviceFacts>& devices, std::string_view asked) {
    return asked.empty() ? chosen_devices(devices, asked_device(), device_variable)
                         : chosen_devices(devices, asked, device_field);
}

std::size_t device_of_rank(const KernelOptions& options) {
    const DeviceList& list = device_list();
    if (list.facts.empty()) {
        throw Error(ErrorKind::unsupported, list.why_none);
    }
    const std::vector<std::size_t> chosen = devices_of_ranks(options.device);
    const std::size_t place = chosen[static_cast<std::size_t>(options.rank) % chosen.size()];
    if (const std::string reason = why_unusable(list.facts[place]); !reason.empty()) {
        throw Error(ErrorKind::unsupported, reason);
    }
    return place;
}

std::string why_no_kernel() {
    try {
        static_cast<void>(device_of_rank({}));
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

}  // namespace longscope::opencl
