// SPDX-License-Identifier: GPL-3.0-or-later
// The events of a trace as a timeline needs them: by row and start, with the messages that join them. Made once for a
// trace; takes time in proportion to its events, on any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/trace/time_window.h"
#include "engine/trace/trace.h"

namespace longscope {

// One stream of one rank.
struct TimelineRow {
    std::int32_t rank = 0;
    Stream stream = Stream::compute;
    std::vector<const TraceEvent*> events;  // by start
    std::vector<Nanoseconds> ends_ns;       // for each event the latest end among it and those before it

    // Without most of the events that lie outside the window.
    [[nodiscard]] std::span<const TraceEvent* const> around(TimeWindow window) const;
};

// A certain event.
struct EventPlace {
    std::size_t row = 0;
    std::size_t index = 0;
    [[nodiscard]] bool operator==(const EventPlace&) const = default;
};

struct TimelineFlow {
    const TraceEvent* send = nullptr;
    const TraceEvent* receive = nullptr;
    std::size_t send_row = 0;
    std::size_t receive_row = 0;
};

class TimelineRows {
  public:
    // Throws Error(failed) for an event that no row could show: of a rank that the trace does not have, or with times
    // that no clock gives.
    explicit TimelineRows(std::shared_ptr<const Trace> trace);

    [[nodiscard]] const Trace& trace() const { return *trace_; }
    // By rank; of each rank its streams in their order, as far as they have events.
    [[nodiscard]] const std::vector<TimelineRow>& rows() const { return rows_; }
    // Of all events; longer than 0, and no instant lies at its end.
    [[nodiscard]] TimeWindow extent() const { return extent_; }

    // Those that occur, in their order.
    [[nodiscard]] const std::vector<Category>& categories() const { return categories_; }

    [[nodiscard]] const TraceEvent& event(EventPlace place) const { return *rows_[place.row].events[place.index]; }
    // The event under a time, of several the one that starts last; else the nearest that is no further than slack_ns.
    [[nodiscard]] std::optional<EventPlace> find(std::size_t row, Nanoseconds time_ns, Nanoseconds slack_ns) const;
    // However far away.
    [[nodiscard]] EventPlace nearest(std::size_t row, Nanoseconds time_ns) const;
    [[nodiscard]] std::optional<EventPlace> next(EventPlace place) const;
    [[nodiscard]] std::optional<EventPlace> previous(EventPlace place) const;

    // Of the message, if it has both a send and a receive.
    [[nodiscard]] const TimelineFlow* flow(std::int64_t id) const;
    // Those that begin and end in the window, or none when they are more than max.
    [[nodiscard]] std::vector<const TimelineFlow*> flows_within(TimeWindow window, std::size_t max) const;

  private:
    void sort_events();
    void join_flows();

    std::shared_ptr<const Trace> trace_;
    std::vector<TimelineRow> rows_;
    TimeWindow extent_{0, 1};
    std::vector<Category> categories_;
    std::vector<TimelineFlow> flows_;       // by the start of the send
    std::vector<std::size_t> flows_by_id_;  // into flows_
};

}  // namespace longscope
