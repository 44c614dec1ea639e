// SPDX-License-Identifier: GPL-3.0-or-later
// What a result database holds, as plain values. The same structures are written and read back.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/trace/trace.h"
#include "storage/run_state.h"

namespace longscope {

struct RunRecord {
    std::string uuid;  // empty: begin_run makes one
    std::string experiment_name;
    std::string experiment;  // the canonical JSON document
    // The JSON document of where it ran. Names that tables and views know: processor, cores, caches, memory_bytes,
    // operating_system, compiler, revision, simd_target, mpi; others are stored as they are.
    std::string environment;
    RunState state = RunState::running;
    std::string message;  // why it ended as it did; empty when all is well
    std::string command_line;
    std::string backend;
    std::int64_t ranks = 1;
    std::string started_utc;  // empty: begin_run takes the time
    std::string ended_utc;    // empty while it runs, and for lost runs
    std::string run_folder;
    std::string host;
    std::int64_t pid = 0;

    [[nodiscard]] bool operator==(const RunRecord&) const = default;
};

struct DrawRecord {
    std::int64_t index = 0;  // from 0
    std::int64_t seed = 0;
    std::int64_t documents = 0;
    std::int64_t tokens = 0;
    std::int64_t pairs = 0;  // unmasked (query, key) pairs
    double flops = 0;
    std::vector<std::int64_t> lengths;  // of the documents, in tokens, in order
    std::string plan_hash;

    [[nodiscard]] bool operator==(const DrawRecord&) const = default;
};

// What one rank did in one repetition. The four times add up to the rank's time.
struct RankResult {
    std::int64_t rank = 0;
    std::int64_t tokens = 0;
    std::int64_t pairs = 0;
    Nanoseconds computing_ns = 0;
    Nanoseconds exposed_communication_ns = 0;  // communication that no computing hides
    Nanoseconds waiting_ns = 0;                // for other ranks
    Nanoseconds other_ns = 0;
    std::int64_t bytes_sent = 0;
    std::int64_t bytes_received = 0;
    std::int64_t peak_memory_bytes = 0;
    std::int64_t dropped_events = 0;  // that are not among the repetition's events: those are bounded

    [[nodiscard]] bool operator==(const RankResult&) const = default;
};

struct RepetitionRecord {
    std::int64_t index = 0;  // from 0, warm-up and measured repetitions each
    bool measured = true;    // false: warm-up, left out of statistics
    Nanoseconds duration_ns = 0;
    // Of the duration: from when the last rank had done the forward pass. None where there is no backward pass.
    std::optional<Nanoseconds> backward_ns;
    std::vector<RankResult> ranks;
    std::vector<TraceEvent> events;

    [[nodiscard]] bool operator==(const RepetitionRecord&) const = default;
};

// A draw's output, and its gradients where there is a backward pass, against the reference on a sample of rows.
struct CheckRecord {
    std::int64_t rows = 0;
    double output_relative_error = std::numeric_limits<double>::quiet_NaN();
    double lse_absolute_error = std::numeric_limits<double>::quiet_NaN();
    double output_limit = 0;
    double lse_limit = 0;
    bool passed = false;
    // Relative, of dQ, dK and dV; all 0 where there are no gradients.
    double query_gradient_error = 0;
    double key_gradient_error = 0;
    double value_gradient_error = 0;
    double gradient_limit = 0;
    std::optional<double> sink_gradient_error = {};  // likewise, of the gradients of sinks, where there are some

    [[nodiscard]] bool has_gradients() const { return gradient_limit > 0; }

    [[nodiscard]] bool operator==(const CheckRecord&) const = default;
};

// Add offset_ns to a time of `rank` to get the time of rank 0; it may be off by error_ns.
struct ClockRecord {
    std::int64_t rank = 0;
    Nanoseconds offset_ns = 0;
    Nanoseconds error_ns = 0;

    [[nodiscard]] bool operator==(const ClockRecord&) const = default;
};

struct ArtifactRecord {
    std::string kind;  // "mask", "timeline", "log"
    std::string path;

    [[nodiscard]] bool operator==(const ArtifactRecord&) const = default;
};

// A repetition as it is read: events only on demand (read_events), they are many.
struct StoredRepetition {
    std::int64_t id = 0;
    RepetitionRecord record;
    std::int64_t event_count = 0;
};

struct StoredDraw {
    std::int64_t id = 0;
    DrawRecord record;
    std::vector<StoredRepetition> repetitions;  // warm-up first
    std::vector<CheckRecord> checks;
};

struct StoredRun {
    std::int64_t id = 0;
    RunRecord record;
    std::vector<StoredDraw> draws;
    std::vector<ClockRecord> clocks;
    std::vector<ArtifactRecord> artifacts;
    std::vector<std::string> tags;  // in alphabetical order
    std::string note;               // empty: none
};

}  // namespace longscope
