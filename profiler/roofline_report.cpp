// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/roofline_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

RooflineMark mark_of(double flops, std::int64_t bytes, Nanoseconds duration_ns) {
    const auto all_bytes = static_cast<double>(bytes);
    return {bytes > 0 ? flops / all_bytes : 0.0,
            duration_ns > 0 ? flops * 1e9 / static_cast<double>(duration_ns) : 0.0};
}

}  // namespace

std::optional<double> KernelsUnderRoof::share(const DeviceKernel& kernel) const {
    if (!roof) {
        return std::nullopt;
    }
    return kernel.flops() > 0 ? kernel.flops_per_s() / roof->limit(kernel.flops_per_byte())
                              : kernel.bytes_per_s() / roof->bytes_per_s;
}

std::string KernelsUnderRoof::missing() const {
    if (kernels.empty()) {
        return "no device computed in this run";
    }
    return roof ? "" : "the run does not tell of one device what it does at most";
}

KernelsUnderRoof kernels_under_roof(const Trace& trace, std::string_view environment) {
    const std::vector<DeviceRoof> roofs = device_roofs(environment);
    const bool one = !roofs.empty() && std::all_of(roofs.begin(), roofs.end(), [&](const DeviceRoof& roof) {
        return roof.device == roofs.front().device;
    });
    return {device_kernels(trace), one ? std::optional(roofs.front()) : std::nullopt};
}

std::string byte_rate_text(double bytes_per_s) {
    return fmt::format("{:.1f} GB/s", bytes_per_s * 1e-9);
}

std::string roof_text(const DeviceRoof& roof) {
    return fmt::format("{}: at most {}, reading {}", roof.device, format_flops_per_s(roof.flops_per_s),
                       byte_rate_text(roof.bytes_per_s));
}

std::string kernel_text(const KernelsUnderRoof& shown, const DeviceKernel& kernel) {
    const auto launches = static_cast<std::int64_t>(kernel.launches.size());
    std::string text = fmt::format("{}: {} launch{}, {}", kernel.name, format_count(launches),
                                   launches == 1 ? "" : "es", format_duration(kernel.duration_ns()));
    if (kernel.flops() > 0) {
        text +=
            fmt::format(", {:.1f} FLOP/byte, {}", kernel.flops_per_byte(), format_flops_per_s(kernel.flops_per_s()));
    }
    text += ", memory " + byte_rate_text(kernel.bytes_per_s());
    if (const std::optional<double> share = shown.share(kernel)) {
        text += fmt::format(", {} of the roof", format_percent(*share));
    }
    return text;
}

RooflinePicture roofline_picture(const KernelsUnderRoof& shown, const std::string& title) {
    RooflinePicture picture;
    picture.title = title;
    picture.caption = roof_text(*shown.roof);
    picture.peak_flops_per_s = shown.roof->flops_per_s;
    picture.read_bytes_per_s = shown.roof->bytes_per_s;
    for (const DeviceKernel& kernel : shown.kernels) {
        if (!(kernel.flops() > 0)) {
            picture.caption += fmt::format("; {} moves {}", kernel.name, byte_rate_text(kernel.bytes_per_s()));
            continue;
        }
        RooflineKernel drawn{kernel.name, {}, mark_of(kernel.flops(), kernel.bytes(), kernel.duration_ns())};
        for (const DeviceLaunch& launch : kernel.launches) {
            drawn.launches.push_back(mark_of(launch.flops, launch.bytes, launch.duration_ns));
        }
        drawn.name += fmt::format(" ({})", format_flops_per_s(kernel.flops_per_s()));
        picture.kernels.push_back(std::move(drawn));
    }
    return picture;
}

std::string kernels_csv(const KernelsUnderRoof& shown) {
    std::string csv = "kernel,launches,duration_ns,flops,bytes,flops_per_byte,flops_per_s,bytes_per_s,share_of_roof\n";
    for (const DeviceKernel& kernel : shown.kernels) {
        const std::optional<double> share = shown.share(kernel);
        csv += fmt::format("{},{},{},{},{},{},{},{},{}\n", kernel.name, kernel.launches.size(), kernel.duration_ns(),
                           kernel.flops(), kernel.bytes(), kernel.flops_per_byte(), kernel.flops_per_s(),
                           kernel.bytes_per_s(), share ? fmt::format("{}", *share) : std::string());
    }
    return csv;
}

}  // namespace longscope
