// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/error.h"
#include "engine/draw/cairo_painter.h"
#include "engine/draw/mask_thumbnail.h"
#include "engine/mask/leaf_page.h"
#include "engine/mask/mask_examples.h"

namespace longscope {

namespace {

struct Options {
    std::string format = "text";
    std::string pictures;
};

void paint_leaves(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw failed(fmt::format("{}: cannot make the folder: {}", folder.string(), error.message()));
    }
    for (const LeafEntry& leaf : mask_leaves()) {
        const MaskExample example = example_of(leaf);
        paint(draw_mask_thumbnail(*example.mask, example.cu_seqlens, leaf_picture_points, light_theme()),
              folder / leaf_picture_name(leaf));
    }
}

}  // namespace

void declare_mask_leaves(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    verb.add_option("--format", options->format, "text: a line each; markdown: the part of the manual's page on masks")
        ->check(CLI::IsMember({"text", "markdown"}))
        ->capture_default_str();
    verb.add_option("--pictures", options->pictures,
                    "a folder for the pictures of that page, NAME.png each: writes them, and prints nothing")
        ->type_name("FOLDER");
    verb.callback([options, &action] {
        action = [options] {
            if (!options->pictures.empty()) {
                paint_leaves(options->pictures);
            } else {
                fmt::print("{}", options->format == "text" ? leaves_as_text() : leaves_as_markdown());
            }
            return 0;
        };
    });
}

}  // namespace longscope
