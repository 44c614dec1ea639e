// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/experiment_runner.h"

#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "app/headless/command_line.h"
#include "app/headless/data_folder.h"
#include "app/headless/opencl_child.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/run/pictures.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/kernel/opencl/device_facts.h"
#include "profiler/environment.h"
#include "storage/run_query.h"
#include "storage/uuid.h"

namespace longscope {

namespace {

Nanoseconds stall_limit(double seconds) {
    constexpr double most_seconds = 1e9;
    if (!(seconds >= 0.0 && seconds <= most_seconds)) {  // written so that a NaN does not pass
        throw bad_input("--stall-timeout", fmt::format("{:g}", seconds), "is not a time",
                        "seconds from 0 (never) to 1000000000");
    }
    return static_cast<Nanoseconds>(seconds * 1e9);
}

// Of the devices that the ranks have in turn, what they do at most; none where that cannot be told, or on another
// machine than the ranks'.
Json measured_devices(const Experiment& experiment) {
    Json devices = Json::array();
    OpenClChild child(engine_beside());
    std::vector<opencl::DeviceFacts> facts;
    std::vector<std::size_t> places;
    try {
        facts = child.list().facts;
        places = opencl::devices_of_ranks(facts, experiment.backend.device);
    } catch (const Error&) {
        return devices;  // the run itself says what is wrong
    }
    for (const std::size_t place : places) {
        try {
            const opencl::DeviceSpeed speed = child.speed(place, false);
            devices.push_back({{"name", facts[place].name},
                               {"driver", facts[place].driver},
                               {"peak_flops_per_s", speed.flops_per_s},
                               {"read_bytes_per_s", speed.read_bytes_per_s}});
        } catch (const Error& error) {
            write_note(fmt::format("{}: its peak is not stored with the run", error.what()));
            return Json::array();
        }
    }
    return devices;
}

// A reader that has left, or a full disk behind it, does not touch the run.
void print_line(const std::string& line) {
    try {
        write_output(line + "\n");
    } catch (const Error&) {
    }
}

}  // namespace

ExperimentRunner::ExperimentRunner(const RunSettings& settings)
    : settings_(settings),
      stall_limit_ns_(stall_limit(settings.stall_seconds)),
      launcher_(find_launcher(settings.launcher)),
      theme_(theme_named(settings.theme, "--theme")) {}

void ExperimentRunner::check_launch(const Experiment& experiment) const {
    settings_.places.check();
    (void)launcher_.command({"", experiment.layout.ranks, 0, settings_.places});
}

std::filesystem::path ExperimentRunner::database_path() const {
    const std::filesystem::path path =
        settings_.database.empty() ? default_database_path() : std::filesystem::path(settings_.database);
    return std::filesystem::absolute(path);
}

std::filesystem::path ExperimentRunner::runs_folder() const {
    const std::filesystem::path path = database_path().lexically_normal();
    return path.parent_path() / (path.stem().string() + "-runs");
}

void ExperimentRunner::open_database() {
    if (settings_.database.empty()) {
        create_folder_of(default_database_path());
    }
    const std::filesystem::path path =
        settings_.database.empty() ? default_database_path() : std::filesystem::path(settings_.database);
    database_ = std::make_unique<Database>(path, OpenMode::create_or_open);
    for (const std::string& notice : database_->notices()) {
        write_note(notice);
    }
    store_ = std::make_unique<RunStore>(*database_);
    store_->mark_lost(is_abandoned_on);
}

const ExperimentRunner::Place& ExperimentRunner::place() {
    if (place_ == nullptr) {
        const MachineFacts machine = machine_facts();
        place_ = std::make_unique<Place>(Place{environment_json(machine, launcher_.library()).dump(), machine.host});
    }
    return *place_;
}

RunRecord ExperimentRunner::record_of(const Experiment& experiment, const std::string& uuid,
                                      const std::filesystem::path& folder) {
    RunRecord record;
    record.uuid = uuid;
    record.experiment_name = experiment.name;
    record.experiment = to_json(experiment).dump();
    record.environment = place().environment;
    if (experiment.backend.name == "opencl") {
        Json environment = parse_json(record.environment, "the environment");
        environment["opencl"] = measured_devices(experiment);
        record.environment = environment.dump();
    }
    record.command_line = own_command_line();
    record.backend = experiment.backend.name;
    record.ranks = experiment.layout.ranks;
    record.run_folder = folder.string();
    record.host = place().host;
    record.pid = getpid();
    return record;
}

ExperimentRunner::Result ExperimentRunner::run(const Experiment& experiment, const SignalWatch& signals) {
    const std::string uuid = random_uuid();
    const RunFolder folder(runs_folder() / (utc_now_text().substr(0, 10) + "-" + uuid.substr(0, 8)));
    write_file_atomically(folder.experiment(), to_json(experiment).dump(2) + "\n");
    Result result;
    result.folder = folder.path();
    const RunRecord record = record_of(experiment, uuid, folder.path());
    result.run = store_->begin_run(record);
    RunFolderState state{result.run,
                         uuid,
                         std::string(to_string(RunState::running)),
                         "",
                         database_path().lexically_normal().string(),
                         record.host,
                         record.pid};
    folder.write_state(state);
    const std::unique_ptr<RunProgress> progress =
        make_both(tells_programs() ? make_json_progress(print_line) : make_text_progress(experiment),
                  make_json_progress([&](const std::string& line) { folder.append_progress(line); }));
    progress->started(result.run, uuid, folder.path().string());
    result.end = supervise(
        {experiment, launcher_, folder, signals, result.run, stall_limit_ns_, settings_.max_events, settings_.places},
        *store_, *progress);
    state.state = to_string(result.end.state);
    state.message = result.end.message;
    folder.write_state(state);
    return result;
}

void ExperimentRunner::draw(const Result& result) {
    try {
        const StoredRun stored = read_run(*database_, result.run);
        for (const ArtifactRecord& picture :
             draw_pictures(stored, *database_, theme_, result.folder, settings_.pictures)) {
            store_->add_artifact(result.run, picture);
        }
    } catch (const Error& error) {
        // Of a run that ended badly its own message says enough.
        if (result.end.state == RunState::done) {
            write_note(fmt::format("the pictures of run {} are not drawn: {}", result.run, error.what()));
        }
    }
}

int exit_code_of(RunState state) {
    switch (state) {
        case RunState::done:
            return exit_done;
        case RunState::cancelled:
            return exit_interrupted;
        default:
            return exit_failed;
    }
}

}  // namespace longscope
