// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/roofline.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/json.h"

namespace longscope {

namespace {

constexpr std::array<std::string_view, 3> kernel_names{"pack", "attend", "attend_backward"};

double per_second(double amount, Nanoseconds time_ns) {
    return time_ns > 0 ? amount * 1e9 / static_cast<double>(time_ns) : 0.0;
}

}  // namespace

double DeviceRoof::limit(double flops_per_byte) const {
    return std::min(flops_per_s, flops_per_byte * bytes_per_s);
}

double DeviceKernel::flops() const {
    double sum = 0.0;
    for (const DeviceLaunch& launch : launches) {
        sum += launch.flops;
    }
    return sum;
}

std::int64_t DeviceKernel::bytes() const {
    std::int64_t sum = 0;
    for (const DeviceLaunch& launch : launches) {
        sum += launch.bytes;
    }
    return sum;
}

Nanoseconds DeviceKernel::duration_ns() const {
    Nanoseconds sum_ns = 0;
    for (const DeviceLaunch& launch : launches) {
        sum_ns += launch.duration_ns;
    }
    return sum_ns;
}

double DeviceKernel::flops_per_byte() const {
    return bytes() > 0 ? flops() / static_cast<double>(bytes()) : 0.0;
}

double DeviceKernel::flops_per_s() const {
    return per_second(flops(), duration_ns());
}

double DeviceKernel::bytes_per_s() const {
    return per_second(static_cast<double>(bytes()), duration_ns());
}

std::vector<DeviceKernel> device_kernels(const Trace& trace) {
    // Which pass a kernel is of, its operation's own event tells.
    std::map<std::pair<std::int32_t, std::int64_t>, bool> is_backward;
    for (const TraceEvent& event : trace.events) {
        if (event.stream == Stream::compute && is_attend(event.category)) {
            is_backward[{event.rank, event.operation}] = event.category == Category::attend_backward;
        }
    }
    std::array<DeviceKernel, kernel_names.size()> kernels;
    for (const TraceEvent& event : trace.events) {
        if (event.stream != Stream::device_compute ||
            (event.category != Category::pack && event.category != Category::kernel)) {
            continue;
        }
        const auto pass = is_backward.find({event.rank, event.operation});
        const bool backward = pass != is_backward.end() && pass->second;
        const std::size_t which = event.category == Category::pack ? 0 : backward ? 2 : 1;
        kernels.at(which).launches.push_back({event.rank, event.flops, event.bytes, event.duration_ns});
    }
    std::vector<DeviceKernel> found;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        if (!kernels.at(i).launches.empty()) {
            kernels.at(i).name = kernel_names.at(i);
            found.push_back(std::move(kernels.at(i)));
        }
    }
    return found;
}

std::vector<DeviceRoof> device_roofs(std::string_view environment) {
    std::vector<DeviceRoof> roofs;
    try {
        const Json document = parse_json(environment, "the stored environment");
        if (!document.is_object() || !document.contains("opencl") || !document["opencl"].is_array()) {
            return {};
        }
        for (const Json& device : document["opencl"]) {
            const DeviceRoof roof{device.at("name").get<std::string>(), device.at("peak_flops_per_s").get<double>(),
                                  device.at("read_bytes_per_s").get<double>()};
            if (roof.flops_per_s > 0.0 && roof.bytes_per_s > 0.0) {
                roofs.push_back(roof);
            }
        }
    } catch (const Error&) {
        return {};
    } catch (const Json::exception&) {
        return {};
    }
    return roofs;
}

}  // namespace longscope
