// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine strategies: how each works, what it moves and what it needs, in the terminal or as the manual's
// page.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/headless/command_line.h"
#include "app/headless/output.h"
#include "app/headless/program_files.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/error.h"
#include "engine/base/registry.h"
#include "engine/draw/cairo_painter.h"
#include "engine/draw/step_diagram_picture.h"
#include "engine/parallel/strategy_example.h"
#include "engine/parallel/strategy_page.h"

namespace longscope {

namespace {

struct Options {
    std::string name;
    std::string pictures;
    bool markdown = false;
    bool json = false;
};

void paint_pictures(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw failed(fmt::format("{}: cannot make the folder: {}", folder.string(), error.message()));
    }
    for (const StrategyEntry& strategy : strategies()) {
        paint(draw_step_diagram(step_diagram(example_schedules(strategy)),
                                {light_theme(), fmt::format("{} on four ranks", strategy.name)}),
              folder / strategy_picture_name(strategy));
    }
}

int show(const Options& options) {
    if (!options.pictures.empty()) {
        paint_pictures(options.pictures);
    } else if (options.markdown) {
        write_output(strategies_as_markdown());
    } else if (options.json) {
        write_output(strategies_as_json().dump(1) + "\n");
    } else if (!options.name.empty()) {
        write_output(strategy_as_text(find_entry(strategies(), options.name, "NAME", "a strategy")));
    } else {
        write_output(strategies_as_text());
    }
    return exit_done;
}

}  // namespace

void declare_strategies(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    verb.add_option("NAME", options->name, "One strategy: how it works, its formulas and where it comes from");
    CLI::Option* json = verb.add_flag("--json", options->json, "Print all of them as JSON");
    CLI::Option* markdown =
        verb.add_flag("--markdown", options->markdown,
                      fmt::format("Print the manual's page ({})", resource_path("docs/strategies.md").string()));
    verb.add_option("--pictures", options->pictures,
                    "A folder for the pictures of that page, NAME.svg each: writes them, and prints nothing")
        ->type_name("FOLDER")
        ->excludes(json)
        ->excludes(markdown);
    markdown->excludes(json);
    verb.callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace longscope
