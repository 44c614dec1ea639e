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
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/error_context.h"
#include "engine/experiment/grid.h"
#include "storage/layout_report.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

struct SweepOptions {
    std::string file;
    std::vector<std::string> vary;
    std::vector<std::string> only;
    std::string ranks;
    std::string scale;
    std::string lengths;
    std::string report;
    bool again = false;
    bool dry_run = false;
    bool json = false;
    RunSettings settings;
};

std::vector<VariedField> varied_fields(const SweepOptions& options) {
    std::vector<VariedField> fields;
    if (!options.ranks.empty()) {
        fields.push_back(parse_varied_field("layout.ranks=" + options.ranks, "--ranks"));
    }
    for (const std::string& text : options.vary) {
        fields.push_back(parse_varied_field(text, "--vary"));
    }
    return fields;
}

// The lengths that the user gives take the place of those that a case, or the experiment, draws documents from.
void take_lengths(const SweepOptions& options, SweepSource& source, std::vector<Axis>& axes) {
    if (options.lengths.empty()) {
        return;
    }
    const Json lengths{{"file", std::filesystem::absolute(options.lengths).string()}};
    bool taken = false;
    for (Axis& axis : axes) {
        for (AxisCase& one : axis.cases) {
            for (FieldOverride& change : one.changes) {
                if (change.field == "sequence.lengths") {
                    change.value = lengths;
                    taken = true;
                }
            }
        }
    }
    if (!taken) {
        set_field(source.experiment, {"sequence.lengths", lengths});
    }
}

SweepSource source_of(const SweepOptions& options) {
    SweepSource source{options.file, read_document(options.file), {}};
    std::vector<Axis> axes;
    if (looks_like_grid(source.experiment)) {
        Grid grid = in_context(options.file, [&] { return parse_grid(source.experiment); });
        choose_scale(grid, options.scale, "--scale");
        for (const VariedField& field : varied_fields(options)) {
            vary(grid, field);
        }
        for (const std::string& text : options.only) {
            keep_only(grid, text, "--only");
        }
        source.experiment = std::move(grid.experiment);
        axes = std::move(grid.axes);
    } else {
        if (!options.scale.empty() || !options.only.empty()) {
            throw bad_input(options.scale.empty() ? "--only" : "--scale",
                            options.scale.empty() ? options.only.front() : options.scale, "is for grids alone",
                            "a file with longscope_grid");
        }
        for (const VariedField& field : varied_fields(options)) {
            axes.push_back(axis_of(field));
        }
        if (axes.empty()) {
            throw bad_input("--vary", "nothing", "is given", "--vary FIELD=VALUE,VALUE,... or --ranks VALUE,VALUE,...");
        }
    }
    take_lengths(options, source, axes);
    source.points = points_of(axes, "--vary");
    return source;
}

class Sweep {
  public:
    Sweep(const SweepOptions& options, ExperimentRunner& runner, std::vector<SweepPoint> points)
        : options_(options), runner_(runner), points_(std::move(points)), file_(runner.runs_folder(), points_) {}

    int run() {
        runner_.open_database();
        if (!options_.again) {
            find_settled_points(runner_.database(), runner_.place(), points_);
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
        write_page();
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
            line["fields"] = names_json(point.names);
            line["done_before"] = point.run ? Json(*point.run) : Json(nullptr);
            write_line(line);
        } else {
            write_error(fmt::format("{} of {}: {}{}\n", index + 1, points_.size(), to_text(point.names),
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

    // Of what has run, now or before.
    void write_page() const {
        if (options_.report.empty()) {
            return;
        }
        std::vector<std::int64_t> runs;
        for (const SweepPoint& point : points_) {
            if (point.run) {
                runs.push_back(*point.run);
            }
        }
        write_file_atomically(options_.report, layout_report_of(runner_.database(), runs));
        write_error(fmt::format("report: {}\n", std::filesystem::absolute(options_.report).string()));
    }

    [[nodiscard]] int end() const {
        if (interrupted_) {
            const auto done = std::count_if(points_.begin(), points_.end(),
                                            [](const SweepPoint& p) { return p.run && is_settled(p.state); });
            write_error(
                fmt::format("longscope-engine: stopped with {} of {} combinations done; the same command goes "
                            "on with the others\n",
                            done, points_.size()));
            return exit_interrupted;
        }
        int code = exit_done;
        const auto refused = std::count_if(points_.begin(), points_.end(), [](const SweepPoint& point) {
            return is_settled(point.state) && point.state != RunState::done;
        });
        if (refused > 0) {
            write_error(fmt::format("{} of {} combinations are unsupported or infeasible\n", refused, points_.size()));
        }
        for (const SweepPoint& point : points_) {
            if (!is_settled(point.state)) {
                code = exit_failed;
                write_error(fmt::format("longscope-engine: run {} ({}) {}: {}\n", point.run.value(),
                                        to_text(point.names), to_string(point.state), point.message));
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
        find_settled_points(database, runner.place(), points);
    }
    if (!options.json) {
        write_output(sweep_plan_table(points));
        return exit_done;
    }
    Json json = Json::array();
    for (const SweepPoint& point : points) {
        json.push_back({{"fields", names_json(point.names)}, {"run", point.run ? Json(*point.run) : Json(nullptr)}});
    }
    write_output(Json{{"points", std::move(json)}}.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
    return exit_done;
}

int sweep(const SweepOptions& options) {
    ExperimentRunner runner(options.settings);
    SweepPlan plan = plan_sweep(source_of(options));
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
                    fmt::format("The experiment (see {}), or a grid of experiments (see {})",
                                resource_path("docs/experiment.md").string(), resource_path("docs/sweeps.md").string()))
        ->required();
    verb.add_option(
            "--vary", options->vary,
            "A field of the experiment and its values: layout.ranks=1,2,4 or sequence.tokens=4096..65536*2; may "
            "be given several times")
        ->allow_extra_args(false)
        ->type_name("FIELD=VALUES");
    verb.add_option("--ranks", options->ranks, "As --vary layout.ranks=...")->check(given())->type_name("VALUES");
    verb.add_option("--scale", options->scale, "Of a grid: one of its scales, such as published")->check(given());
    verb.add_option("--only", options->only,
                    "Of a grid: the cases of an axis that are run: mask=causal,full; may be "
                    "given several times")
        ->allow_extra_args(false)
        ->type_name("AXIS=CASES");
    verb.add_option("--lengths", options->lengths,
                    "A file of document lengths, instead of those that the documents are drawn from")
        ->check(given())
        ->type_name("FILE");
    verb.add_option("--report", options->report,
                    "When the sweep ends, write tables and curves of its runs to this HTML file")
        ->check(given())
        ->type_name("FILE");
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
