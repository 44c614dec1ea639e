// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/supervisor.h"

#include <fmt/format.h>
#include <poll.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstring>

#include "app/headless/run/group_guard.h"
#include "app/headless/run/killed_rank.h"
#include "app/headless/run/processes.h"
#include "app/headless/run/run_recorder.h"
#include "app/headless/run/worker_stream.h"
#include "engine/base/child_process.h"
#include "engine/base/error.h"
#include "engine/base/host.h"
#include "engine/base/units.h"
#include "engine/experiment/cost.h"
#include "engine/kernel/kernel.h"
#include "engine/parallel/strategy.h"

namespace longscope {

namespace {

// How often the launcher's workers are looked for. While they report they are there.
constexpr Nanoseconds look_ns = 200'000'000;
constexpr Nanoseconds quiet_ns = 1'000'000'000;

RunState state_of_kind(const std::string& kind) {
    for (const RunState state : {RunState::timed_out, RunState::cancelled, RunState::out_of_memory,
                                 RunState::unsupported, RunState::infeasible}) {
        if (to_string(state) == kind) {
            return state;
        }
    }
    return RunState::failed;
}

// Of the first draw, as far as it is known without compiling the mask where nothing asks for it. Workers look at every
// draw.
void require_feasible_layout(const Experiment& experiment) {
    const LayoutField& layout = experiment.layout;
    const StrategyEntry& strategy = find_strategy(layout.strategy);
    require_feasible(strategy, experiment.shape, layout.ranks, experiment.pass, layout.options);
    const std::int64_t query_tokens = experiment.sequence.query_tokens;
    if (strategy.layout_refusal != nullptr || query_tokens > 0) {
        const CompiledDraw draw = compile_draw(experiment, 0);
        require_feasible(strategy,
                         {experiment.shape, *draw.masks, *draw.ranks, 0, layout.options, nullptr, query_tokens},
                         experiment.pass);
    }
}

class Supervisor {
  public:
    Supervisor(const SuperviseInput& input, RunStore& store, RunProgress& progress)
        : input_(input), progress_(progress), recorder_(input.experiment, input.run, store) {}

    RunEnd run() {
        const LayoutField& layout = input_.experiment.layout;
        require_feasible_layout(input_.experiment);
        require_supported(input_.experiment.backend.name, input_.experiment.shape);
        const LaunchCommand launch =
            input_.launcher.command({input_.folder.experiment(), layout.ranks, input_.max_events, input_.places});
        ChildProcess child(launch.command, launch.environment);
        const GroupGuard guard(child.id(), input_.grace_ns);
        worker_ = launch.worker;
        last_news_ns_ = now_ns();
        bool output_open = true;
        bool error_open = true;
        while ((output_open || error_open || !child.status()) && !given_up_) {
            std::array<struct pollfd, 3> waits{{{output_open ? child.output() : -1, POLLIN, 0},
                                                {error_open ? child.error_output() : -1, POLLIN, 0},
                                                {input_.signals.descriptor(), POLLIN, 0}}};
            poll(waits.data(), waits.size(), 200);
            if (waits[0].revents != 0) {
                output_open = output_.read_from(child.output(), [&](std::string_view line) { hear(line, child); });
            }
            if (waits[1].revents != 0) {
                error_open = errors_.read_from(child.error_output(), [&](std::string_view line) { note(line); });
            }
            while (input_.signals.take() != 0) {
                cancel(child);
            }
            watch(child);
        }
        RunEnd result = end(child.status().value_or(ExitStatus{}));
        if (const std::string cut = recorder_.left_out(); !cut.empty()) {
            result.message += (result.message.empty() ? "" : "; ") + cut;
        }
        return result;
    }

  private:
    void hear(std::string_view line, const ChildProcess& child) {
        if (line.empty()) {
            return;
        }
        Json message;
        try {
            message = parse_json(line, "a worker's message");
        } catch (const Error&) {
            message = nullptr;
        }
        if (!message.is_object() || !message.value("type", Json()).is_string()) {
            note(line);  // something else that was printed
            return;
        }
        const double done_before = recorder_.done();
        recorder_.hear(message);
        progress_.heard(message, recorder_.done());
        if (message.value("type", "") != "progress" || recorder_.done() > done_before) {
            last_news_ns_ = now_ns();
        }
        if (!recorder_.failure_kind().empty()) {
            over();
        }
        if (!recorder_.failure_kind().empty() && message.value("type", "") == "check") {
            stop(child);  // a wrong result: what would follow is of no use
        }
    }

    // A line for the log. Open MPI tells there which rank was killed.
    void note(std::string_view line) {
        input_.folder.append_log(std::string(line) + "\n");
        // What the launcher ends because it is asked to does not count.
        const bool by_itself = asked_to_end_ns_ == 0 || workers_gone_;
        if (!killed_.empty() || !by_itself) {
            return;
        }
        if (const std::optional<KilledRank> killed = find_killed_rank(line)) {
            killed_hard_ = killed->signal == SIGKILL;
            killed_ = fmt::format("rank {} on {} was killed by signal {} ({})", killed->rank, killed->host,
                                  killed->signal, strsignal(killed->signal));
            over();
        }
    }

    void cancel(const ChildProcess& child) {
        if (cancelled_) {
            child.send_signal(SIGKILL);
            return;
        }
        cancelled_ = true;
        progress_.log("stopping; once more to stop at once");
        stop(child);
    }

    void stop(const ChildProcess& child) {
        if (asked_to_end_ns_ == 0) {
            asked_to_end_ns_ = now_ns();
            child.send_signal(SIGTERM);
            child.send_signal(SIGCONT);  // a stopped process would not hear of it
        }
    }

    // From now on the launcher should end by itself.
    void over() {
        if (over_ns_ == 0) {
            over_ns_ = now_ns();
        }
    }

    // The launcher may live on when its workers are gone, and say nothing.
    void look_for_workers(const ChildProcess& child, Nanoseconds now) {
        const bool quiet = now - last_news_ns_ > quiet_ns;
        if (worker_.empty() || workers_gone_ || (workers_seen_ && !quiet) ||
            now - last_look_ns_ < (quiet ? quiet_ns : look_ns)) {
            return;
        }
        last_look_ns_ = now;
        if (const std::optional<ChildCount> workers = count_children(child.id(), worker_)) {
            workers_seen_ = workers_seen_ || workers->living + workers->ended > 0;
            workers_gone_ = workers_seen_ && workers->living == 0;
        }
        if (workers_gone_) {
            over();
        }
    }

    void watch(ChildProcess& child) {
        const Nanoseconds now = now_ns();
        if (child.status()) {
            stop(child);  // what it left behind may hold the pipes
            given_up_ = now - asked_to_end_ns_ > 2 * input_.grace_ns;
        }
        if (asked_to_end_ns_ != 0) {
            if (now - asked_to_end_ns_ > input_.grace_ns) {
                child.send_signal(SIGKILL);
            }
            return;
        }
        look_for_workers(child, now);
        if (over_ns_ != 0 && now - over_ns_ > input_.grace_ns) {
            hung_ = true;
            input_.folder.append_log(
                fmt::format("longscope-engine: the run is over, but what started the workers goes on "
                            "after {}: it is ended\n",
                            format_duration(input_.grace_ns)));
            stop(child);
            return;
        }
        if (input_.stall_limit_ns > 0 && now - last_news_ns_ > input_.stall_limit_ns) {
            timed_out_ = true;
            stop(child);
        }
    }

    RunEnd end(const ExitStatus& status) const {
        if (cancelled_) {
            return {RunState::cancelled, fmt::format("stopped {}", recorder_.where())};
        }
        if (timed_out_) {
            return {RunState::timed_out,
                    fmt::format("no progress for {} {}", format_duration(input_.stall_limit_ns), recorder_.where())};
        }
        // Before the failures that the others report because a rank is gone.
        const bool by_kernel = killed_hard_ && processes_killed_for_memory() > killed_for_memory_before_;
        if (!killed_.empty() && by_kernel) {
            return {RunState::out_of_memory,
                    fmt::format("{} {}: the machine ran out of memory", killed_, recorder_.where())};
        }
        if (!killed_.empty()) {
            return {RunState::failed, fmt::format("{} {}", killed_, recorder_.where())};
        }
        if (!recorder_.failure_kind().empty()) {
            return {state_of_kind(recorder_.failure_kind()), recorder_.failure_text()};
        }
        if (recorder_.finished() && (status.good() || hung_)) {
            return {RunState::done, ""};  // all was reported before the workers ended
        }
        if (hung_) {
            return {RunState::failed, fmt::format("all workers are gone {}, and what started them did not end; see {}",
                                                  recorder_.where(), input_.folder.log().string())};
        }
        const std::string how =
            status.signal != 0 ? fmt::format("were killed by signal {} ({})", status.signal, strsignal(status.signal))
                               : fmt::format("ended with exit code {}", status.code);
        return {RunState::failed,
                fmt::format("the workers {} {}; see {}", how, recorder_.where(), input_.folder.log().string())};
    }

    const SuperviseInput& input_;
    RunProgress& progress_;
    RunRecorder recorder_;
    LineReader output_;
    LineReader errors_;
    std::string killed_;
    bool killed_hard_ = false;
    std::int64_t killed_for_memory_before_ = processes_killed_for_memory();
    Nanoseconds last_news_ns_ = 0;
    Nanoseconds last_look_ns_ = 0;
    Nanoseconds over_ns_ = 0;
    Nanoseconds asked_to_end_ns_ = 0;
    std::string worker_;  // as LaunchCommand::worker
    bool workers_seen_ = false;
    bool workers_gone_ = false;
    bool hung_ = false;  // had to be ended though the run was over
    bool cancelled_ = false;
    bool timed_out_ = false;
    bool given_up_ = false;
};

}  // namespace

RunEnd supervise(const SuperviseInput& input, RunStore& store, RunProgress& progress) {
    RunEnd end;
    try {
        end = Supervisor(input, store, progress).run();
    } catch (const Error& error) {
        end = {state_of_kind(std::string(to_string(error.kind()))), error.what()};
    } catch (const std::exception& error) {
        end = {RunState::failed, error.what()};
    }
    try {
        store.end_run(input.run, end.state, end.message);
    } catch (const Error& error) {
        progress.ended(std::string(to_string(RunState::failed)), error.what());
        throw;
    }
    progress.ended(std::string(to_string(end.state)), end.message);
    return end;
}

}  // namespace longscope
