// SPDX-License-Identifier: GPL-3.0-or-later
// What stands above pictures of a layout: in files a title and a caption, everywhere a legend in one line.
#pragma once

#include <string>
#include <string_view>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"

namespace longscope {

// Files have wide margins, what is part of a window has small ones.
[[nodiscard]] inline double picture_margin(std::string_view title) {
    return title.empty() ? 10 : 28;
}

[[nodiscard]] inline double sheet_header_height(std::string_view title) {
    return title.empty() ? 30 : 100;
}

class SheetHeader {
  public:
    SheetHeader(DisplayList& list, const Theme& theme, const std::string& title, const std::string& caption)
        : list_(list), theme_(theme), x_(picture_margin(title)), y_(title.empty() ? 10 : 78) {
        if (title.empty()) {
            return;
        }
        const double room = list.width - 2 * x_;
        list_.add(Text{{x_, 40},
                       fitted_text(title, 18, room, Text::Weight::bold),
                       theme.foreground,
                       18,
                       Text::Anchor::start,
                       Text::Weight::bold});
        list_.add(Text{{x_, 61}, fitted_text(caption, 12.5, room), theme.muted, 12.5});
    }

    // A part of the legend; left out where there is no room for it.
    void swatch(Colour colour, const std::string& name) {
        if (takes(18 + estimated_text_width(name, text_size))) {
            list_.add(FilledRect{{x_, y_, 12, 12}, colour});
            say(x_ + 18, name);
            move(18 + estimated_text_width(name, text_size));
        }
    }
    void text(const std::string& words) {
        if (takes(estimated_text_width(words, text_size))) {
            say(x_, words);
            move(estimated_text_width(words, text_size));
        }
    }
    // A scale from `least` to `most`.
    void ramp(const std::vector<Colour>& colours, const std::string& least, const std::string& most) {
        constexpr double length = 120;
        const double before = estimated_text_width(least, text_size) + 6;
        const double width = before + length + 6 + estimated_text_width(most, text_size);
        if (!takes(width)) {
            return;
        }
        constexpr std::int32_t steps = 60;
        CellGrid bar{{x_ + before, y_, length, 12}, steps, 1, {}, colours, {}, {}};
        for (std::int32_t i = 0; i < steps; ++i) {
            bar.values.push_back(static_cast<float>(i + 1) / static_cast<float>(steps));
        }
        list_.add(std::move(bar));
        say(x_, least);
        say(x_ + before + length + 6, most);
        move(width);
    }

  private:
    static constexpr double text_size = 11.5;

    [[nodiscard]] bool takes(double width) const { return x_ + width <= list_.width; }
    void move(double width) { x_ += width + 18; }
    void say(double x, const std::string& words) { list_.add(Text{{x, y_ + 10.5}, words, theme_.muted, text_size}); }

    DisplayList& list_;
    const Theme& theme_;
    double x_;
    double y_;
};

}  // namespace longscope
