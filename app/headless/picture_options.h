// SPDX-License-Identifier: GPL-3.0-or-later
// The options of every picture of a mask: where it goes, how large, which part.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "engine/draw/mask_picture.h"

namespace longscope {

struct PictureOptions {
    std::string output;
    std::string theme = "light";
    int width = 1100;
    int scale = 1;
    std::string region;
};

// Returns the option --output, so that a verb can require it. `options` must outlive the parsing.
CLI::Option* declare_picture(CLI::App& verb, PictureOptions& options);

// Before any work: throws Error(bad_input) for a name, a theme or a region that is none.
[[nodiscard]] MaskPictureOptions picture_options(const PictureOptions& options);

// Throws Error(failed) when it cannot be written.
void paint_picture(const DisplayList& list, const PictureOptions& options);

}  // namespace longscope
