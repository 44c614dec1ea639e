// SPDX-License-Identifier: GPL-3.0-or-later
// The colours of all pictures, light and dark. Categories and ranks come from the palette of Okabe and Ito ("Color
// Universal Design", 2008), which people with the common forms of colour blindness can tell apart, as they can what was
// added to it; density and large
// numbers of ranks use ramps whose lightness rises or falls steadily.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/trace/trace.h"

namespace longscope {

struct Theme {
    std::string_view name;  // "light", "dark"
    Colour background;
    Colour foreground;
    Colour muted;                 // secondary text
    Colour error;                 // text that says what is wrong
    Colour grid;                  // axes, frames and separators
    Colour edge;                  // borders of documents, over any density
    Colour flow;                  // from a send to its receive
    std::vector<Colour> density;  // as CellGrid::ramp
    // By Category, of those that are not of a device.
    std::array<Colour, host_category_count> categories{};
    std::array<Colour, 8> few_ranks{};
    std::vector<Colour> many_ranks;  // a ramp, from the first rank to the last

    [[nodiscard]] Colour category(Category category) const;
    // Up to eight ranks have colours of their own; more of them lie on a ramp.
    [[nodiscard]] Colour rank(std::int64_t rank, std::int64_t ranks) const;
};

// What a device does has the colour of what a rank does that is most like it: streams tell them apart. Itself for all
// others.
[[nodiscard]] Category coloured_as(Category category);

// What text on such a ground is legible in.
[[nodiscard]] Colour ink_on(Colour ground);

[[nodiscard]] const Theme& light_theme();
[[nodiscard]] const Theme& dark_theme();

// Throws Error(bad_input) under the name `field`.
[[nodiscard]] const Theme& theme_named(std::string_view name, std::string_view field = "theme");

}  // namespace longscope
