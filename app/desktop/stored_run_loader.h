// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a stored run for the views: its experiment, and the trace of its typical repetition. Not for the GUI thread.
#pragma once

#include <QString>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/draw/timeline_picture.h"
#include "engine/trace/trace.h"
#include "profiler/roofline_report.h"
#include "storage/records.h"
#include "widgets/mask/shown_mask.h"

namespace longscope {

// By the numbers in the database.
struct RepetitionPlace {
    std::int64_t draw = 0;
    std::int64_t repetition = 0;  // among those that were measured
};

struct LoadedRun {
    StoredRun run;
    std::string
        experiment;  // the document, with the lengths of the first draw where their file says something else now
    // Of the repetition that was asked for; none without any.
    RepetitionPlace place;
    std::shared_ptr<const Trace> trace;
    std::vector<RankShares> shares;
    std::vector<RankResult> ranks;
    std::shared_ptr<const KernelsUnderRoof> kernels;
    QString caption;
    // Only of load_run_with_mask(): of the draw that is shown; null with the reason beside it where there is none.
    std::shared_ptr<const ShownMask> mask;
    QString no_mask;
};

// Without a place: the repetition whose time is the median, of the first draw that has one. Throws Error.
[[nodiscard]] LoadedRun load_run(const std::filesystem::path& database, std::int64_t run,
                                 std::optional<RepetitionPlace> place = std::nullopt);

[[nodiscard]] LoadedRun load_run_with_mask(const std::filesystem::path& database, std::int64_t run,
                                           std::optional<RepetitionPlace> place = std::nullopt);

struct RunningRun {
    std::int64_t run = 0;
    std::string name;
    std::filesystem::path folder;
};

// Runs that somebody supervises now, the newest first. Throws Error.
[[nodiscard]] std::vector<RunningRun> running_runs(const std::filesystem::path& database);

// Marks the runs that count as running but that nobody supervises any more as lost; says whether there were any. Throws
// Error.
bool mark_lost_runs(const std::filesystem::path& database);

}  // namespace longscope
