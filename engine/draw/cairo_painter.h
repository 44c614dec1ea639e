// SPDX-License-Identifier: GPL-3.0-or-later
// Display lists into files, without a screen. Text uses the generic family "sans-serif": libcairo2 depends on
// fontconfig, and that on fonts-dejavu-core or an equal, so a font is there on the barest Debian.
#pragma once

#include <filesystem>

#include "engine/draw/display_list.h"

namespace longscope {

struct PaintOptions {
    double scale = 1;  // pixels a point, of PNG files; larger than 0
};

// Writes the picture as what the extension says: .png, .svg or .pdf. The file appears at once or not at all.
// Throws Error(bad_input) for another extension, Error(failed) when it cannot be made or written.
void paint(const DisplayList& list, const std::filesystem::path& path, const PaintOptions& options = {});

// Throws Error(bad_input), naming `field`, unless paint() knows the extension: for callers that would otherwise find
// out after long work.
void check_picture_extension(const std::filesystem::path& path, std::string_view field);

}  // namespace longscope
