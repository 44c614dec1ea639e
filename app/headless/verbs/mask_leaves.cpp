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

void make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw failed(fmt::format("{}: cannot make the folder: {}", folder.string(), error.message()));
    }
}

void paint_example(const MaskExample& example, const std::filesystem::path& file) {
    paint(draw_mask_thumbnail(*example.mask, example.cu_seqlens, leaf_picture_points, light_theme()), file);
}

void paint_leaves(const std::filesystem::path& folder) {
    make_folder(folder);
    for (const LeafEntry& leaf : mask_leaves()) {
        paint_example(example_of(leaf), folder / leaf_picture_name(leaf));
    }
}

void paint_orders(const std::filesystem::path& folder) {
    make_folder(folder);
    for (const OrderEntry& order : token_orders()) {
        paint_example(example_of(order), folder / order_picture_name(order));
    }
}

// A verb that lists a registry, or writes its part of the manual's page.
struct Page {
    std::string (*as_text)();
    std::string (*as_markdown)();
    void (*paint)(const std::filesystem::path& folder);
};

void declare_page(CLI::App& verb, VerbAction& action, const Page& page) {
    const auto options = std::make_shared<Options>();
    verb.add_option("--format", options->format, "text: a line each; markdown: the part of the manual's page on masks")
        ->check(CLI::IsMember({"text", "markdown"}))
        ->capture_default_str();
    verb.add_option("--pictures", options->pictures,
                    "a folder for the pictures of that page, NAME.png each: writes them, and prints nothing")
        ->type_name("FOLDER");
    verb.callback([options, page, &action] {
        action = [options, page] {
            if (!options->pictures.empty()) {
                page.paint(options->pictures);
            } else {
                fmt::print("{}", options->format == "text" ? page.as_text() : page.as_markdown());
            }
            return 0;
        };
    });
}

}  // namespace

void declare_mask_leaves(CLI::App& verb, VerbAction& action) {
    declare_page(verb, action, {leaves_as_text, leaves_as_markdown, paint_leaves});
}

void declare_mask_orders(CLI::App& verb, VerbAction& action) {
    declare_page(verb, action, {orders_as_text, orders_as_markdown, paint_orders});
}

}  // namespace longscope
