// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/export_trace.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "app/headless/output.h"
#include "app/headless/repetition_choice.h"
#include "engine/base/atomic_file.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "profiler/chrome_trace.h"
#include "storage/read_view.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

struct Selection {
    Trace trace;
    ChromeTraceOptions options;
    std::int64_t dropped_events = 0;  // that were not stored
};

Selection select(const ExportRequest& request) {
    const ReadView view(request.database);
    const StoredRun run = read_run(request.database, request.runs.front());
    const StoredDraw& draw = find_draw(run, request.draw);
    const StoredRepetition& repetition = find_repetition(draw, request.repetition);
    Json clocks = Json::array();
    for (const ClockRecord& clock : run.clocks) {
        clocks.push_back({{"rank", clock.rank}, {"offset_ns", clock.offset_ns}, {"error_ns", clock.error_ns}});
    }
    Json dropped = Json::array();
    for (const RankResult& rank : repetition.record.ranks) {
        if (rank.dropped_events > 0) {
            dropped.push_back({{"rank", rank.rank}, {"events", rank.dropped_events}});
        }
    }
    const Json metadata{{"run", run.record.uuid},
                        {"experiment", run.record.experiment_name},
                        {"draw", draw.record.index},
                        {"repetition", repetition.record.index},
                        {"duration_ns", repetition.record.duration_ns},
                        {"host", run.record.host},
                        {"clocks", std::move(clocks)},
                        {"dropped_events", std::move(dropped)}};
    Selection selection;
    selection.trace = {static_cast<std::int32_t>(run.record.ranks), read_events(request.database, repetition.id)};
    selection.options.name = fmt::format("{}, draw {}, repetition {}", run.record.experiment_name, draw.record.index,
                                         repetition.record.index);
    selection.options.metadata = metadata.dump(-1, ' ', false, Json::error_handler_t::replace);
    selection.options.max_events = request.max_events;
    selection.dropped_events = dropped_events(repetition.record);
    return selection;
}

void report_dropped(const Selection& selection) {
    if (selection.dropped_events > 0) {
        write_note(fmt::format("the run itself dropped {} shorter events (run --max-events)",
                               format_count(selection.dropped_events)));
    }
}

void report(const ChromeTraceReport& written, const std::string& what) {
    if (written.dropped_events > 0) {
        write_note(fmt::format("{}: the {} longest of {} events are kept", what, written.events,
                               written.events + written.dropped_events));
    }
}

}  // namespace

void export_trace(const ExportRequest& request, std::ostream& out) {
    const Selection selection = select(request);
    report_dropped(selection);
    report(write_chrome_trace(selection.trace, selection.options, out), "the trace");
}

void export_trace_per_rank(const ExportRequest& request) {
    Selection selection = select(request);
    report_dropped(selection);
    std::error_code error;
    std::filesystem::create_directories(request.output, error);
    if (error) {
        throw failed(fmt::format("{}: cannot make the folder: {}", request.output, error.message()));
    }
    for (std::int32_t rank = 0; rank < selection.trace.ranks; ++rank) {
        AtomicFile file(std::filesystem::path(request.output) / fmt::format("rank-{}.json", rank));
        selection.options.rank = rank;
        report(write_chrome_trace(selection.trace, selection.options, file.stream()), fmt::format("rank {}", rank));
        file.commit();
    }
}

}  // namespace longscope
