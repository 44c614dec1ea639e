// SPDX-License-Identifier: GPL-3.0-or-later
// A small run with every kind of record, for tests of storage and of what is built on it.
#pragma once

#include <string>

#include "storage/run_store.h"

namespace longscope {

inline RunRecord sample_record() {
    RunRecord record;
    record.experiment_name = "two, \"quoted\" documents";
    record.experiment = R"({"version":1,"shape":{"query_heads":8,"key_value_heads":2},"lengths":[5,3]})";
    record.environment = R"({"processor":"Example 9000","memory_bytes":1024,"mpi":"none"})";
    record.command_line = "longscope-engine run two.json";
    record.backend = "cpu";
    record.ranks = 2;
    record.run_folder = "/runs/two";
    record.host = "here";
    record.pid = 4711;
    return record;
}

inline DrawRecord sample_draw(std::int64_t index) {
    return {index, 100 + index, 2, 8, 21, 4.2e9, {5, 3}, "0123456789abcdef"};
}

// Two ranks that each compute, talk and wait; their times add up to the duration. `scale` tells repetitions apart.
inline RepetitionRecord sample_repetition(std::int64_t index, bool measured, std::int64_t scale) {
    RepetitionRecord repetition;
    repetition.index = index;
    repetition.measured = measured;
    repetition.duration_ns = 1'000'000 * scale;
    for (std::int32_t rank = 0; rank < 2; ++rank) {
        repetition.ranks.push_back({rank, 4, 6 + 9 * rank, 700'000 * scale, 200'000 * scale, 60'000 * scale,
                                    40'000 * scale, 4096, 2048 + rank, 1 << 20, 3 * rank});
        repetition.events.push_back({rank, Stream::compute, Category::attend, 10 * scale, 500, 0, 1.5e6, 1, -1, 0});
        repetition.events.push_back({rank, Stream::receive, Category::receive, 20 * scale, 300, 2048, 0, 2, 7, 1});
    }
    return repetition;
}

// Two draws, one warm-up and three measured repetitions each. Returns the run's number.
inline std::int64_t store_sample_run(RunStore& store, RunState end = RunState::done) {
    const std::int64_t run = store.begin_run(sample_record());
    for (std::int64_t index = 0; index < 2; ++index) {
        const std::int64_t draw = store.add_draw(run, sample_draw(index));
        store.add_plan(draw, 0, R"({"operations":[]})");
        store.add_repetition(draw, sample_repetition(0, false, 90));
        for (std::int64_t repetition = 0; repetition < 3; ++repetition) {
            store.add_repetition(draw, sample_repetition(repetition, true, 1 + index + repetition));
        }
        store.add_check(draw, {64, 2.5e-7, 1e-6, 1e-6, 1e-5, true});
    }
    store.add_clock(run, {1, -250, 40});
    store.add_artifact(run, {"mask", "/runs/two/mask.png"});
    store.end_run(run, end, end == RunState::done ? "" : "because");
    return run;
}

// One draw with one measured repetition of both passes, and its check.
inline std::int64_t store_backward_run(RunStore& store) {
    const std::int64_t run = store.begin_run(sample_record());
    const std::int64_t draw = store.add_draw(run, sample_draw(0));
    RepetitionRecord repetition = sample_repetition(0, true, 2);
    repetition.backward_ns = 1'500'000;
    store.add_repetition(draw, repetition);
    store.add_check(draw, {64, 2.5e-7, 1e-6, 1e-6, 1e-5, true, 2e-7, 3e-7, 4e-7, 3e-6});
    store.end_run(run, RunState::done, "");
    return run;
}

}  // namespace longscope
