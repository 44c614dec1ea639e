// SPDX-License-Identifier: GPL-3.0-or-later
// What workers tell the supervisor: one JSON object a line on standard output, with a "type". The supervisor stores
// what it hears (app/headless/run/); nothing else passes between them. Unknown types are ignored by readers.
#pragma once

#include <functional>

#include "engine/base/json.h"
#include "profiler/clock_alignment.h"
#include "storage/records.h"

namespace longscope {

using MessageSink = std::function<void(const Json&)>;

// "started": library, kernel and host of the workers.
// "clock": offset of a rank.
// "draw": what was drawn, and the schedules of all ranks.
// "progress": done, a share of the whole run.
// "repetition": all ranks' times and events of one repetition, on the clock of rank 0.
// "check": of a draw, against the reference.
// "finished"; "failed": kind, message, rank.
namespace message {

struct Draw {
    DrawRecord record;
    std::vector<std::string> schedules;  // JSON, by rank
};

struct Repetition {
    std::int64_t draw = 0;
    RepetitionRecord record;
    std::vector<DroppedEvents> dropped;  // as record.ranks: what is not among the record's events
    Nanoseconds begin_ns = 0;            // of all ranks: the earliest begin
    Nanoseconds forward_end_ns = 0;      // the latest end of the forward pass
    Nanoseconds end_ns = 0;              // and the latest end
};

struct Check {
    std::int64_t draw = 0;
    CheckRecord record;
};

struct Failure {
    std::int64_t rank = 0;
    std::string kind;  // name of a state
    std::string text;
};

[[nodiscard]] Json clock(std::int64_t rank, const ClockOffset& offset);
[[nodiscard]] Json draw(const Draw& draw);
[[nodiscard]] Json repetition(const Repetition& repetition);
[[nodiscard]] Json check(const Check& check);
[[nodiscard]] Json failed(const Failure& failure);

// Throw Error(failed) when a field is missing or of another type.
[[nodiscard]] ClockRecord read_clock(const Json& json);
[[nodiscard]] Draw read_draw(const Json& json);
[[nodiscard]] Repetition read_repetition(const Json& json);
[[nodiscard]] Check read_check(const Json& json);
[[nodiscard]] Failure read_failed(const Json& json);

// When one rank did its part of a repetition.
struct PartTimes {
    Nanoseconds begin_ns = 0;
    Nanoseconds forward_end_ns = 0;
    Nanoseconds end_ns = 0;
};
// One rank's part of a repetition, as it travels to rank 0.
[[nodiscard]] Json rank_part(const RankResult& rank, const std::vector<TraceEvent>& events,
                             const DroppedEvents& dropped, const PartTimes& times);
// Adds a part to a repetition. One of both passes has its record.backward_ns set, to any value, before.
void add_rank_part(const Json& json, Repetition& repetition);

}  // namespace message
}  // namespace longscope
