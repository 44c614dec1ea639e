// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/tile_tuning.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/headless/bench_recorder.h"
#include "app/headless/data_folder.h"
#include "app/headless/long_job.h"
#include "app/headless/opencl_child.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/text_table.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/kernel/opencl/design.h"
#include "engine/kernel/opencl/tile_tuning.h"
#include "profiler/environment.h"
#include "profiler/probe/tile_tuner.h"
#include "profiler/statistics.h"
#include "storage/tile_choices.h"

namespace longscope {

namespace {

std::string shape_text(const opencl::TileShape& shape) {
    return fmt::format("{} x {}", shape.q_tile, shape.k_tile);
}

Summary summary_ns(const opencl::TimedShape& timed) {
    std::vector<double> durations;
    for (const double seconds : timed.seconds) {
        durations.push_back(seconds * 1e9);
    }
    return summarize(durations);
}

// One row for each candidate.
std::vector<BenchRow> rows_of(const std::vector<TunedDevice>& devices) {
    std::vector<BenchRow> rows;
    for (const TunedDevice& device : devices) {
        for (const TunedClass& one : device.classes) {
            const opencl::TileShape best = opencl::best_of(one.timed).shape;
            for (const opencl::TimedShape& timed : one.timed) {
                BenchRow row;
                row.case_name = fmt::format("{}: {}", device.facts.name, class_text(one.of));
                row.implementation = shape_text(timed.shape);
                row.outcome = timed.failure.empty() ? BenchOutcome::measured : BenchOutcome::failed;
                row.message = timed.failure;
                row.duration_ns = summary_ns(timed);
                row.details = Json{{"chosen", timed.shape == best}}.dump();
                rows.push_back(std::move(row));
            }
        }
    }
    return rows;
}

std::string tuning_text(const std::vector<TunedDevice>& devices) {
    std::string text;
    for (const TunedDevice& device : devices) {
        TextTable table({{device.facts.name, Align::left},
                         {"tiles", Align::left},
                         {"time"},
                         {"default", Align::left},
                         {"time"},
                         {"tried"}});
        for (const TunedClass& one : device.classes) {
            const opencl::TimedShape& best = opencl::best_of(one.timed);
            const opencl::TimedShape& usual = one.timed.front();
            const auto time = [](const opencl::TimedShape& timed) {
                return timed.seconds.empty() ? std::string("-")
                                             : format_duration(static_cast<Nanoseconds>(summary_ns(timed).min));
            };
            table.add_row({class_text(one.of), shape_text(best.shape), time(best), shape_text(usual.shape), time(usual),
                           std::to_string(one.timed.size())});
        }
        text += table.text() + "\n";
    }
    return text;
}

}  // namespace

std::vector<opencl::TileChoice> tile_choices_for(std::string_view backend) {
    if (backend != "opencl") {
        return {};
    }
    const std::filesystem::path file = default_database_path();
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return {};
    }
    try {
        Database database(file, OpenMode::read_only);
        return stored_tile_choices(database);
    } catch (const Error&) {
        return {};
    }
}

std::string tiles_text(const opencl::DeviceFacts& device, const std::vector<opencl::TileChoice>& choices) {
    const std::string key = opencl::device_key(device);
    const bool tuned = std::any_of(choices.begin(), choices.end(),
                                   [&](const opencl::TileChoice& choice) { return choice.device == key; });
    return tuned ? "tuned" : "default";
}

int tune_devices(bool json) {
    static_cast<void>(opencl::asked_design());  // bad input is told as such, which an answer of the child is not
    OpenClChild child(engine_beside());
    require_usable(child.list());
    const std::vector<DeviceToTune> found = child.to_tune();
    const std::filesystem::path file = default_database_path();
    create_folder_of(file);
    BenchRecorder recorder(std::string(tile_bench_kind), file.string());
    const int threads = machine_facts().hardware_threads;
    LongJob job("tuned");
    std::vector<TunedDevice> devices;
    std::vector<opencl::TileChoice> choices;
    std::vector<std::string> failures;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const auto rank = static_cast<int>(i);
        TileTuningOptions options;
        options.cancelled = job.cancelled();
        options.poll = [&](double done) {
            job.poll((static_cast<double>(i) + done) / static_cast<double>(found.size()));
        };
        try {
            devices.push_back(
                tune_tiles(found[i], options, [&](const opencl::ShapeClass& of, const opencl::TileShape& shape) {
                    return child.seconds_of(rank, threads, of, shape);
                }));
        } catch (const opencl::MeasuringEnded& error) {
            failures.push_back(fmt::format("{} is not tuned: {}", printable(found[i].facts.name), error.what()));
            continue;
        }
        const std::vector<opencl::TileChoice> own = devices.back().choices();
        choices.insert(choices.end(), own.begin(), own.end());
    }
    job.finish();
    if (!devices.empty()) {
        const Json settings = tile_choices_json(choices);
        recorder.store(settings, rows_of(devices));
        write_output(json ? settings.dump(2) + "\n" : tuning_text(devices));
    }
    if (!failures.empty()) {
        throw failed(fmt::format("{}", fmt::join(failures, "; ")));
    }
    return 0;
}

}  // namespace longscope
