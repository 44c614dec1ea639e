// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/device_report.h"
#include "app/headless/output.h"
#include "app/headless/repetition_choice.h"
#include "app/headless/stored_pictures.h"
#include "app/headless/verbs/db.h"
#include "engine/base/error.h"
#include "engine/draw/cairo_painter.h"
#include "storage/read_view.h"
#include "storage/run_list.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

struct RenderOptions {
    std::string file;
    std::string run = "last";
    std::string what = "timeline";
    std::string output;
    std::string theme = "light";
    std::int64_t draw = 0;
    std::optional<std::int64_t> repetition;
    int width = 1100;
    int scale = 1;
};

int render(const RenderOptions& options) {
    check_picture_extension(options.output, "--output");
    StoredPictureOptions picture;
    picture.theme = theme_named(options.theme, "--theme");
    picture.width = options.width;
    const auto database = open_to_read(options.file);
    const ReadView view(*database);
    const StoredRun run = read_run(*database, resolve_run(*database, options.run));
    const StoredDraw& draw = find_draw(run, options.draw);
    const auto list = [&] {
        if (options.what == "mask") {
            return draw_stored_mask(run, draw, picture);
        }
        const StoredRepetition& repetition = find_repetition(draw, options.repetition);
        return options.what == "roofline" ? draw_stored_roofline(*database, run, draw, repetition, picture)
                                          : draw_stored_timeline(*database, run, draw, repetition, picture);
    };
    paint(list(), options.output, {static_cast<double>(options.scale)});
    write_output(options.output + '\n');
    return 0;
}

}  // namespace

void declare_db_render(CLI::App& db, VerbAction& action) {
    CLI::App* verb = db.add_subcommand("render", "draws the timeline, the mask or the roofline of a stored run");
    const auto options = std::make_shared<RenderOptions>();
    verb->add_option("run", options->run, "A run's number, its uuid or the beginning of it, or last")
        ->type_name("RUN")
        ->capture_default_str();
    add_database_option(*verb, options->file);
    verb->add_option("-o,--output", options->output, "The picture: a name that ends in .png, .svg or .pdf")
        ->required()
        ->type_name("FILE");
    verb->add_option("--what", options->what, "timeline, mask or roofline")
        ->check(CLI::IsMember({"timeline", "mask", "roofline"}))
        ->capture_default_str();
    verb->add_option("--draw", options->draw, "The draw")->capture_default_str();
    verb->add_option("--repetition", options->repetition,
                     "The measured repetition (default: the one whose time is the median)");
    verb->add_option("--theme", options->theme, "light or dark")->type_name("NAME")->capture_default_str();
    verb->add_option("--width", options->width, "Of the picture, in points")
        ->check(CLI::Range(480, 8192))
        ->capture_default_str();
    verb->add_option("--scale", options->scale, "Pixels a point, of PNG files")
        ->check(CLI::Range(1, 4))
        ->capture_default_str();
    verb->callback([options, &action] { action = [options] { return render(*options); }; });
}

}  // namespace longscope
