// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/timeline_bars.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace longscope {

namespace {

// However short its time beside others of the same point, a category shows in this share of the row.
constexpr double least_share = 0.2;

// What falls into one point of the row.
class Gathering {
  public:
    explicit Gathering(std::vector<TimelineBar>& bars) : bars_(bars) {}

    void add(std::int64_t point, const TraceEvent& event) {
        if (point != point_) {
            flush();
            point_ = point;
        }
        const auto category = static_cast<std::size_t>(event.category);
        // An instant counts as the shortest time there is.
        time_.at(category) += static_cast<double>(std::max<Nanoseconds>(event.duration_ns, 1));
        ++events_.at(category);
    }

    void flush() {
        double all_time = 0;
        double all_shares = 0;
        for (const double time : time_) {
            all_time += time;
        }
        std::array<double, category_count> shares{};
        for (std::size_t i = 0; i < category_count; ++i) {
            shares.at(i) = events_.at(i) == 0 ? 0.0 : std::max(time_.at(i) / all_time, least_share);
            all_shares += shares.at(i);
        }
        double top = 0;
        for (std::size_t i = 0; i < category_count; ++i) {
            if (events_.at(i) > 0) {
                const double bottom = top + shares.at(i) / all_shares;
                append({static_cast<double>(point_), static_cast<double>(point_ + 1), top, bottom,
                        static_cast<Category>(i), events_.at(i), nullptr});
                top = bottom;
            }
        }
        time_ = {};
        events_ = {};
    }

  private:
    void append(const TimelineBar& bar) {
        // A run of points with one category alone is one bar.
        const bool whole = bar.top == 0 && bar.bottom == 1;
        if (whole && !bars_.empty() && bars_.back().event == nullptr && bars_.back().category == bar.category &&
            bars_.back().top == 0 && bars_.back().bottom == 1 && bars_.back().end == bar.begin) {
            bars_.back().end = bar.end;
            bars_.back().events += bar.events;
        } else {
            bars_.push_back(bar);
        }
    }

    std::vector<TimelineBar>& bars_;
    std::int64_t point_ = -1;
    std::array<double, category_count> time_{};
    std::array<std::int64_t, category_count> events_{};
};

}  // namespace

std::vector<TimelineBar> timeline_bars(std::span<const TraceEvent* const> events, const TimeScale& scale) {
    std::vector<TimelineBar> wide;
    std::vector<TimelineBar> gathered;
    Gathering gathering(gathered);
    const auto last_point = static_cast<std::int64_t>(std::max(std::ceil(scale.length) - 1, 0.0));
    for (const TraceEvent* event : events) {
        const bool instant_at_begin = event->duration_ns == 0 && event->start_ns == scale.begin_ns;
        if (event->start_ns > scale.end_ns || (event->end_ns() <= scale.begin_ns && !instant_at_begin) ||
            (event->start_ns == scale.end_ns && event->duration_ns > 0)) {
            continue;
        }
        const double begin = scale.place(std::max(event->start_ns, scale.begin_ns));
        const double end = scale.place(std::min(event->end_ns(), scale.end_ns));
        if (end - begin >= 1) {
            wide.push_back({begin, end, 0, 1, event->category, 1, event});
        } else {
            gathering.add(std::min(static_cast<std::int64_t>(begin), last_point), *event);
        }
    }
    gathering.flush();
    // The short ones last: painted over the wide ones, they cannot be hidden.
    wide.insert(wide.end(), gathered.begin(), gathered.end());
    return wide;
}

}  // namespace longscope
