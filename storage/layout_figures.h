// SPDX-License-Identifier: GPL-3.0-or-later
// A stored run as one line of a comparison of masks, strategies and sizes. Databases are untrusted: what a document
// does not say stays empty.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "storage/database.h"
#include "storage/records.h"
#include "storage/run_statistics.h"

namespace longscope {

// FLOP/s of one rank in one pass, in the mean over the draws; NaN: not measured. Both divide the FLOP of all ranks, of
// the repetition whose time is the median. By the mean: by the sum of the ranks' own times (as LongCA-bench); a rank
// that has come to its end does not count while others go on. By the slowest: by the number of ranks times the time of
// the whole pass (as MagiAttention). The first is larger by the imbalance of the ranks' times.
struct PassRates {
    double by_mean = std::numeric_limits<double>::quiet_NaN();
    double by_slowest = std::numeric_limits<double>::quiet_NaN();
};

struct LayoutFigures {
    std::int64_t run = 0;
    RunState state = RunState::done;
    std::string message;
    std::string mask;      // the name of a preset, or the expression; empty: the document has none
    std::string strategy;  // with its degree
    std::string dispatch;
    std::int64_t ranks = 0;
    std::int64_t tokens = 0;
    RunFigures of;
    PassRates forward;
    PassRates backward;
    // Over all draws, of means over their repetitions.
    double exposed_share = std::numeric_limits<double>::quiet_NaN();   // of all ranks' time
    double bytes_received = std::numeric_limits<double>::quiet_NaN();  // by the rank that receives most
    double imbalance = std::numeric_limits<double>::quiet_NaN();       // computing: of the busiest rank over the mean
    std::int64_t peak_memory_bytes = 0;                                // of the rank that needs most; 0: not measured
};

[[nodiscard]] LayoutFigures layout_figures(Database& database, const StoredRun& run);

}  // namespace longscope
