// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/trace/event_buffer.h"

#include <algorithm>
#include <tuple>

namespace longscope {

void DroppedEvents::add(const TraceEvent& event) {
    ++count;
    begin_ns = std::min(begin_ns, event.start_ns);
    end_ns = std::max(end_ns, event.end_ns());
    if (event.stream != Stream::compute) {
        return;
    }
    (is_computing(event.category) ? computing_ns : standing_ns) += event.duration_ns;
}

bool EventBuffer::is_kept_longer(const Entry& a, const Entry& b) {
    return std::tuple(a.event.duration_ns, -a.number) > std::tuple(b.event.duration_ns, -b.number);
}

void EventBuffer::add(const TraceEvent& event) {
    entries_.push_back({event, added_++});
    const auto size = static_cast<std::int64_t>(entries_.size());
    if (size == max_events_) {
        std::make_heap(entries_.begin(), entries_.end(), is_kept_longer);
    } else if (size > max_events_) {
        std::push_heap(entries_.begin(), entries_.end(), is_kept_longer);
        std::pop_heap(entries_.begin(), entries_.end(), is_kept_longer);
        dropped_.add(entries_.back().event);
        entries_.pop_back();
    }
}

std::vector<TraceEvent> EventBuffer::take() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.number < b.number; });
    std::vector<TraceEvent> events;
    events.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        events.push_back(entry.event);
    }
    entries_.clear();
    return events;
}

}  // namespace longscope
