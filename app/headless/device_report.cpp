// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/device_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/headless/text_table.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "profiler/roofline_report.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

KernelsUnderRoof kernels_of(Database& database, const StoredRun& run, const StoredRepetition& repetition) {
    return kernels_under_roof({static_cast<std::int32_t>(run.record.ranks), read_events(database, repetition.id)},
                              run.record.environment);
}

}  // namespace

std::string device_section(Database& database, const StoredRun& run) {
    const StoredRepetition* repetition = run.draws.empty() ? nullptr : typical_repetition(run.draws.front());
    if (run.record.backend != "opencl" || repetition == nullptr) {
        return {};
    }
    const KernelsUnderRoof shown = kernels_of(database, run, *repetition);
    if (shown.kernels.empty()) {
        return {};
    }
    TextTable table(
        {{"kernel", Align::left}, {"launches"}, {"time"}, {"FLOP/byte"}, {"rate"}, {"memory"}, {"of the roof"}});
    for (const DeviceKernel& kernel : shown.kernels) {
        const bool computes = kernel.flops() > 0;
        const std::optional<double> share = shown.share(kernel);
        table.add_row({kernel.name, format_count(static_cast<std::int64_t>(kernel.launches.size())),
                       format_duration(kernel.duration_ns()),
                       computes ? fmt::format("{:.1f}", kernel.flops_per_byte()) : "-",
                       computes ? format_flops_per_s(kernel.flops_per_s()) : "-", byte_rate_text(kernel.bytes_per_s()),
                       share ? format_percent(*share) : "-"});
    }
    std::string text = fmt::format("\nKernels on the device in repetition {} of draw {} (every byte counted once)\n",
                                   repetition->record.index, run.draws.front().record.index);
    if (shown.roof) {
        text += fmt::format("  {}\n", printable(roof_text(*shown.roof)));
    }
    return text + table.text(2);
}

DisplayList draw_stored_roofline(Database& database, const StoredRun& run, const StoredDraw& draw,
                                 const StoredRepetition& repetition, const StoredPictureOptions& options) {
    const KernelsUnderRoof shown = kernels_of(database, run, repetition);
    if (const std::string reason = shown.missing(); !reason.empty()) {
        throw bad_input("--what", "roofline", "has nothing to show: " + reason, "a run of backend opencl");
    }
    RooflinePicture picture =
        roofline_picture(shown, fmt::format("{}: kernels under the roof, draw {}, repetition {}",
                                            run.record.experiment_name, draw.record.index, repetition.record.index));
    picture.theme = options.theme;
    picture.width = options.width;
    picture.height = std::max(320.0, options.width * 0.6);
    return draw_roofline(picture);
}

}  // namespace longscope
