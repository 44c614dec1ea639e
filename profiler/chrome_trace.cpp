// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/chrome_trace.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "engine/base/error.h"

namespace longscope {

namespace {

// Lanes of one stream are this many threads apart at most.
constexpr std::int64_t max_lanes = 1000;
// And threads of one lane so many: the host's and those of the streams.
constexpr std::int64_t lane_threads = 10;
static_assert(stream_count < lane_threads);

struct Placed {
    const TraceEvent* event = nullptr;
    std::int64_t thread = 0;
};

// Microseconds with nanoseconds as decimals, exact.
std::string microseconds(Nanoseconds time_ns) {
    return fmt::format("{}.{:03}", time_ns / 1000, time_ns % 1000);
}

std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What a rank waits for.
bool is_wait(Category category) {
    return category == Category::wait || category == Category::barrier || category == Category::queue;
}

bool is_transfer(Category category) {
    return category == Category::send || category == Category::receive || category == Category::collective;
}

class Writer {
  public:
    Writer(const Trace& trace, const ChromeTraceOptions& options, std::ostream& out)
        : trace_(trace), options_(options), out_(out) {}

    ChromeTraceReport write() {
        choose_events();
        place_events();
        write_head();
        write_names();
        if (per_rank()) {
            write_step();
        }
        for (const Placed& placed : events_) {
            write_event(placed);
        }
        write_arrows();
        out_ << fmt::format("\n],\n\"traceName\": {}\n}}\n", quoted(options_.name));
        report_.events = static_cast<std::int64_t>(events_.size());
        return report_;
    }

  private:
    [[nodiscard]] bool per_rank() const { return options_.rank.has_value(); }

    void choose_events() {
        // The files of all ranks begin at the same moment.
        if (!trace_.events.empty()) {
            origin_ns_ = trace_.events.front().start_ns;
            end_ns_ = origin_ns_;
        }
        for (const TraceEvent& event : trace_.events) {
            if (event.rank < 0 || event.rank >= trace_.ranks) {
                throw failed(fmt::format("trace: an event of rank {} among {} ranks", event.rank, trace_.ranks));
            }
            origin_ns_ = std::min(origin_ns_, event.start_ns);
            end_ns_ = std::max(end_ns_, event.end_ns());
            if (!options_.rank || event.rank == *options_.rank) {
                events_.push_back({&event, 0});
            }
        }
        if (options_.max_events > 0 && static_cast<std::int64_t>(events_.size()) > options_.max_events) {
            const auto kept = events_.begin() + static_cast<std::ptrdiff_t>(options_.max_events);
            std::stable_sort(events_.begin(), events_.end(), [](const Placed& a, const Placed& b) {
                return a.event->duration_ns > b.event->duration_ns;
            });
            for (auto dropped = kept; dropped != events_.end(); ++dropped) {
                ++dropped_by_rank_[dropped->event->rank];
                ++report_.dropped_events;
            }
            events_.erase(kept, events_.end());
        }
    }

    // Threads: the streams in their order; a stream's further lanes follow far behind.
    void place_events() {
        std::stable_sort(events_.begin(), events_.end(), [](const Placed& a, const Placed& b) {
            return a.event->start_ns != b.event->start_ns ? a.event->start_ns < b.event->start_ns
                                                          : a.event->duration_ns > b.event->duration_ns;
        });
        std::map<std::pair<std::int32_t, std::int64_t>, std::vector<Nanoseconds>> lane_ends;
        for (Placed& placed : events_) {
            const TraceEvent& event = *placed.event;
            // In the manner of Kineto what a rank waits for stands on its host thread, not among the kernels.
            const std::int64_t stream =
                per_rank() && is_wait(event.category) ? 0 : static_cast<std::int64_t>(event.stream) + 1;
            std::vector<Nanoseconds>& ends = lane_ends[{event.rank, stream}];
            std::size_t lane = 0;
            while (lane < ends.size() && ends[lane] > event.start_ns) {
                ++lane;
            }
            lane = std::min<std::size_t>(lane, max_lanes - 1);
            if (lane == ends.size()) {
                ends.push_back(0);
            }
            ends[lane] = event.end_ns();
            placed.thread = stream + static_cast<std::int64_t>(lane) * lane_threads;
            threads_.insert({event.rank, placed.thread});
        }
    }

    void write_head() {
        out_ << "{\n\"schemaVersion\": 1,\n\"deviceProperties\": [],\n";
        if (per_rank()) {
            // HolisticTraceAnalysis looks for this text, with the blank, before the events.
            out_ << fmt::format(
                "\"distributedInfo\": {{\"backend\": \"longscope\", \"rank\": {}, \"world_size\": {}}},\n",
                *options_.rank, trace_.ranks);
        }
        out_ << "\"displayTimeUnit\": \"ms\",\n\"baseTimeNanoseconds\": 0,\n";
        if (!options_.metadata.empty()) {
            out_ << "\"longscope\": " << options_.metadata << ",\n";
        }
        if (report_.dropped_events > 0) {
            std::string ranks;
            for (const auto& [rank, count] : dropped_by_rank_) {
                ranks += fmt::format("{}\"{}\": {}", ranks.empty() ? "" : ", ", rank, count);
            }
            out_ << fmt::format("\"droppedEvents\": {},\n\"droppedEventsByRank\": {{{}}},\n", report_.dropped_events,
                                ranks);
        }
        out_ << "\"traceEvents\": [";
    }

    // Begins the next element of traceEvents.
    void begin_element() {
        out_ << (first_ ? "\n" : ",\n");
        first_ = false;
    }

    void write_name(const char* kind, std::int32_t rank, std::int64_t thread, const std::string& arguments) {
        begin_element();
        out_ << fmt::format(R"({{"name": "{}", "ph": "M", "pid": {}, "tid": {}, "args": {{{}}}}})", kind, rank, thread,
                            arguments);
    }

    void write_names() {
        if (per_rank()) {
            threads_.insert({*options_.rank, 0});
        }
        std::set<std::int32_t> ranks;
        for (const auto& [rank, thread] : threads_) {
            if (ranks.insert(rank).second) {
                write_name("process_name", rank, 0, fmt::format(R"("name": "rank {}")", rank));
                write_name("process_sort_index", rank, 0, fmt::format(R"("sort_index": {})", rank));
            }
            const std::int64_t stream = thread % lane_threads;
            const std::int64_t lane = thread / lane_threads;
            std::string name = stream == 0 ? "host" : std::string(to_string(static_cast<Stream>(stream - 1)));
            if (lane > 0) {
                name += fmt::format(" ({})", lane + 1);
            }
            write_name("thread_name", rank, thread, fmt::format(R"("name": "{}")", name));
            write_name("thread_sort_index", rank, thread,
                       fmt::format(R"("sort_index": {})", stream * max_lanes + lane));
        }
    }

    // The iteration that HolisticTraceAnalysis assigns kernels to.
    void write_step() {
        begin_element();
        out_ << fmt::format(
            R"({{"name": "ProfilerStep#0", "cat": "user_annotation", "ph": "X", "ts": 0.000, "dur": {}, "pid": {}, "tid": 0, "args": {{}}}})",
            microseconds(end_ns_ - origin_ns_), *options_.rank);
    }

    // In the manner of Kineto the kind of a kernel is told by its name.
    [[nodiscard]] std::string name_of(const TraceEvent& event) const {
        std::string word(to_string(event.category));
        if (!per_rank()) {
            return word;
        }
        switch (event.category) {
            case Category::copy:
                return "Memcpy of blocks";
            case Category::upload:
                return "Memcpy HtoD";
            case Category::download:
                return "Memcpy DtoH";
            default:
                break;
        }
        return is_transfer(event.category) ? "ncclKernel_" + word : word;
    }

    [[nodiscard]] std::string category_of(const TraceEvent& event) const {
        if (!per_rank()) {
            return std::string(to_string(event.category));
        }
        return is_wait(event.category) ? "user_annotation" : "kernel";
    }

    void write_event(const Placed& placed) {
        const TraceEvent& event = *placed.event;
        std::string arguments = fmt::format(R"("step": {}, "operation": {})", event.step, event.operation);
        if (event.flow >= 0) {
            arguments += fmt::format(R"(, "flow": {})", event.flow);
        }
        if (event.bytes > 0) {
            arguments += fmt::format(R"(, "bytes": {})", event.bytes);
        }
        if (event.flops > 0) {
            arguments += fmt::format(R"(, "flops": {})", Json(event.flops).dump());
        }
        if (per_rank() && !is_wait(event.category)) {
            arguments += fmt::format(R"(, "stream": {}, "correlation": {})", placed.thread, event.operation + 1);
            if (event.category == Category::collective) {
                arguments += fmt::format(R"(, "Group size": {}, "Seq": {})", trace_.ranks, event.flow);
            }
        }
        begin_element();
        out_ << fmt::format(
            R"({{"name": "{}", "cat": "{}", "ph": "X", "ts": {}, "dur": {}, "pid": {}, "tid": {}, "args": {{{}}}}})",
            name_of(event), category_of(event), microseconds(event.start_ns - origin_ns_),
            microseconds(event.duration_ns), event.rank, placed.thread, arguments);
    }

    void write_arrow_end(char phase, const Placed& placed, std::int64_t flow, Nanoseconds time_ns) {
        begin_element();
        out_ << fmt::format(
            R"({{"name": "message", "cat": "comm", "ph": "{}", "id": {}, "ts": {}, "pid": {}, "tid": {}{}}})", phase,
            flow, microseconds(time_ns - origin_ns_), placed.event->rank, placed.thread,
            phase == 'f' ? R"(, "bp": "e")" : "");
    }

    void write_arrows() {
        if (per_rank()) {
            return;  // their other ends are in other files
        }
        std::map<std::int64_t, std::array<const Placed*, 2>> ends;
        for (const Placed& placed : events_) {
            const TraceEvent& event = *placed.event;
            if (event.flow >= 0 && (event.category == Category::send || event.category == Category::receive)) {
                ends[event.flow].at(event.category == Category::send ? 0 : 1) = &placed;
            }
        }
        for (const auto& [flow, pair] : ends) {
            const auto [send, receive] = pair;
            // An arrow ends inside the slice that it belongs to, and not before it begins.
            if (send == nullptr || receive == nullptr || receive->event->end_ns() < send->event->start_ns) {
                ++report_.dropped_arrows;
                continue;
            }
            write_arrow_end('s', *send, flow, send->event->start_ns);
            write_arrow_end('f', *receive, flow, std::max(receive->event->start_ns, send->event->start_ns));
            ++report_.arrows;
        }
    }

    const Trace& trace_;
    const ChromeTraceOptions& options_;
    std::ostream& out_;
    ChromeTraceReport report_;
    std::vector<Placed> events_;
    std::map<std::int32_t, std::int64_t> dropped_by_rank_;
    std::set<std::pair<std::int32_t, std::int64_t>> threads_;
    Nanoseconds origin_ns_ = 0;
    Nanoseconds end_ns_ = 0;
    bool first_ = true;
};

}  // namespace

ChromeTraceReport write_chrome_trace(const Trace& trace, const ChromeTraceOptions& options, std::ostream& out) {
    return Writer(trace, options, out).write();
}

}  // namespace longscope
