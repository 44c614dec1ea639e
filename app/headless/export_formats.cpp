// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/export_formats.h"

#include <filesystem>
#include <functional>
#include <sstream>

#include "app/headless/export_trace.h"
#include "app/headless/output.h"
#include "engine/base/atomic_file.h"
#include "engine/base/error.h"
#include "storage/bench_export.h"
#include "storage/export.h"
#include "storage/layout_report.h"
#include "storage/run_copy.h"

namespace longscope {

namespace {

void to_output(const ExportRequest& request, const std::function<void(std::ostream&)>& write) {
    if (request.output.empty()) {
        std::ostringstream text;
        write(text);
        write_output(text.str());
        return;
    }
    AtomicFile file(request.output);
    write(file.stream());
    file.commit();
}

void write_csv(const ExportRequest& request) {
    to_output(request, [&](std::ostream& out) {
        if (request.benches.empty()) {
            export_csv(request.database, request.runs.front(), out);
        } else {
            export_bench_csv(read_bench(request.database, request.benches.front()), out);
        }
    });
}

void write_json(const ExportRequest& request) {
    to_output(request, [&](std::ostream& out) {
        if (request.benches.empty()) {
            export_json(request.database, request.runs.front(), out);
        } else {
            export_bench_json(read_bench(request.database, request.benches.front()), out);
        }
    });
}

void write_trace(const ExportRequest& request) {
    to_output(request, [&](std::ostream& out) { export_trace(request, out); });
}

void write_html(const ExportRequest& request) {
    to_output(request, [&](std::ostream& out) { out << layout_report_of(request.database, request.runs); });
}

void write_sqlite(const ExportRequest& request) {
    if (std::error_code ignored; std::filesystem::exists(request.output, ignored)) {
        throw bad_input("--output", request.output, "is there already",
                        "a new file (see 'db merge' to add runs to one)");
    }
    write_subset(request.database, request.runs, request.benches, request.output);
}

}  // namespace

const std::vector<ExportFormat>& export_formats() {
    static const std::vector<ExportFormat> formats{
        {"csv", "a row per repetition and rank, or per case and implementation", false, false, true, write_csv},
        {"json", "everything, with plans and events", false, false, true, write_json},
        {"trace", "one repetition as a Chrome trace of all ranks, for ui.perfetto.dev", false, false, false,
         write_trace},
        {"trace-per-rank", "a folder with a file for each rank, for HolisticTraceAnalysis", true, false, false,
         export_trace_per_rank},
        {"html", "tables and curves of several runs, by mask, strategy and size, for a browser", false, true, false,
         write_html},
        {"sqlite", "a smaller database with these runs and all that belongs to them", true, true, true, write_sqlite},
    };
    return formats;
}

}  // namespace longscope
