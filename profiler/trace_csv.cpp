// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/trace_csv.h"

#include <fmt/format.h>

#include <iterator>

namespace longscope {

std::string trace_csv(std::span<const TraceEvent* const> events) {
    std::string text = "rank,stream,category,start_ns,duration_ns,bytes,flops,operation,flow,step\r\n";
    for (const TraceEvent* event : events) {
        fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{},", event->rank, to_string(event->stream),
                       to_string(event->category), event->start_ns, event->duration_ns, event->bytes, event->flops,
                       event->operation);
        if (event->flow >= 0) {
            fmt::format_to(std::back_inserter(text), "{}", event->flow);
        }
        fmt::format_to(std::back_inserter(text), ",{}\r\n", event->step);
    }
    return text;
}

}  // namespace longscope
