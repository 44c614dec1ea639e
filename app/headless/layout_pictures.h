// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of what the ranks of an experiment do, send and hold, for files.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/experiment/layout_preview.h"

namespace longscope {

enum class LayoutPicture : std::uint8_t { steps, communication, memory };

inline constexpr std::array<std::string_view, 3> layout_picture_words{"steps", "communication", "memory"};

// Throws Error(bad_input) for another word.
[[nodiscard]] LayoutPicture layout_picture_named(std::string_view word);

[[nodiscard]] DisplayList draw_layout(LayoutPicture picture, const LayoutPreview& preview, const Experiment& experiment,
                                      const Theme& theme);

}  // namespace longscope
