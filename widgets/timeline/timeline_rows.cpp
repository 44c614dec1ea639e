// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>
#include <utility>

#include "engine/base/error.h"

namespace longscope {

namespace {

// Sums and differences of times within it do not overflow.
constexpr Nanoseconds farthest_ns = std::numeric_limits<Nanoseconds>::max() / 8;

void check(const Trace& trace, const TraceEvent& event) {
    if (event.rank < 0 || event.rank >= trace.ranks) {
        throw failed(fmt::format("trace: an event of rank {} among {} ranks", event.rank, trace.ranks));
    }
    if (event.start_ns < -farthest_ns || event.start_ns > farthest_ns || event.duration_ns < 0 ||
        event.duration_ns > farthest_ns) {
        throw failed(fmt::format("trace: an event of rank {} starts at {} ns and lasts {} ns", event.rank,
                                 event.start_ns, event.duration_ns));
    }
}

// How far an event is from a time; 0 inside.
Nanoseconds distance_ns(const TraceEvent& event, Nanoseconds time_ns) {
    return std::max({event.start_ns - time_ns, time_ns - event.end_ns(), Nanoseconds{0}});
}

}  // namespace

std::span<const TraceEvent* const> TimelineRow::around(TimeWindow window) const {
    const auto first = std::partition_point(ends_ns.begin(), ends_ns.end(),
                                            [&](Nanoseconds end_ns) { return end_ns < window.begin_ns; });
    const auto last = std::partition_point(events.begin(), events.end(),
                                           [&](const TraceEvent* event) { return event->start_ns <= window.end_ns; });
    const auto begin = static_cast<std::size_t>(first - ends_ns.begin());
    const auto end = static_cast<std::size_t>(last - events.begin());
    return begin < end ? std::span(events).subspan(begin, end - begin) : std::span<const TraceEvent* const>();
}

TimelineRows::TimelineRows(std::shared_ptr<const Trace> trace) : trace_(std::move(trace)) {
    sort_events();
    join_flows();
}

void TimelineRows::sort_events() {
    std::vector<std::pair<std::size_t, const TraceEvent*>> sorted;
    sorted.reserve(trace_->events.size());
    for (const TraceEvent& event : trace_->events) {
        check(*trace_, event);
        sorted.emplace_back(
            static_cast<std::size_t>(event.rank) * stream_count + static_cast<std::size_t>(event.stream), &event);
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : a.second->start_ns < b.second->start_ns;
    });
    std::array<bool, category_count> occurs{};
    for (const auto& [number, event] : sorted) {
        occurs.at(static_cast<std::size_t>(event->category)) = true;
        if (rows_.empty() || rows_.back().rank != event->rank || rows_.back().stream != event->stream) {
            rows_.push_back({event->rank, event->stream, {}, {}});
        }
        TimelineRow& row = rows_.back();
        row.ends_ns.push_back(row.ends_ns.empty() ? event->end_ns() : std::max(row.ends_ns.back(), event->end_ns()));
        row.events.push_back(event);
    }
    for (std::size_t i = 0; i < category_count; ++i) {
        if (occurs.at(i)) {
            categories_.push_back(static_cast<Category>(i));
        }
    }
    if (rows_.empty()) {
        return;
    }
    extent_ = {farthest_ns, -farthest_ns};
    for (const TimelineRow& row : rows_) {
        extent_.begin_ns = std::min(extent_.begin_ns, row.events.front()->start_ns);
        extent_.end_ns = std::max({extent_.end_ns, row.ends_ns.back(), row.events.back()->start_ns + 1});
    }
}

void TimelineRows::join_flows() {
    std::unordered_map<std::int64_t, TimelineFlow> found;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
        for (const TraceEvent* event : rows_[row].events) {
            if (event->flow < 0) {
                continue;
            }
            if (event->category == Category::send) {
                TimelineFlow& flow = found[event->flow];
                flow.send = event;
                flow.send_row = row;
            } else if (event->category == Category::receive) {
                TimelineFlow& flow = found[event->flow];
                flow.receive = event;
                flow.receive_row = row;
            }
        }
    }
    for (const auto& [id, flow] : found) {
        if (flow.send != nullptr && flow.receive != nullptr) {
            flows_.push_back(flow);
        }
    }
    std::sort(flows_.begin(), flows_.end(), [](const TimelineFlow& a, const TimelineFlow& b) {
        return std::pair(a.send->start_ns, a.send->flow) < std::pair(b.send->start_ns, b.send->flow);
    });
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        flows_by_id_.push_back(i);
    }
    std::sort(flows_by_id_.begin(), flows_by_id_.end(),
              [&](std::size_t a, std::size_t b) { return flows_[a].send->flow < flows_[b].send->flow; });
}

std::optional<EventPlace> TimelineRows::find(std::size_t row, Nanoseconds time_ns, Nanoseconds slack_ns) const {
    const auto events = rows_[row].around({time_ns - slack_ns, time_ns + slack_ns});
    const TraceEvent* const* best = nullptr;
    Nanoseconds least_ns = slack_ns;
    for (const TraceEvent* const& event : events) {
        if (const Nanoseconds away_ns = distance_ns(*event, time_ns); away_ns <= least_ns) {
            // The end of one is the start of the next: there the next is meant, which comes later.
            best = &event;
            least_ns = away_ns;
        }
    }
    if (best == nullptr) {
        return std::nullopt;
    }
    return EventPlace{row, static_cast<std::size_t>(best - rows_[row].events.data())};
}

EventPlace TimelineRows::nearest(std::size_t row, Nanoseconds time_ns) const {
    const auto& events = rows_[row].events;
    std::size_t best = 0;
    for (std::size_t i = 1; i < events.size(); ++i) {
        if (distance_ns(*events[i], time_ns) < distance_ns(*events[best], time_ns)) {
            best = i;
        }
    }
    return {row, best};
}

std::optional<EventPlace> TimelineRows::next(EventPlace place) const {
    if (place.index + 1 >= rows_[place.row].events.size()) {
        return std::nullopt;
    }
    return EventPlace{place.row, place.index + 1};
}

std::optional<EventPlace> TimelineRows::previous(EventPlace place) const {
    if (place.index == 0) {
        return std::nullopt;
    }
    return EventPlace{place.row, place.index - 1};
}

const TimelineFlow* TimelineRows::flow(std::int64_t id) const {
    const auto found =
        std::lower_bound(flows_by_id_.begin(), flows_by_id_.end(), id,
                         [&](std::size_t i, std::int64_t wanted) { return flows_[i].send->flow < wanted; });
    return found != flows_by_id_.end() && flows_[*found].send->flow == id ? &flows_[*found] : nullptr;
}

std::vector<const TimelineFlow*> TimelineRows::flows_within(TimeWindow window, std::size_t max) const {
    std::vector<const TimelineFlow*> within;
    auto flow = std::partition_point(flows_.begin(), flows_.end(),
                                     [&](const TimelineFlow& f) { return f.send->start_ns < window.begin_ns; });
    for (; flow != flows_.end() && flow->send->start_ns <= window.end_ns; ++flow) {
        if (flow->receive->end_ns() <= window.end_ns) {
            if (within.size() == max) {
                return {};
            }
            within.push_back(&*flow);
        }
    }
    return within;
}

}  // namespace longscope
