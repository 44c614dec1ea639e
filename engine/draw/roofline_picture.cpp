// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/roofline_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr double margin = 20;
constexpr double left_axis = 92;
constexpr double head = 66;
constexpr double foot = 62;
constexpr double title_size = 15;
constexpr double text_size = 11;
constexpr double launch_marker = 4;
constexpr double whole_marker = 9;

// Powers of ten around what is shown.
struct LogAxis {
    int first = 0;  // exponent
    int last = 1;

    void cover(double value) {
        first = std::min(first, static_cast<int>(std::floor(std::log10(value))));
        last = std::max(last, static_cast<int>(std::ceil(std::log10(value))));
    }
    // 0 at its begin, 1 at its end.
    [[nodiscard]] double place(double value) const { return (std::log10(value) - first) / (last - first); }
};

LogAxis axis_from(double value) {
    LogAxis axis{std::numeric_limits<int>::max(), std::numeric_limits<int>::min()};
    axis.cover(value);
    return axis;
}

bool has_place(const RooflineMark& mark) {
    return mark.flops_per_byte > 0.0 && mark.flops_per_s > 0.0 && std::isfinite(mark.flops_per_byte) &&
           std::isfinite(mark.flops_per_s);
}

class Roofline {
  public:
    explicit Roofline(const RooflinePicture& picture)
        : picture_(picture), theme_(picture.theme), ridge_(picture.peak_flops_per_s / picture.read_bytes_per_s) {
        list_.background = theme_.background;
        list_.title = picture.title;
        list_.width = picture.width;
        list_.height = picture.height;
        plot_ = {left_axis, head, picture.width - left_axis - margin, picture.height - head - foot};
    }

    DisplayList draw() {
        text({margin, margin + 10}, picture_.title, theme_.foreground, title_size, Text::Weight::bold);
        text({margin, margin + 29}, picture_.caption, theme_.muted, text_size + 0.5, Text::Weight::normal);
        if (!has_place({ridge_, picture_.peak_flops_per_s})) {
            text({plot_.x, plot_.y + 20}, "the peak of the device was not measured", theme_.muted, text_size,
                 Text::Weight::normal);
            return std::move(list_);
        }
        find_axes();
        draw_axes();
        draw_roof();
        for (std::size_t i = 0; i < picture_.kernels.size(); ++i) {
            draw_kernel(picture_.kernels[i], theme_.few_ranks.at(i % theme_.few_ranks.size()));
        }
        draw_legend();
        return std::move(list_);
    }

  private:
    void text(Point at, const std::string& words, Colour colour, double size, Text::Weight weight) {
        list_.add(Text{at, fitted_text(words, size, picture_.width - at.x - margin, weight), colour, size,
                       Text::Anchor::start, weight});
    }

    void find_axes() {
        across_ = axis_from(ridge_);
        up_ = axis_from(picture_.peak_flops_per_s);
        for (const RooflineKernel& kernel : picture_.kernels) {
            for (const RooflineMark& mark : kernel.launches) {
                if (has_place(mark)) {
                    across_.cover(mark.flops_per_byte);
                    up_.cover(mark.flops_per_s);
                }
            }
        }
        // The roof rises and is flat in every picture.
        --across_.first;
        across_.last += across_.place(ridge_) > 0.6 ? 1 : 0;
        up_.cover(picture_.read_bytes_per_s * std::pow(10.0, across_.first));
    }

    [[nodiscard]] Point at(double flops_per_byte, double flops_per_s) const {
        return {plot_.x + across_.place(flops_per_byte) * plot_.width,
                plot_.bottom() - up_.place(flops_per_s) * plot_.height};
    }

    void draw_axes() {
        for (int power = across_.first; power <= across_.last; ++power) {
            const double value = std::pow(10.0, power);
            const double x = std::round(at(value, 1.0).x);
            list_.add(Line{{x, plot_.y}, {x, plot_.bottom()}, theme_.grid});
            list_.add(Text{
                {x, plot_.bottom() + 15}, fmt::format("{:g}", value), theme_.muted, text_size, Text::Anchor::middle});
        }
        for (int power = up_.first; power <= up_.last; ++power) {
            const double value = std::pow(10.0, power);
            const double y = std::round(at(1.0, value).y);
            list_.add(Line{{plot_.x, y}, {plot_.right(), y}, theme_.grid});
            list_.add(
                Text{{plot_.x - 6, y + 4}, format_flops_per_s(value), theme_.muted, text_size, Text::Anchor::end});
        }
        list_.add(Text{{plot_.x + plot_.width / 2, plot_.bottom() + 31},
                       "FLOP for each byte of memory",
                       theme_.muted,
                       text_size,
                       Text::Anchor::middle});
    }

    void draw_roof() {
        const double first = std::pow(10.0, across_.first);
        const double last = std::pow(10.0, across_.last);
        list_.add(Polyline{{at(first, first * picture_.read_bytes_per_s), at(ridge_, picture_.peak_flops_per_s),
                            at(last, picture_.peak_flops_per_s)},
                           theme_.foreground,
                           1.6,
                           false});
    }

    void square(Point centre, double size, Colour colour) {
        list_.add(FilledRect{{centre.x - size / 2, centre.y - size / 2, size, size}, colour});
    }

    void draw_kernel(const RooflineKernel& kernel, Colour colour) {
        for (const RooflineMark& mark : kernel.launches) {
            if (has_place(mark)) {
                Colour pale = colour;
                pale.alpha = 0x90;
                square(at(mark.flops_per_byte, mark.flops_per_s), launch_marker, pale);
            }
        }
        if (has_place(kernel.all)) {
            square(at(kernel.all.flops_per_byte, kernel.all.flops_per_s), whole_marker, colour);
        }
    }

    void draw_legend() {
        double x = plot_.x;
        const double y = picture_.height - 12;
        for (std::size_t i = 0; i < picture_.kernels.size(); ++i) {
            const std::string& name = picture_.kernels[i].name;
            square({x + 5, y - 4}, whole_marker, theme_.few_ranks.at(i % theme_.few_ranks.size()));
            list_.add(Text{{x + 15, y}, name, theme_.muted, text_size});
            x += 15 + estimated_text_width(name, text_size) + 18;
        }
    }

    const RooflinePicture& picture_;
    const Theme& theme_;
    double ridge_;
    DisplayList list_;
    Rect plot_;
    LogAxis across_;
    LogAxis up_;
};

}  // namespace

DisplayList draw_roofline(const RooflinePicture& picture) {
    return Roofline(picture).draw();
}

}  // namespace longscope
