// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_copy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <map>
#include <optional>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "storage/bench_export.h"
#include "storage/bench_query.h"
#include "storage/bench_store.h"
#include "storage/bind.h"
#include "storage/export.h"
#include "storage/read_view.h"
#include "storage/run_insert.h"
#include "storage/run_list.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

// Everything that is stored of a run but its number, and but what users say of it, which may differ.
std::string content_of(Database& database, std::int64_t run) {
    Json json = run_document(database, run);
    for (const char* field : {"run", "tags", "note"}) {
        json.erase(field);
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::map<std::string, std::int64_t> runs_by_uuid(Database& database) {
    std::map<std::string, std::int64_t> runs;
    for (const RunSummary& run : list_runs(database)) {
        runs.emplace(run.uuid, run.id);
    }
    return runs;
}

// The same of a bench; nobody changes one.
std::string bench_content_of(Database& database, std::int64_t bench) {
    Json json = bench_to_json(read_bench(database, bench));
    json.erase("bench");
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Sorts the benches of `from` into those to be added, oldest first, those that are there, and conflicts.
std::vector<std::int64_t> wanted_benches(Database& into, Database& from, MergeReport& report,
                                         std::vector<std::string>& conflicts) {
    std::map<std::string, std::int64_t> known;
    for (const BenchSummary& bench : list_benches(into)) {
        known.emplace(bench.uuid, bench.id);
    }
    std::vector<std::int64_t> wanted;
    std::vector<BenchSummary> benches = list_benches(from);
    std::reverse(benches.begin(), benches.end());
    for (const BenchSummary& bench : benches) {
        const auto same = known.find(bench.uuid);
        if (same == known.end()) {
            wanted.push_back(bench.id);
        } else if (bench_content_of(into, same->second) == bench_content_of(from, bench.id)) {
            ++report.duplicate_benches;
        } else {
            conflicts.push_back(fmt::format("bench {} ({}, {})", bench.id, bench.kind, bench.uuid));
        }
    }
    return wanted;
}

// In the caller's transaction on `into`.
void copy_run(Database& into, Database& from, std::int64_t run) {
    SQLite::Database& handle = into.handle();
    const ReadView view(from);
    const StoredRun stored = read_run(from, run);
    const std::int64_t number = insert_run(handle, stored.record);
    for (const StoredDraw& draw : stored.draws) {
        const std::int64_t id = insert_draw(handle, number, draw.record);
        for (const StoredPlan& plan : read_plans(from, draw.id)) {
            insert_plan(handle, id, plan.rank, plan.schedule);
        }
        for (const StoredRepetition& repetition : draw.repetitions) {
            RepetitionRecord record = repetition.record;
            record.events = read_events(from, repetition.id);
            insert_repetition(handle, id, record);
        }
        for (const CheckRecord& check : draw.checks) {
            insert_check(handle, id, check);
        }
    }
    for (const ClockRecord& clock : stored.clocks) {
        insert_clock(handle, number, clock);
    }
    for (const ArtifactRecord& artifact : stored.artifacts) {
        insert_artifact(handle, number, artifact);
    }
    for (const std::string& tag : stored.tags) {
        insert_tag(handle, number, tag);
    }
    replace_note(handle, number, stored.note);
}

}  // namespace

MergeReport merge_runs(Database& into, Database& from, const std::function<void(double)>& progress) {
    MergeReport report;
    const std::map<std::string, std::int64_t> known = runs_by_uuid(into);
    std::vector<std::int64_t> wanted;
    std::vector<std::string> conflicts;
    std::vector<RunSummary> runs = list_runs(from);
    std::reverse(runs.begin(), runs.end());  // oldest first
    for (const RunSummary& run : runs) {
        const auto same = known.find(run.uuid);
        if (!is_final(run.state)) {
            ++report.unfinished;
        } else if (same == known.end()) {
            wanted.push_back(run.id);
        } else if (content_of(into, same->second) == content_of(from, run.id)) {
            ++report.duplicates;
        } else {
            conflicts.push_back(fmt::format("run {} ({}, {})", run.id, run.name, run.uuid));
        }
    }
    const std::vector<std::int64_t> benches = wanted_benches(into, from, report, conflicts);
    if (!conflicts.empty()) {
        throw bad_input(from.path().string(), fmt::format("{}", fmt::join(conflicts, ", ")),
                        fmt::format("differ from those of the same uuid in {}", into.path().string()),
                        "runs and benches that are new, or the same");
    }
    in_transaction(into, "merge runs", [&] {
        for (const std::int64_t run : wanted) {
            copy_run(into, from, run);
            ++report.added;
            if (progress) {
                progress(static_cast<double>(report.added) / static_cast<double>(wanted.size()));
            }
        }
        for (const std::int64_t bench : benches) {
            insert_bench(into.handle(), read_bench(from, bench).record);
            ++report.added_benches;
        }
    });
    return report;
}

void write_subset(Database& from, const std::vector<std::int64_t>& runs, const std::vector<std::int64_t>& benches,
                  const std::filesystem::path& path) {
    const std::filesystem::path temporary = fmt::format("{}.tmp{}", path.string(), ::getpid());
    const auto remove_temporary = [&] {
        std::error_code ignored;
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
            std::filesystem::remove(temporary.string() + suffix, ignored);
        }
    };
    remove_temporary();
    try {
        {
            Database subset(temporary, OpenMode::create_or_open);
            in_transaction(subset, "copy runs", [&] {
                for (const std::int64_t run : runs) {
                    copy_run(subset, from, run);
                }
                for (const std::int64_t bench : benches) {
                    insert_bench(subset.handle(), read_bench(from, bench).record);
                }
            });
            guarded(subset, "finish the file", [&] { subset.handle().exec("PRAGMA journal_mode = DELETE"); });
        }
        std::error_code error;
        std::filesystem::rename(temporary, path, error);
        if (error) {
            throw failed(fmt::format("{}: cannot write: {}", path.string(), error.message()));
        }
    } catch (...) {
        remove_temporary();
        throw;
    }
}

}  // namespace longscope
