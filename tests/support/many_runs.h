// SPDX-License-Identifier: GPL-3.0-or-later
// A database of many small runs that differ in everything that a table of runs shows; for tests of such tables.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <random>
#include <string>

#include "storage/bind.h"
#include "storage/database.h"
#include "storage/run_insert.h"
#include "tests/support/sample_run.h"

namespace longscope {

// The same for the same seed. All in one transaction: 10,000 runs take about a second.
inline void make_many_runs(const std::filesystem::path& file, std::int64_t count, unsigned seed) {
    Database database(file);
    std::mt19937 random(seed);
    const auto below = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
    const std::array<std::string, 4> strategies{"ring", "ulysses", "all-gather", ""};
    const std::array<std::string, 4> dispatches{"contiguous", "zigzag", "per_document_zigzag", ""};
    const std::array<RunState, 6> states{RunState::done,   RunState::done,      RunState::done,
                                         RunState::failed, RunState::cancelled, RunState::lost};
    in_transaction(database, "make runs", [&] {
        for (std::int64_t i = 0; i < count; ++i) {
            RunRecord record = sample_record();
            record.uuid = fmt::format("{:08x}-0000-4000-8000-{:012x}", random(), i);
            const std::int64_t experiment = below(40);
            const std::string strategy = strategies.at(static_cast<std::size_t>(experiment % 4));
            const std::string dispatch = dispatches.at(static_cast<std::size_t>(experiment / 4 % 4));
            record.experiment_name = fmt::format("{} {}k {}", strategy.empty() ? "single" : strategy,
                                                 1 << (experiment % 6), experiment % 5 == 0 ? "a_b 50%" : "Causal");
            record.experiment = fmt::format(R"({{"name":"{}","layout":{{"ranks":2{}{}}}}})", experiment,
                                            strategy.empty() ? "" : ",\"strategy\":\"" + strategy + "\"",
                                            dispatch.empty() ? "" : ",\"dispatch\":\"" + dispatch + "\"");
            record.backend = below(3) == 0 ? "reference" : "cpu";
            record.ranks = 1 << below(4);
            record.host = fmt::format("node-{}", below(12));
            record.state = states.at(static_cast<std::size_t>(below(6)));
            record.message =
                record.state == RunState::failed ? fmt::format("rank {} ended with signal 9", below(8)) : "";
            record.started_utc = fmt::format("2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z", 1 + i * 28 / count, below(23),
                                             below(60), below(60), below(1000));
            record.ended_utc = record.state == RunState::lost ? "" : record.started_utc.substr(0, 11) + "23:59:59.999Z";
            const std::int64_t run = insert_run(database.handle(), record);
            DrawRecord draw = sample_draw(0);
            draw.tokens = std::int64_t{1024} << (experiment % 6);
            draw.lengths = {draw.tokens};
            draw.flops = 1e9 * static_cast<double>(1 + experiment);
            const std::int64_t drawn = insert_draw(database.handle(), run, draw);
            if (record.state == RunState::done) {
                for (std::int64_t repetition = 0; repetition < 5; ++repetition) {
                    insert_repetition(database.handle(), drawn,
                                      {repetition, true, 1'000'000 + below(9'000'000), {}, {}, {}});
                }
            }
            if (below(4) == 0) {
                insert_tag(database.handle(), run, fmt::format("tag{}", below(5)));
            }
            if (below(10) == 0) {
                replace_note(database.handle(), run, "a note of this run");
            }
        }
    });
}

}  // namespace longscope
