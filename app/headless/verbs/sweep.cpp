// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine sweep: an experiment with every combination of the values of some fields.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/headless/command_line.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/sweep/sweep_file.h"
#include "app/headless/sweep/sweep_report.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/error.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

struct SweepOptions {
    std::string file;
    std::vector<std::string> vary;
    std::string ranks;
    bool again = false;
    bool dry_run = false;
    bool json = false;
    RunSettings settings;
};

std::vector<Combination> combinations(const SweepOptions& options) {
    std::vector<VariedField> fields;
    if (!options.ranks.empty()) {
        fields.push_back(parse_varied_field("layout.ranks=" + options.ranks, "--ranks"));
    }
    for (const std::string& text : options.vary) {
        fields.push_back(parse_varied_field(text, "--vary"));
    }
    if (fields.empty()) {
        throw bad_input("--vary", "nothing", "is given", "--vary FIELD=VALUE,VALUE,... or --ranks VALUE,VALUE,...");
    }
    return combinations_of(fields, "--vary");
}

class Sweep {
  public:
    Sweep(const SweepOptions& options, ExperimentRunner& runner, std::vector<SweepPoint> points)
        : options_(options), runner_(runner), points_(std::move(points)), file_(runner.runs_folder(), points_) {}

    int run() {
        runner_.open_database();
        if (!options_.again) {
            find_done_points(runner_.database(), runner_.place(), points_);
        }
        for (const SweepPoint& point : points_) {
            if (point.run) {
                file_.join(point, runner_.database(), runner_.store());
            }
        }
        file_.write(points_);
        {
            const SignalWatch signals;
            for (std::size_t i = 0; i < points_.size() && !interrupted_; ++i) {
                interrupted_ = signals.take() != 0;
                if (!interrupted_) {
                    run_point(i, signals);
                }
            }
        }
        report();
        return end();
    }

  private:
    void run_point(std::size_t index, const SignalWatch& signals) {
        SweepPoint& point = points_[index];
        announce(index);
        if (point.run) {
            return;
        }
        const ExperimentRunner::Result result = runner_.run(point.experiment, signals);
        point.run = result.run;
        point.state = result.end.state;
        point.message = result.end.message;
        file_.join(point, runner_.database(), runner_.store());
        file_.write(points_);
        runner_.draw(result);
        interrupted_ = point.state == RunState::cancelled;
        if (!runner_.tells_programs()) {
            const std::string figures = figures_text(figures_of(read_run(runner_.database(), result.run)));
            write_error(fmt::format("run {} {}{}{}\n", result.run, to_string(point.state), figures.empty() ? "" : ", ",
                                    figures));
        }
    }

    void announce(std::size_t index) const {
        const SweepPoint& point = points_[index];
        if (runner_.tells_programs()) {
            Json line{{"type", "sweep"}, {"point", index + 1}, {"of", points_.size()}};
            line["fields"] = changes_json(point.changes);
            line["done_before"] = point.run ? Json(*point.run) : Json(nullptr);
            write_line(line);
        } else {
            write_error(fmt::format("{} of {}: {}{}\n", index + 1, points_.size(), to_text(point.changes),
                                    point.run ? fmt::format(": done before, run {}", *point.run) : ""));
        }
    }

    // A reader that has left does not stop the sweep.
    static void write_line(const Json& json) {
        try {
            write_output(shown(json) + "\n");
        } catch (const Error&) {
        }
    }

    void report() const {
        if (runner_.tells_programs() || options_.json) {
            Json json{{"type", "sweep_finished"},      {"sweep", file_.id()},
                      {"file", file_.path().string()}, {"database", runner_.database_path().string()},
                      {"interrupted", interrupted_},   {"points", sweep_json(points_, runner_.database())}};
            if (runner_.tells_programs()) {
                write_line(json);
                return;
            }
            json.erase("type");
            write_output(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
            return;
        }
        write_output(sweep_table(points_, runner_.database()));
        write_output(fmt::format("sweep {}: {}\ndatabase: {}\n", file_.id(), file_.path().string(),
                                 runner_.database_path().string()));
    }

    [[nodiscard]] int end() const {
        if (interrupted_) {
            const auto done = std::count_if(points_.begin(), points_.end(),
                                            [](const SweepPoint& p) { return p.run && p.state == RunState::done; });
            write_error(
                fmt::format("longscope-engine: stopped with {} of {} combinations done; the same command goes "
                            "on with the others\n",
                            done, points_.size()));
            return exit_interrupted;
        }
        int code = exit_done;
        for (const SweepPoint& point : points_) {
            if (point.state != RunState::done) {
                code = exit_failed;
                write_error(fmt::format("longscope-engine: run {} ({}) {}: {}\n", point.run.value(),
                                        to_text(point.changes), to_string(point.state), point.message));
            }
        }
        return code;
    }

    const SweepOptions& options_;
    ExperimentRunner& runner_;
    std::vector<SweepPoint> points_;
    SweepFile file_;
    bool interrupted_ = false;
};

// Makes nothing, not even the database.
int show_plan(const SweepOptions& options, ExperimentRunner& runner, std::vector<SweepPoint> points) {
    if (!options.again && std::filesystem::exists(runner.database_path())) {
        Database database(runner.database_path(), OpenMode::read_only);
        find_done_points(database, runner.place(), points);
    }
    if (!options.json) {
        write_output(sweep_plan_table(points));
        return exit_done;
    }
    Json json = Json::array();
    for (const SweepPoint& point : points) {
        json.push_back(
            {{"fields", changes_json(point.changes)}, {"run", point.run ? Json(*point.run) : Json(nullptr)}});
    }
    write_output(Json{{"points", std::move(json)}}.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
    return exit_done;
}

int sweep(const SweepOptions& options) {
    ExperimentRunner runner(options.settings);
    SweepPlan plan = plan_sweep(options.file, combinations(options));
    for (const std::string& mistake : plan.mistakes) {
        write_error(fmt::format("longscope-engine: {}\n", mistake));
    }
    if (!plan.mistakes.empty()) {
        return exit_bad_input;
    }
    if (options.dry_run) {
        return show_plan(options, runner, std::move(plan.points));
    }
    for (const SweepPoint& point : plan.points) {
        runner.check_launch(point.experiment);
    }
    return Sweep(options, runner, std::move(plan.points)).run();
}

}  // namespace

void declare_sweep(CLI::App& verb, VerbAction& action) {
    auto options = std::make_shared<SweepOptions>();
    verb.add_option("FILE", options->file,
                    fmt::format("The experiment (see {})", resource_path("docs/experiment.md").string()))
        ->required();
    verb.add_option(
            "--vary", options->vary,
            "A field of the experiment and its values: layout.ranks=1,2,4 or sequence.tokens=4096..65536*2; may "
            "be given several times")
        ->allow_extra_args(false)
        ->type_name("FIELD=VALUES");
    verb.add_option("--ranks", options->ranks, "As --vary layout.ranks=...")->check(given())->type_name("VALUES");
    verb.add_flag("--again", options->again, "Run also what has been done before");
    verb.add_flag("--dry-run", options->dry_run, "List the combinations, and run none");
    verb.add_flag("--json", options->json, "Print the results as JSON");
    add_run_settings(verb, options->settings);
    verb.footer(
        "Values are numbers, words, JSON, or ranges: 1..4, 0..8+4, 1..8*2. Every combination is checked before the\n"
        "first is run. Ctrl-C stops the sweep; the same command goes on with what has not been done on this machine,\n"
        "by this build and with this launcher.");
    verb.callback([options, &action] { action = [options] { return sweep(*options); }; });
}

}  // namespace longscope
