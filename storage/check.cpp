// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/check.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/parallel/schedule.h"
#include "storage/bench_query.h"
#include "storage/bind.h"
#include "storage/read_view.h"
#include "storage/run_list.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

// What an experiment asks for; -1 when it does not say, or is none of ours.
std::int64_t wanted(const Json& experiment, const char* place) {
    const Json::json_pointer pointer(place);
    if (!experiment.is_object() || !experiment.contains(pointer) || !experiment[pointer].is_number_integer()) {
        return -1;
    }
    return experiment[pointer].get<std::int64_t>();
}

// None when it does not fit: the numbers of a database can be any.
template <typename Numbers>
std::optional<std::int64_t> sum_of(const Numbers& numbers) {
    std::int64_t sum = 0;
    for (const std::int64_t number : numbers) {
        if (__builtin_add_overflow(sum, number, &sum)) {
            return std::nullopt;
        }
    }
    return sum;
}

// Not so where one is not a number.
bool is_ordered(const Summary& summary) {
    return summary.min <= summary.first_quartile && summary.first_quartile <= summary.median &&
           summary.median <= summary.third_quartile && summary.third_quartile <= summary.max;
}

std::string shown_sum(const std::optional<std::int64_t>& sum) {
    return sum ? std::to_string(*sum) : "too many";
}

class Check {
  public:
    explicit Check(Database& database) : database_(database) {}

    std::vector<std::string> run(const std::function<void(double)>& progress) {
        ask_sqlite("PRAGMA integrity_check", "ok");
        ask_sqlite("PRAGMA foreign_key_check", "");
        if (!problems_.empty()) {
            return std::move(problems_);  // what is read from damaged pages says nothing
        }
        const std::vector<RunSummary> runs = list_runs(database_);
        for (std::size_t i = 0; i < runs.size(); ++i) {
            at_ = fmt::format("run {}", runs[i].id);
            try {
                const ReadView view(database_);
                if (is_there("run", runs[i].id)) {
                    check_run(read_run(database_, runs[i].id));
                }
            } catch (const Error& error) {
                problem(error.what());
            }
            if (progress) {
                progress(static_cast<double>(i + 1) / static_cast<double>(runs.size()));
            }
        }
        for (const BenchSummary& bench : list_benches(database_)) {
            at_ = fmt::format("bench {}", bench.id);
            try {
                const ReadView view(database_);
                if (is_there("bench", bench.id)) {
                    check_bench(read_bench(database_, bench.id).record);
                }
            } catch (const Error& error) {
                problem(error.what());
            }
        }
        return std::move(problems_);
    }

  private:
    void problem(const std::string& text) { problems_.push_back(fmt::format("{}: {}", at_, text)); }

    void ask_sqlite(const char* question, const std::string& good) {
        at_ = database_.path().string();
        try {
            const LimitedWork work(database_.work_limit());
            for (SQLite::Statement answer(database_.handle(), question); answer.executeStep();) {
                if (const std::string text = answer.getColumn(0).getString(); text != good) {
                    problem(good.empty() ? fmt::format("a row of table {} refers to one that is not there", text)
                                         : text);
                }
            }
        } catch (const SQLite::Exception& exception) {
            problem(sqlite_reason(exception));
        }
    }

    // Somebody may delete it meanwhile.
    [[nodiscard]] bool is_there(const char* table, std::int64_t id) {
        return guarded(database_, fmt::format("look for a {}", table), [&] {
            SQLite::Statement found(database_.handle(), fmt::format("SELECT 1 FROM {} WHERE id = ?", table));
            bind_all(found, id);
            return found.executeStep();
        });
    }

    void check_bench(const BenchRecord& bench) {
        (void)parse_json(bench.environment, "the environment");
        (void)parse_json(bench.settings, "the settings");
        if (bench.ended_utc < bench.started_utc) {
            problem("has ended before it began");
        }
        for (const BenchRow& row : bench.rows) {
            const std::string where = fmt::format("{}, {}", row.case_name, row.implementation);
            (void)parse_json(row.details, "the details");
            const Summary& time = row.duration_ns;
            const bool has_times = row.outcome == BenchOutcome::measured || row.outcome == BenchOutcome::wrong;
            if (has_times != (time.count > 0)) {
                problem(fmt::format("{}: is {} with {} repetitions", where, to_string(row.outcome), time.count));
            }
            for (const Summary* summary : {&row.duration_ns, &row.ratio}) {
                if (summary->count > 0 && !is_ordered(*summary)) {
                    problem(fmt::format("{}: its quartiles are not in order", where));
                }
            }
            if (row.outcome != BenchOutcome::measured && row.message.empty()) {
                problem(fmt::format("{}: is {}, but not why", where, to_string(row.outcome)));
            }
        }
    }

    void check_run(const StoredRun& run) {
        const Json experiment = parse_json(run.record.experiment, "the experiment");
        (void)parse_json(run.record.environment, "the environment");
        if (is_final(run.record.state) && run.record.state != RunState::lost && run.record.ended_utc.empty()) {
            problem("has ended, but not when");
        }
        if (run.record.state == RunState::done) {
            const std::int64_t wanted_draws = wanted(experiment, "/sequence/draws");
            const std::int64_t wanted_measured = wanted(experiment, "/repetitions/measured");
            check_count("draws", static_cast<std::int64_t>(run.draws.size()), wanted_draws);
            for (const StoredDraw& draw : run.draws) {
                std::int64_t measured = 0;
                for (const StoredRepetition& repetition : draw.repetitions) {
                    measured += repetition.record.measured ? 1 : 0;
                }
                check_count("measured repetitions", measured, wanted_measured);
            }
        }
        for (const StoredDraw& draw : run.draws) {
            check_draw(run, draw);
        }
    }

    void check_count(const char* what, std::int64_t count, std::int64_t wanted) {
        if (wanted >= 0 && count != wanted) {
            problem(fmt::format("is done with {} {} where its experiment asks for {}", count, what, wanted));
        }
    }

    void check_draw(const StoredRun& run, const StoredDraw& draw) {
        std::map<std::int64_t, Schedule> schedules;
        for (const StoredPlan& plan : read_plans(database_, draw.id)) {
            schedules.emplace(plan.rank, schedule_from_json(parse_json(plan.schedule, "the plan")));
        }
        if (const auto tokens = sum_of(draw.record.lengths); tokens != draw.record.tokens) {
            problem(fmt::format("draw {}: its documents have {} tokens, the draw {}", draw.record.index,
                                shown_sum(tokens), draw.record.tokens));
        }
        for (const StoredRepetition& repetition : draw.repetitions) {
            const std::string where =
                fmt::format("draw {}, {} {}", draw.record.index, repetition.record.measured ? "repetition" : "warm-up",
                            repetition.record.index);
            if (static_cast<std::int64_t>(repetition.record.ranks.size()) != run.record.ranks) {
                problem(fmt::format("{}: {} ranks of {}", where, repetition.record.ranks.size(), run.record.ranks));
            }
            for (const RankResult& rank : repetition.record.ranks) {
                check_rank(where, repetition.record.duration_ns, rank, schedules);
            }
            check_events(where, run, repetition, schedules);
        }
    }

    void check_rank(const std::string& where, Nanoseconds duration_ns, const RankResult& rank,
                    const std::map<std::int64_t, Schedule>& schedules) {
        const auto sum = sum_of(std::initializer_list<Nanoseconds>{rank.computing_ns, rank.exposed_communication_ns,
                                                                   rank.waiting_ns, rank.other_ns});
        if (sum != duration_ns) {
            problem(fmt::format("{}: the times of rank {} add up to {} ns of {}", where, rank.rank, shown_sum(sum),
                                duration_ns));
        }
        if (const auto schedule = schedules.find(rank.rank); schedule != schedules.end()) {
            const ScheduleTotals sums = totals(schedule->second);
            if (sums.bytes_received != rank.bytes_received || sums.bytes_sent != rank.bytes_sent) {
                problem(fmt::format("{}: rank {} received {} bytes and sent {}; its plan says {} and {}", where,
                                    rank.rank, rank.bytes_received, rank.bytes_sent, sums.bytes_received,
                                    sums.bytes_sent));
            }
        }
    }

    void check_events(const std::string& where, const StoredRun& run, const StoredRepetition& repetition,
                      const std::map<std::int64_t, Schedule>& schedules) {
        for (const TraceEvent& event : read_events(database_, repetition.id)) {
            const auto schedule = schedules.find(event.rank);
            if (event.rank < 0 || event.rank >= run.record.ranks) {
                problem(fmt::format("{}: an event of rank {} of {}", where, event.rank, run.record.ranks));
                return;
            }
            if (schedule != schedules.end() &&
                (event.operation < 0 ||
                 event.operation >= static_cast<std::int64_t>(schedule->second.operations.size()))) {
                problem(fmt::format("{}: an event of operation {}, which rank {} has not", where, event.operation,
                                    event.rank));
                return;
            }
        }
    }

    Database& database_;
    std::string at_;
    std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_database(Database& database, const std::function<void(double)>& progress) {
    // SQLite's checks compute what the file's own constraints and indexes say; of a revision that we do not know, that
    // can be anything.
    if (const std::int64_t newest = migrations().back().revision; database.revision() > newest) {
        throw bad_input(database.path().string(), fmt::format("schema revision {}", database.revision()),
                        "is newer than this program", fmt::format("revision {} and older for checking", newest));
    }
    return Check(database).run(progress);
}

}  // namespace longscope
