// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine run: runs an experiment, stores it, draws it.
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>

#include "app/headless/command_line.h"
#include "app/headless/experiment_names.h"
#include "app/headless/explain.h"
#include "app/headless/layout_pictures.h"
#include "app/headless/long_job.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/run/experiment_runner.h"
#include "app/headless/run_report.h"
#include "app/headless/verbs/verb.h"
#include "app/headless/worker/worker.h"
#include "engine/draw/cairo_painter.h"
#include "engine/experiment/field_override.h"
#include "engine/experiment/layout_preview.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

struct RunOptions {
    std::string file;
    std::optional<std::string> ranks;
    std::optional<std::string> backend;
    std::optional<std::string> lengths;
    bool explain = false;
    std::string output;  // a picture of what is explained
    std::string picture{layout_picture_words.front()};
    RunSettings settings;
};

// What is not a number stays a text, which the field then refuses with what it accepts.
Json number_or_text(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    return status == std::errc() && end == text.data() + text.size() ? Json(number) : Json(text);
}

std::vector<FieldOverride> overrides_of(const RunOptions& options) {
    std::vector<FieldOverride> overrides;
    if (options.ranks) {
        overrides.push_back({"layout.ranks", number_or_text(*options.ranks)});
    }
    if (options.backend) {
        overrides.push_back({"backend.name", *options.backend});
    }
    if (options.lengths) {
        // The user's path begins where the user is, not where the experiment lies.
        overrides.push_back(
            {"sequence.lengths", {{"file", std::filesystem::absolute(*options.lengths).lexically_normal().string()}}});
    }
    return overrides;
}

int explain(const RunOptions& options) {
    const Experiment experiment = read_experiment(options.file, experiment_names(), overrides_of(options));
    if (!options.output.empty()) {
        check_picture_extension(options.output, "--output");
    }
    const Theme& theme = theme_named(options.settings.theme, "--theme");
    LongJob job("explain");
    const LayoutPreview preview = preview_layout(compile_draw(experiment, 0), *job.cancelled());
    job.finish();
    if (options.output.empty()) {
        write_output(step_table_text(preview, experiment) + checkpoint_text(preview.checkpoint));
    } else {
        paint(draw_layout(layout_picture_named(options.picture), preview, experiment, theme), options.output);
        write_output(options.output + '\n');
    }
    return exit_done;
}

int run(const RunOptions& options) {
    if (options.explain) {
        return explain(options);
    }
    ExperimentRunner runner(options.settings);
    const Experiment experiment =
        with_absolute_paths(read_experiment(options.file, experiment_names(), overrides_of(options)));
    runner.check_launch(experiment);
    runner.open_database();
    ExperimentRunner::Result result;
    {
        const SignalWatch signals;
        result = runner.run(experiment, signals);
    }
    runner.draw(result);
    if (!runner.tells_programs()) {
        write_output(run_report(read_run(runner.database(), result.run)));
        write_output(fmt::format("database: {}\n", runner.database_path().string()));
    }
    if (result.end.state != RunState::done) {
        write_error(fmt::format("longscope-engine: run {} {}: {}\n", result.run, to_string(result.end.state),
                                result.end.message));
    }
    return exit_code_of(result.end.state);
}

}  // namespace

void declare_run(CLI::App& verb, VerbAction& action) {
    auto options = std::make_shared<RunOptions>();
    verb.add_option("FILE", options->file,
                    fmt::format("The experiment (see {})", resource_path("docs/experiment.md").string()))
        ->required();
    verb.add_option("--ranks", options->ranks, "Ranks, instead of layout.ranks of the experiment")->check(given());
    verb.add_option("--backend", options->backend, "Backend, instead of backend.name (see 'longscope-engine devices')")
        ->check(given());
    verb.add_option("--lengths", options->lengths,
                    "Lengths file, instead of sequence.lengths: one length a line, or a histogram {\"[a,b)\": p}")
        ->check(given());
    auto* explain =
        verb.add_flag("--explain", options->explain,
                      "Runs nothing: prints what each rank does in each step, and what moves between them (draw 0)");
    auto* output = verb.add_option("-o,--output", options->output,
                                   "With --explain a picture instead: a name that ends in .png, .svg or .pdf")
                       ->type_name("FILE")
                       ->check(given());
    verb.add_option("--picture", options->picture, "With --output, of what")
        ->check(CLI::IsMember(std::vector<std::string>(layout_picture_words.begin(), layout_picture_words.end())))
        ->needs(output)
        ->capture_default_str();
    output->needs(explain);
    add_run_settings(verb, options->settings);
    verb.footer(
        "With \"pass\": \"forward_backward\" in the experiment the gradients of queries, keys and values are computed\n"
        "too, checked, and timed apart.\n"
        "Ctrl-C stops the run; what was measured until then is stored.");
    verb.callback([options, &action] { action = [options] { return run(*options); }; });
}

void declare_thread_ranks(CLI::App& verb, VerbAction& action) {
    struct Options {
        std::string file;
        int ranks = 1;
        std::int64_t max_events = 0;
    };
    auto options = std::make_shared<Options>();
    verb.group("");  // for the supervisor only: not in the help
    verb.add_option("FILE", options->file)->required();
    verb.add_option("RANKS", options->ranks)->required()->check(CLI::Range(1, 4096));
    verb.add_option("MAX_EVENTS", options->max_events)->required();
    verb.callback([options, &action] {
        action = [options] { return run_thread_ranks(options->file, options->ranks, options->max_events); };
    });
}

}  // namespace longscope
