// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/memory_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/units.h"
#include "engine/draw/sheet_header.h"
#include "engine/draw/ticks.h"

namespace longscope {

namespace {

constexpr double text_size = 11;
constexpr double axis_width = 72;
constexpr double axis_height = 38;
constexpr double bars_height = 56;
constexpr double bars_gap = 26;
constexpr std::size_t most_lines = 32;  // of ranks; of more only the largest of them all is drawn
// A budget that is farther away is told, not drawn: what is held would be too low to see.
constexpr std::int64_t farthest_budget = 4;

// As formulas have them; the facts spell them out.
constexpr std::array<std::string_view, buffer_role_count> short_names{
    "K, V", "O, lse", "Q", "messages", "dO", "delta", "dQ", "dK, dV", "lse", "K", "V", "scores", "dK", "dV"};

// What a rank holds while a stretch of the picture lasts: of all states in it the one that holds most.
struct Stretch {
    double begin = 0;  // points from the left
    double end = 0;
    BytesByRole bytes{};
};

// One a point of the width at most.
std::vector<Stretch> stretches_of(const MemoryProfile& profile, double steps, double width) {
    std::vector<Stretch> all;
    BytesByRole now{};
    std::size_t next = 0;
    const auto points = static_cast<std::int64_t>(std::max(1.0, std::floor(width)));
    for (std::int64_t point = 0; point < points; ++point) {
        const double until = steps * static_cast<double>(point + 1) / static_cast<double>(points);
        BytesByRole most = now;
        for (; next < profile.changes.size() && (profile.changes[next].time < until || point + 1 == points); ++next) {
            now = profile.changes[next].bytes;
            if (sum_of(now) >= sum_of(most)) {
                most = now;
            }
        }
        const auto begin = static_cast<double>(point);
        if (!all.empty() && all.back().bytes == most) {
            all.back().end = begin + 1;
        } else {
            all.push_back({begin, begin + 1, most});
        }
    }
    return all;
}

class MemoryPicture {
  public:
    MemoryPicture(const std::vector<MemoryProfile>& ranks, const MemoryPictureOptions& options)
        : ranks_(ranks), options_(options), theme_(options.theme), chart_(memory_chart(ranks, options)) {
        list_.width = options.width;
        list_.height = options.height;
        list_.background = theme_.background;
        list_.title = options.title;
    }

    DisplayList draw() {
        draw_head();
        draw_axes();
        draw_parts();
        draw_others();
        draw_budget();
        draw_peak();
        if (chart_.bars.height > 0) {
            draw_bars();
        }
        return std::move(list_);
    }

  private:
    [[nodiscard]] const MemoryProfile& own() const { return ranks_.at(static_cast<std::size_t>(options_.rank)); }
    [[nodiscard]] Colour input_colour() const { return mix(theme_.background, theme_.muted, 0.55); }
    [[nodiscard]] Colour colour_of(std::size_t role) const {
        switch (static_cast<BufferRole>(role)) {
            // The last colour of ranks is too near to that of the inputs.
            case BufferRole::key_value_gradients:
                return theme_.category(Category::collective);
            case BufferRole::lse:
                return theme_.category(Category::merge);
            case BufferRole::key_gradients:
                return theme_.category(Category::attend_backward);
            case BufferRole::value_gradients:
                return theme_.category(Category::reduce);
            // Where keys and values travel apart, no keys with values, no queries and no dO do.
            case BufferRole::keys:
                return theme_.few_ranks.at(static_cast<std::size_t>(BufferRole::key_values));
            case BufferRole::values:
                return theme_.few_ranks.at(static_cast<std::size_t>(BufferRole::queries));
            case BufferRole::scores:
                return theme_.few_ranks.at(static_cast<std::size_t>(BufferRole::output_gradients));
            default:
                return theme_.few_ranks.at(role);
        }
    }
    [[nodiscard]] double y_of(std::int64_t bytes) const {
        return chart_.plot.bottom() -
               chart_.plot.height * static_cast<double>(bytes) / static_cast<double>(chart_.top_bytes);
    }
    [[nodiscard]] double x_of(double time) const { return chart_.plot.x + chart_.plot.width * time / chart_.steps; }

    void draw_head() {
        SheetHeader header(list_, theme_, options_.title, options_.caption);
        header.text(fmt::format("rank {}:", options_.rank));
        header.swatch(input_colour(), "own inputs");
        BytesByRole largest{};
        for (const MemoryChange& change : own().changes) {
            for (std::size_t role = 0; role < largest.size(); ++role) {
                largest.at(role) = std::max(largest.at(role), change.bytes.at(role));
            }
        }
        for (std::size_t role = 0; role < largest.size(); ++role) {
            if (largest.at(role) > 0) {
                header.swatch(colour_of(role), std::string(short_names.at(role)));
            }
        }
        if (options_.budget_bytes > 0 && !shows_budget()) {
            header.text("budget " + format_bytes(options_.budget_bytes) + ", far above");
        }
    }

    [[nodiscard]] bool shows_budget() const {
        return options_.budget_bytes > 0 && options_.budget_bytes <= chart_.top_bytes;
    }

    void draw_axes() {
        const Rect& plot = chart_.plot;
        for (const Tick& tick : byte_ticks(chart_.top_bytes, static_cast<int>(plot.height / 36))) {
            const double y = std::round(y_of(tick.value));
            list_.add(Line{{plot.x, y}, {plot.right(), y}, theme_.grid});
            list_.add(Text{{plot.x - 8, y + 4}, tick.label, theme_.muted, text_size, Text::Anchor::end});
        }
        const double label = estimated_text_width(std::to_string(options_.steps), text_size) + 12;
        const double step = plot.width / chart_.steps;
        const auto stride = static_cast<std::int64_t>(std::max(1.0, std::ceil(label / step)));
        for (std::int64_t at = 0; at < options_.steps; at += stride) {
            const double x = std::round(x_of(static_cast<double>(at)));
            list_.add(Line{{x, plot.bottom()}, {x, plot.bottom() + 5}, theme_.grid});
            list_.add(Text{{x_of(static_cast<double>(at) + 0.5), plot.bottom() + 15},
                           std::to_string(at),
                           theme_.muted,
                           text_size,
                           Text::Anchor::middle});
        }
        list_.add(Text{{plot.x - 8, plot.bottom() + 15}, "step", theme_.muted, text_size, Text::Anchor::end});
    }

    void draw_parts() {
        const Rect& plot = chart_.plot;
        const double floor = y_of(own().input_bytes);
        list_.add(FilledRect{{plot.x, floor, plot.width, plot.bottom() - floor}, input_colour()});
        for (const Stretch& stretch : stretches_of(own(), chart_.steps, plot.width)) {
            std::int64_t below = own().input_bytes;
            for (std::size_t role = 0; role < stretch.bytes.size(); ++role) {
                const std::int64_t bytes = stretch.bytes.at(role);
                if (bytes > 0) {
                    const double top = y_of(below + bytes);
                    list_.add(FilledRect{{plot.x + stretch.begin, top, stretch.end - stretch.begin, y_of(below) - top},
                                         colour_of(role)});
                    below += bytes;
                }
            }
        }
        if (options_.backward_from && *options_.backward_from > 0) {
            const double x = std::round(x_of(*options_.backward_from));
            list_.add(Line{{x, plot.y - 4}, {x, plot.bottom()}, theme_.foreground, 2});
            list_.add(Text{{x - 6, plot.y - 4}, "forward", theme_.muted, text_size, Text::Anchor::end});
            list_.add(Text{{x + 6, plot.y - 4}, "backward", theme_.muted, text_size});
        }
    }

    void draw_others() {
        if (ranks_.size() <= most_lines) {
            for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
                if (static_cast<std::int64_t>(rank) != options_.rank) {
                    Colour colour = theme_.foreground;
                    colour.alpha = 0x50;
                    draw_line(sums_of(ranks_[rank]), colour);
                }
            }
            return;
        }
        std::vector<std::int64_t> largest;
        for (const MemoryProfile& profile : ranks_) {
            const std::vector<std::int64_t> sums = sums_of(profile);
            largest.resize(sums.size());
            std::transform(sums.begin(), sums.end(), largest.begin(), largest.begin(),
                           [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
        }
        draw_line(largest, theme_.muted);
    }

    // At each point of the width.
    [[nodiscard]] std::vector<std::int64_t> sums_of(const MemoryProfile& profile) const {
        std::vector<std::int64_t> sums;
        for (const Stretch& stretch : stretches_of(profile, chart_.steps, chart_.plot.width)) {
            sums.resize(static_cast<std::size_t>(stretch.end), profile.input_bytes + sum_of(stretch.bytes));
        }
        return sums;
    }

    void draw_line(const std::vector<std::int64_t>& sums, Colour colour) {
        Polyline line{{}, colour, 1};
        for (std::size_t at = 0; at < sums.size(); ++at) {
            const bool first = at == 0 || sums[at] != sums[at - 1];
            const bool last = at + 1 == sums.size() || sums[at] != sums[at + 1];
            if (first) {
                line.points.push_back({chart_.plot.x + static_cast<double>(at), y_of(sums[at])});
            }
            if (last) {
                line.points.push_back({chart_.plot.x + static_cast<double>(at) + 1, y_of(sums[at])});
            }
        }
        list_.add(std::move(line));
    }

    void dashes(double y, double begin, double end) {
        for (double x = begin; x < end; x += 10) {
            list_.add(Line{{x, y}, {std::min(x + 6, end), y}, theme_.error, 1.5});
        }
    }

    void draw_budget() {
        if (!shows_budget()) {
            return;
        }
        const Rect& plot = chart_.plot;
        const double y = std::round(y_of(options_.budget_bytes));
        dashes(y, plot.x, plot.right());
        label({plot.right() - 6, y - 5}, "budget " + format_bytes(options_.budget_bytes), theme_.error,
              Text::Anchor::end);
    }

    // On a ground of its own: it may stand over any part.
    void label(Point at, const std::string& text, Colour colour, Text::Anchor anchor) {
        const double width = estimated_text_width(text, text_size) + 6;
        const double x = anchor == Text::Anchor::end ? at.x - width + 3 : at.x - 3;
        Colour ground = theme_.background;
        ground.alpha = 0xD0;
        list_.add(FilledRect{{x, at.y - text_size, width, text_size + 4}, ground});
        list_.add(Text{at, text, colour, text_size, anchor});
    }

    void draw_peak() {
        const MemoryProfile& profile = own();
        if (profile.changes.empty()) {
            return;
        }
        const MemoryChange& peak = profile.changes[profile.peak];
        // Where it lasts, a point to the right of where it begins.
        const Point at{std::min(x_of(peak.time) + 1, chart_.plot.right()), y_of(profile.peak_bytes())};
        Polyline dot{{}, theme_.foreground, 1, true};
        constexpr int corners = 16;
        for (int i = 0; i < corners; ++i) {
            const double angle = 2 * 3.14159265358979 * i / corners;
            dot.points.push_back({at.x + 4 * std::cos(angle), at.y + 4 * std::sin(angle)});
        }
        list_.add(std::move(dot));
        const std::string text = fmt::format("peak {} in step {}", format_bytes(profile.peak_bytes()), peak.step);
        const bool left = at.x + 10 + estimated_text_width(text, text_size) > chart_.plot.right();
        label({at.x + (left ? -9 : 9), at.y - 7}, text, theme_.foreground,
              left ? Text::Anchor::end : Text::Anchor::start);
    }

    void draw_bars() {
        const Rect& bars = chart_.bars;
        const auto height_of = [&](std::int64_t bytes) {
            return bars.height * static_cast<double>(bytes) / static_cast<double>(chart_.top_bytes);
        };
        const double wide = bars.width / static_cast<double>(chart_.ranks);
        const double gap = wide >= 4 ? 1 : 0;
        for (std::int64_t rank = 0; rank < chart_.ranks; ++rank) {
            const MemoryProfile& profile = ranks_[static_cast<std::size_t>(rank)];
            const double x = bars.x + wide * static_cast<double>(rank);
            const double inputs = height_of(profile.input_bytes);
            const double all = height_of(profile.peak_bytes());
            list_.add(FilledRect{{x, bars.bottom() - inputs, wide - gap, inputs}, input_colour()});
            const Colour buffers =
                mix(theme_.background, theme_.category(Category::attend), rank == options_.rank ? 1.0 : 0.55);
            list_.add(FilledRect{{x, bars.bottom() - all, wide - gap, all - inputs}, buffers});
            if (rank == options_.rank) {
                list_.add(FilledRect{{x, bars.bottom() + 1, std::max(2.0, wide - gap), 3}, theme_.foreground});
            }
        }
        if (shows_budget()) {
            dashes(std::round(bars.bottom() - height_of(options_.budget_bytes)), bars.x, bars.right());
        }
        list_.add(
            Text{{bars.x - 8, bars.y + bars.height / 2 - 3}, "peak of", theme_.muted, text_size, Text::Anchor::end});
        list_.add(
            Text{{bars.x - 8, bars.y + bars.height / 2 + 11}, "each rank", theme_.muted, text_size, Text::Anchor::end});
        const double label_width = estimated_text_width(std::to_string(chart_.ranks), text_size) + 10;
        const auto stride = static_cast<std::int64_t>(std::max(1.0, std::ceil(label_width / wide)));
        for (std::int64_t rank = 0; rank < chart_.ranks; rank += stride) {
            list_.add(Text{{bars.x + wide * (static_cast<double>(rank) + 0.5), bars.bottom() + 16},
                           std::to_string(rank),
                           rank == options_.rank ? theme_.foreground : theme_.muted,
                           text_size,
                           Text::Anchor::middle});
        }
    }

    const std::vector<MemoryProfile>& ranks_;
    const MemoryPictureOptions& options_;
    const Theme& theme_;
    MemoryChart chart_;
    DisplayList list_;
};

}  // namespace

std::optional<double> MemoryChart::time_at(Point point) const {
    if (point.x < plot.x || point.x >= plot.right() || point.y < plot.y || point.y >= plot.bottom()) {
        return std::nullopt;
    }
    return (point.x - plot.x) / plot.width * steps;
}

std::optional<std::int64_t> MemoryChart::rank_at(Point point) const {
    // The number below a bar belongs to it.
    if (point.x < bars.x || point.x >= bars.right() || point.y < bars.y || point.y >= bars.bottom() + 20) {
        return std::nullopt;
    }
    return std::min(ranks - 1, static_cast<std::int64_t>((point.x - bars.x) / bars.width * static_cast<double>(ranks)));
}

std::int64_t neediest_rank(const std::vector<MemoryProfile>& ranks) {
    const auto most = std::max_element(ranks.begin(), ranks.end(), [](const MemoryProfile& a, const MemoryProfile& b) {
        return a.peak_bytes() < b.peak_bytes();
    });
    return most - ranks.begin();
}

MemoryChart memory_chart(const std::vector<MemoryProfile>& ranks, const MemoryPictureOptions& options) {
    MemoryChart chart;
    const double margin = picture_margin(options.title);
    const double top = sheet_header_height(options.title) + 18;
    const double below = axis_height + (ranks.size() > 1 ? bars_height + bars_gap : 0);
    chart.plot = {margin + axis_width, top, std::max(40.0, std::floor(options.width - 2 * margin - axis_width)),
                  std::max(30.0, std::floor(options.height - top - below - margin / 2))};
    if (ranks.size() > 1) {
        chart.bars = {chart.plot.x, chart.plot.bottom() + axis_height, chart.plot.width, bars_height};
    }
    chart.steps = std::max(1, options.steps);
    chart.ranks = static_cast<std::int64_t>(ranks.size());
    const std::int64_t peak = ranks[static_cast<std::size_t>(neediest_rank(ranks))].peak_bytes();
    chart.top_bytes = std::max<std::int64_t>(1, peak);
    if (options.budget_bytes > 0 && options.budget_bytes / farthest_budget <= peak) {
        chart.top_bytes = std::max(chart.top_bytes, options.budget_bytes);
    }
    chart.top_bytes += chart.top_bytes / 10;  // room for the words at the top
    return chart;
}

DisplayList draw_memory(const std::vector<MemoryProfile>& ranks, const MemoryPictureOptions& options) {
    return MemoryPicture(ranks, options).draw();
}

}  // namespace longscope
