// SPDX-License-Identifier: GPL-3.0-or-later
// Traces in the Chrome JSON form, which ui.perfetto.dev, chrome://tracing and speedscope open; or, a file for each
// rank, in the manner of PyTorch's profiler (Kineto), which HolisticTraceAnalysis reads. Fields:
// resources/docs/traces.md.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/trace/trace.h"

namespace longscope {

struct ChromeTraceOptions {
    std::string name;
    // What stands beside the events under "longscope": a JSON object as text, or empty.
    std::string metadata;
    // This rank alone, in the manner of Kineto; none: all ranks, each as a process.
    std::optional<std::int32_t> rank;
    // The longest are kept, and the file says how many are not; 0: all.
    std::int64_t max_events = 0;
};

struct ChromeTraceReport {
    std::int64_t events = 0;  // written, without names and arrows
    std::int64_t dropped_events = 0;
    std::int64_t arrows = 0;  // from sends to receives
    // Whose other end is not among the events, or, by the error of the clocks, lies before its beginning.
    std::int64_t dropped_arrows = 0;
};

// Written as it goes: memory is needed for the order of the events only. Times are microseconds with three decimals
// from the first event on. Events that overlap on one stream go to lanes of their own, as viewers insist on. Throws
// Error(failed) for an event of a rank that the trace does not have; what the stream does not take, its state tells.
ChromeTraceReport write_chrome_trace(const Trace& trace, const ChromeTraceOptions& options, std::ostream& out);

}  // namespace longscope
