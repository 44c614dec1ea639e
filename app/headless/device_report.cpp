// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/device_report.h"

#include <fmt/format.h>

#include <cmath>

#include "app/headless/text_table.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/draw/roofline_picture.h"
#include "profiler/roofline.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

std::vector<DeviceKernel> kernels_of(Database& database, const StoredRun& run, const StoredRepetition& repetition) {
    return device_kernels({static_cast<std::int32_t>(run.record.ranks), read_events(database, repetition.id)});
}

// The roof under which a kernel stands where ranks have devices of their own: those of ranks are told apart only where
// all of them are the same device.
const DeviceRoof* common_roof(const std::vector<DeviceRoof>& roofs) {
    for (const DeviceRoof& roof : roofs) {
        if (roof.device != roofs.front().device) {
            return nullptr;
        }
    }
    return roofs.empty() ? nullptr : &roofs.front();
}

std::string byte_rate(double bytes_per_s) {
    return fmt::format("{:.1f} GB/s", bytes_per_s * 1e-9);
}

std::string roof_text(const DeviceRoof& roof) {
    return fmt::format("{}: at most {}, reading {}", printable(roof.device), format_flops_per_s(roof.flops_per_s),
                       byte_rate(roof.bytes_per_s));
}

RooflineMark mark_of(double flops, std::int64_t bytes, Nanoseconds duration_ns) {
    const auto all_bytes = static_cast<double>(bytes);
    return {bytes > 0 ? flops / all_bytes : 0.0,
            duration_ns > 0 ? flops * 1e9 / static_cast<double>(duration_ns) : 0.0};
}

}  // namespace

std::string device_section(Database& database, const StoredRun& run) {
    const StoredRepetition* repetition = run.draws.empty() ? nullptr : typical_repetition(run.draws.front());
    if (run.record.backend != "opencl" || repetition == nullptr) {
        return {};
    }
    const std::vector<DeviceKernel> kernels = kernels_of(database, run, *repetition);
    if (kernels.empty()) {
        return {};
    }
    const std::vector<DeviceRoof> roofs = device_roofs(run.record.environment);
    const DeviceRoof* roof = common_roof(roofs);
    TextTable table(
        {{"kernel", Align::left}, {"launches"}, {"time"}, {"FLOP/byte"}, {"rate"}, {"memory"}, {"of the roof"}});
    for (const DeviceKernel& kernel : kernels) {
        const bool computes = kernel.flops() > 0;
        std::string share = "-";
        if (roof != nullptr) {
            share = format_percent(computes ? kernel.flops_per_s() / roof->limit(kernel.flops_per_byte())
                                            : kernel.bytes_per_s() / roof->bytes_per_s);
        }
        table.add_row(
            {kernel.name, format_count(static_cast<std::int64_t>(kernel.launches.size())),
             format_duration(kernel.duration_ns()), computes ? fmt::format("{:.1f}", kernel.flops_per_byte()) : "-",
             computes ? format_flops_per_s(kernel.flops_per_s()) : "-", byte_rate(kernel.bytes_per_s()), share});
    }
    std::string text = fmt::format("\nKernels on the device in repetition {} of draw {} (every byte counted once)\n",
                                   repetition->record.index, run.draws.front().record.index);
    if (roof != nullptr) {
        text += fmt::format("  {}\n", roof_text(*roof));
    }
    return text + table.text(2);
}

DisplayList draw_stored_roofline(Database& database, const StoredRun& run, const StoredDraw& draw,
                                 const StoredRepetition& repetition, const StoredPictureOptions& options) {
    const std::vector<DeviceRoof> roofs = device_roofs(run.record.environment);
    const DeviceRoof* roof = common_roof(roofs);
    const std::vector<DeviceKernel> kernels = kernels_of(database, run, repetition);
    if (kernels.empty() || roof == nullptr) {
        throw bad_input("--what", "roofline",
                        kernels.empty() ? "has nothing to show: no device computed in this run"
                                        : "has no roof: the run does not tell of one device what it does at most",
                        "a run of backend opencl");
    }
    RooflinePicture picture;
    picture.title = fmt::format("{}: kernels under the roof, draw {}, repetition {}", run.record.experiment_name,
                                draw.record.index, repetition.record.index);
    picture.caption = fmt::format("{}: peak {}, reading {}", roof->device, format_flops_per_s(roof->flops_per_s),
                                  byte_rate(roof->bytes_per_s));
    picture.peak_flops_per_s = roof->flops_per_s;
    picture.read_bytes_per_s = roof->bytes_per_s;
    picture.theme = options.theme;
    picture.width = options.width;
    picture.height = std::max(320.0, options.width * 0.6);
    for (const DeviceKernel& kernel : kernels) {
        if (!(kernel.flops() > 0)) {
            picture.caption += fmt::format("; {} moves {}", kernel.name, byte_rate(kernel.bytes_per_s()));
            continue;
        }
        RooflineKernel shown{kernel.name, {}, mark_of(kernel.flops(), kernel.bytes(), kernel.duration_ns())};
        for (const DeviceLaunch& launch : kernel.launches) {
            shown.launches.push_back(mark_of(launch.flops, launch.bytes, launch.duration_ns));
        }
        shown.name += fmt::format(" ({})", format_flops_per_s(kernel.flops_per_s()));
        picture.kernels.push_back(std::move(shown));
    }
    return draw_roofline(picture);
}

}  // namespace longscope
