// SPDX-License-Identifier: GPL-3.0-or-later
// The forms in which `db export` writes runs and benches. To add one: its function, one line in export_formats.cpp, one
// test, one doc line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.h"

namespace longscope {

struct ExportRequest {
    Database& database;
    // One of both together, unless the format takes several.
    std::vector<std::int64_t> runs;
    std::vector<std::int64_t> benches;
    std::string output;     // a file, or the folder of formats that write several; empty: standard output
    std::int64_t draw = 0;  // of traces
    std::optional<std::int64_t> repetition;  // of traces, measured; none: the one whose time is the median
    std::int64_t max_events = 0;             // of each file; 0: all
};

struct ExportFormat {
    std::string_view name;
    std::string_view meaning;
    bool needs_output = false;  // cannot go to standard output
    bool several_runs = false;
    bool of_benches = false;  // as well
    // Throws Error. What a user should know it says on standard error.
    void (*write)(const ExportRequest& request);
};

[[nodiscard]] const std::vector<ExportFormat>& export_formats();

}  // namespace longscope
