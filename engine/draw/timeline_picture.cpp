// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/timeline_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/draw/ticks.h"
#include "engine/draw/timeline_bars.h"

namespace longscope {

namespace {

constexpr double margin = 28;
constexpr double min_width = 480;
constexpr double title_size = 18;
constexpr double caption_size = 12.5;
constexpr double tick_label_size = 11;
constexpr double tick_spacing = 96;
constexpr double header_height = 132;
constexpr double share_column = 96;
constexpr double min_group = 12;
constexpr double max_group = 112;
constexpr double device_row = 16;  // of each further stream, where a device has some
// Parts of a rank's group: compute, send, receive, and the outer ones where there are some; the rest is the gap to the
// next rank.
constexpr std::array<double, 3> few_shares{0.46, 0.19, 0.19};
constexpr std::array<double, scheduled_stream_count> all_shares{0.28, 0.13, 0.13, 0.13, 0.13};

// The streams of every rank, and their parts.
struct Streams {
    std::vector<Stream> shown;
    std::vector<double> shares;
};

Streams streams_of(const Trace& trace) {
    std::array<bool, stream_count> occurs{};
    for (const TraceEvent& event : trace.events) {
        occurs.at(static_cast<std::size_t>(event.stream)) = true;
    }
    const bool outer = occurs.at(static_cast<std::size_t>(Stream::outer_send)) ||
                       occurs.at(static_cast<std::size_t>(Stream::outer_receive));
    const std::size_t scheduled = outer ? all_shares.size() : few_shares.size();
    Streams streams;
    for (std::size_t i = 0; i < stream_count; ++i) {
        if (i < scheduled || (is_of_device(static_cast<Stream>(i)) && occurs.at(i))) {
            streams.shown.push_back(static_cast<Stream>(i));
        }
    }
    if (streams.shown.size() == scheduled) {
        const std::span<const double> shares = outer ? std::span<const double>(all_shares) : few_shares;
        streams.shares.assign(shares.begin(), shares.end());
        return streams;
    }
    // The compute stream is as high as two others.
    streams.shares.assign(streams.shown.size(), 0.84 / static_cast<double>(streams.shown.size() + 1));
    streams.shares.front() *= 2;
    return streams;
}

// In the order of the legend.
constexpr std::array<Category, category_count> all_categories{
    Category::attend, Category::merge,   Category::finalize, Category::delta,   Category::attend_backward,
    Category::reduce, Category::copy,    Category::send,     Category::receive, Category::collective,
    Category::wait,   Category::barrier, Category::queue,    Category::upload,  Category::pack,
    Category::kernel, Category::download};

using Row = std::vector<const TraceEvent*>;

class TimelinePicture {
  public:
    TimelinePicture(const Trace& trace, const TimelineOptions& options)
        : trace_(trace), options_(options), theme_(options.theme), streams_(streams_of(trace)) {
        sort_events();
        find_window();
        lay_out();
    }

    DisplayList draw() {
        list_.background = theme_.background;
        list_.title = options_.title;
        list_.width = width_;
        list_.height = std::ceil(plot_.bottom() + margin);
        draw_caption();
        draw_legend();
        if (trace_.events.empty()) {
            list_.add(Text{{plot_.x + plot_.width / 2, plot_.y + plot_.height / 2},
                           "no events",
                           theme_.muted,
                           16,
                           Text::Anchor::middle});
        } else {
            draw_axis();
        }
        for (std::int32_t rank = 0; rank < trace_.ranks; ++rank) {
            draw_rank(rank);
        }
        draw_flows();
        // Over the lines between ranks.
        list_.items.insert(list_.items.end(), labels_.begin(), labels_.end());
        draw_share_headings();
        return std::move(list_);
    }

  private:
    void sort_events() {
        rows_.resize(static_cast<std::size_t>(std::max(trace_.ranks, 0)) * streams_.shown.size());
        for (const TraceEvent& event : trace_.events) {
            if (event.rank < 0 || event.rank >= trace_.ranks) {
                throw failed(fmt::format("trace: an event of rank {} among {} ranks", event.rank, trace_.ranks));
            }
            row(event.rank, place_of(event.stream)).push_back(&event);
        }
        for (Row& events : rows_) {
            std::stable_sort(events.begin(), events.end(),
                             [](const TraceEvent* a, const TraceEvent* b) { return a->start_ns < b->start_ns; });
        }
    }

    [[nodiscard]] std::size_t place_of(Stream stream) const {
        return static_cast<std::size_t>(std::find(streams_.shown.begin(), streams_.shown.end(), stream) -
                                        streams_.shown.begin());
    }

    Row& row(std::int32_t rank, std::size_t place) {
        return rows_[static_cast<std::size_t>(rank) * streams_.shown.size() + place];
    }

    void find_window() {
        Nanoseconds first_ns = 0;
        Nanoseconds last_ns = 1;
        if (!trace_.events.empty()) {
            first_ns = trace_.events.front().start_ns;
            last_ns = trace_.events.front().end_ns();
            for (const TraceEvent& event : trace_.events) {
                first_ns = std::min(first_ns, event.start_ns);
                last_ns = std::max(last_ns, event.end_ns());
            }
        }
        origin_ns_ = first_ns;
        span_ns_ = last_ns - first_ns;
        if (options_.window) {
            if (options_.window->end_ns <= options_.window->begin_ns) {
                throw bad_input("window", fmt::format("{}:{}", options_.window->begin_ns, options_.window->end_ns),
                                "is empty", "begin < end, in nanoseconds");
            }
            first_ns = options_.window->begin_ns;
            last_ns = options_.window->end_ns;
        }
        scale_ = {first_ns, std::max(last_ns, first_ns + 1), 1};
    }

    void lay_out() {
        width_ = std::max(options_.width, min_width);
        const double ranks = std::max(trace_.ranks, 1);
        const double highest =
            has_device_rows() ? device_row * static_cast<double>(streams_.shown.size() + 1) : max_group;
        group_ = std::floor(std::clamp((options_.height - header_height - margin) / ranks, min_group, highest));
        label_size_ = std::clamp(group_ * 0.7, 8.0, 13.0);
        const double label = estimated_text_width(fmt::format("rank {}", std::max(trace_.ranks - 1, 0)), label_size_) +
                             (names_rows() ? (has_outer_rows() || has_device_rows() ? 86 : 62) : 0);
        const double left = std::ceil(margin + label + 12);
        const double right = options_.shares.empty() ? margin : 3 * share_column + margin;
        plot_ = {left, header_height, std::floor(width_ - left - right), group_ * ranks};
        scale_.length = plot_.width;
    }

    [[nodiscard]] bool has_device_rows() const { return is_of_device(streams_.shown.back()); }
    [[nodiscard]] bool has_outer_rows() const { return place_of(Stream::outer_send) < streams_.shown.size(); }
    // Are the groups high enough for "compute", "send" and "receive" beside their rows?
    [[nodiscard]] bool names_rows() const {
        if (has_device_rows()) {
            return group_ >= 0.8 * device_row * static_cast<double>(streams_.shown.size() + 1);
        }
        return group_ >= (has_outer_rows() ? 84 : 56);
    }

    [[nodiscard]] double group_top(std::int32_t rank) const { return plot_.y + group_ * rank; }

    // Whole points, so that bars have crisp borders.
    [[nodiscard]] Rect row_area(std::int32_t rank, std::size_t stream) const {
        double top = group_top(rank) + std::max(1.0, std::round(group_ * 0.06));
        for (std::size_t i = 0; i < stream; ++i) {
            top += row_height(i) + row_gap();
        }
        return {plot_.x, top, plot_.width, row_height(stream)};
    }

    [[nodiscard]] double row_height(std::size_t stream) const { return std::round(streams_.shares[stream] * group_); }
    [[nodiscard]] double row_gap() const { return group_ < 40 ? 0 : has_outer_rows() || has_device_rows() ? 1 : 2; }

    void draw_caption() {
        const double room = width_ - 2 * margin;
        list_.add(Text{{margin, 40},
                       fitted_text(options_.title, title_size, room, Text::Weight::bold),
                       theme_.foreground,
                       title_size,
                       Text::Anchor::start,
                       Text::Weight::bold});
        std::string facts =
            fmt::format("{} {}, {} events", format_count(trace_.ranks), trace_.ranks == 1 ? "rank" : "ranks",
                        format_count(static_cast<std::int64_t>(trace_.events.size())));
        if (!trace_.events.empty()) {
            facts += fmt::format(" in {}", format_duration(span_ns_));
        }
        if (options_.dropped_events > 0) {
            facts += fmt::format(", {} shorter ones dropped", format_count(options_.dropped_events));
        }
        if (options_.window) {
            facts += fmt::format("; shown: {} from {} on", format_duration(scale_.end_ns - scale_.begin_ns),
                                 format_duration(scale_.begin_ns - origin_ns_));
        }
        list_.add(Text{{margin, 61}, fitted_text(facts, caption_size, room), theme_.muted, caption_size});
    }

    void draw_legend() {
        std::array<bool, category_count> occurs{};
        for (const TraceEvent& event : trace_.events) {
            occurs.at(static_cast<std::size_t>(event.category)) = true;
        }
        // What a device does stands with what has the same colour.
        std::vector<std::pair<Category, std::string>> entries;
        for (const Category category : all_categories) {
            if (!occurs.at(static_cast<std::size_t>(category))) {
                continue;
            }
            const auto alike = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
                return coloured_as(entry.first) == coloured_as(category);
            });
            if (alike == entries.end()) {
                entries.emplace_back(category, to_string(category));
            } else {
                alike->second += fmt::format(", {}", to_string(category));
            }
        }
        double x = margin;
        for (const auto& [category, name] : entries) {
            if (x + 18 + estimated_text_width(name, 12) > list_.width) {
                continue;
            }
            list_.add(FilledRect{{x, 76, 12, 12}, theme_.category(category)});
            list_.add(Text{{x + 18, 86.5}, name, theme_.muted, 12});
            x += 18 + estimated_text_width(name, 12) + 20;
        }
    }

    void draw_axis() {
        const int count = std::max(2, static_cast<int>(plot_.width / tick_spacing));
        for (const Tick& tick : time_ticks(scale_.begin_ns - origin_ns_, scale_.end_ns - scale_.begin_ns, count)) {
            const double x = std::round(plot_.x + scale_.place(tick.value + origin_ns_));
            list_.add(Line{{x, plot_.y - 5}, {x, plot_.bottom()}, theme_.grid});
            list_.add(Text{{x, plot_.y - 10}, tick.label, theme_.muted, tick_label_size, Text::Anchor::middle});
        }
    }

    void draw_rank(std::int32_t rank) {
        const double top = group_top(rank);
        if (rank > 0 && group_ >= 20) {
            list_.add(Line{{margin, top}, {width_ - margin, top}, theme_.grid});
        }
        const Rect compute = row_area(rank, 0);
        const double baseline =
            names_rows() ? compute.y + compute.height / 2 + label_size_ * 0.36 : top + group_ / 2 + label_size_ * 0.36;
        list_.add(Text{{margin, baseline}, fmt::format("rank {}", rank), theme_.foreground, label_size_});
        for (std::size_t stream = 0; stream < streams_.shown.size(); ++stream) {
            const Rect area = row_area(rank, stream);
            if (names_rows()) {
                list_.add(Text{{plot_.x - 8, area.y + area.height / 2 + 3.5},
                               std::string(to_string(streams_.shown[stream])),
                               theme_.muted,
                               10,
                               Text::Anchor::end});
            }
            draw_bars(area, row(rank, stream));
        }
        draw_shares(rank, baseline);
    }

    void draw_bars(const Rect& area, const Row& events) {
        for (const TimelineBar& bar : timeline_bars(events, scale_)) {
            const double begin = std::min(std::round(bar.begin), plot_.width - 1);
            const double width = std::max(std::round(bar.end) - begin, 1.0);
            // Events that follow one another closely stay apart to the eye.
            const double gap = bar.event != nullptr && width >= 5 ? 1 : 0;
            const Rect rect{area.x + begin, area.y + bar.top * area.height, width - gap,
                            (bar.bottom - bar.top) * area.height};
            list_.add(FilledRect{rect, theme_.category(bar.category)});
            if (bar.event != nullptr && is_attend(bar.category) && rect.height >= 18) {
                label_step(rect, *bar.event, theme_.category(bar.category));
            }
        }
    }

    void label_step(const Rect& rect, const TraceEvent& event, Colour colour) {
        const double size = std::min(12.0, rect.height * 0.5);
        std::string text = fmt::format("step {}", event.step);
        if (estimated_text_width(text, size) + 8 > rect.width) {
            text = std::to_string(event.step);
        }
        if (estimated_text_width(text, size) + 6 > rect.width) {
            return;
        }
        labels_.push_back({{rect.x + rect.width / 2, rect.y + rect.height / 2 + size * 0.36},
                           std::move(text),
                           ink_on(colour),
                           size,
                           Text::Anchor::middle});
    }

    [[nodiscard]] double share_x(int column) const { return width_ - margin - share_column * (2 - column); }

    void draw_shares(std::int32_t rank, double baseline) {
        if (options_.shares.size() != static_cast<std::size_t>(trace_.ranks)) {
            return;
        }
        const RankShares& shares = options_.shares[static_cast<std::size_t>(rank)];
        const std::array<double, 3> values{shares.computing, shares.exposed_communication, shares.waiting};
        for (int column = 0; column < 3; ++column) {
            list_.add(Text{{share_x(column), baseline},
                           format_percent(values.at(static_cast<std::size_t>(column))),
                           theme_.foreground,
                           label_size_,
                           Text::Anchor::end});
        }
    }

    void draw_share_headings() {
        if (options_.shares.empty()) {
            return;
        }
        constexpr std::array<std::array<std::string_view, 2>, 3> headings{
            {{"", "computing"}, {"exposed", "communication"}, {"", "waiting"}}};
        for (int column = 0; column < 3; ++column) {
            for (int line = 0; line < 2; ++line) {
                const std::string_view text =
                    headings.at(static_cast<std::size_t>(column)).at(static_cast<std::size_t>(line));
                if (!text.empty()) {
                    list_.add(Text{{share_x(column), plot_.y - 24 + 14 * line},
                                   std::string(text),
                                   theme_.muted,
                                   tick_label_size,
                                   Text::Anchor::end});
                }
            }
        }
    }

    // From the begin of each send to the end of its receive.
    void draw_flows() {
        struct Ends {
            const TraceEvent* send = nullptr;
            const TraceEvent* receive = nullptr;
        };
        std::map<std::int64_t, Ends> flows;
        for (const TraceEvent& event : trace_.events) {
            if (event.flow >= 0 && event.category == Category::send) {
                flows[event.flow].send = &event;
            } else if (event.flow >= 0 && event.category == Category::receive) {
                flows[event.flow].receive = &event;
            }
        }
        std::erase_if(flows, [&](const auto& flow) {
            const auto& [send, receive] = flow.second;
            return send == nullptr || receive == nullptr || send->start_ns < scale_.begin_ns ||
                   receive->end_ns() > scale_.end_ns;
        });
        if (static_cast<std::int64_t>(flows.size()) > options_.max_flows) {
            return;
        }
        for (const auto& [id, ends] : flows) {
            const Rect from_row = row_area(ends.send->rank, place_of(ends.send->stream));
            const Rect to_row = row_area(ends.receive->rank, place_of(ends.receive->stream));
            const Point from{plot_.x + scale_.place(ends.send->start_ns), from_row.y + from_row.height / 2};
            const Point to{plot_.x + scale_.place(ends.receive->end_ns()), to_row.y + to_row.height / 2};
            list_.add(Line{from, to, theme_.flow, 1});
            draw_arrow_head(from, to);
        }
    }

    void draw_arrow_head(Point from, Point to) {
        const double length = std::hypot(to.x - from.x, to.y - from.y);
        const double size = std::min(6.0, group_ * 0.25);
        if (length < size) {
            return;
        }
        const double along_x = (to.x - from.x) / length * size;
        const double along_y = (to.y - from.y) / length * size;
        list_.add(Polyline{{to,
                            {to.x - along_x - along_y * 0.4, to.y - along_y + along_x * 0.4},
                            {to.x - along_x + along_y * 0.4, to.y - along_y - along_x * 0.4}},
                           theme_.flow,
                           1,
                           true});
    }

    const Trace& trace_;
    const TimelineOptions& options_;
    const Theme& theme_;
    Streams streams_;
    std::vector<Row> rows_;
    Nanoseconds origin_ns_ = 0;
    Nanoseconds span_ns_ = 0;
    TimeScale scale_;
    double width_ = 0;
    double group_ = 0;
    double label_size_ = 0;
    Rect plot_;
    std::vector<Text> labels_;
    DisplayList list_;
};

}  // namespace

DisplayList draw_timeline(const Trace& trace, const TimelineOptions& options) {
    return TimelinePicture(trace, options).draw();
}

}  // namespace longscope
