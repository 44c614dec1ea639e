// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/worker/worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <new>

#include "app/headless/command_line.h"
#include "app/headless/experiment_names.h"
#include "app/headless/output.h"
#include "app/headless/worker/session.h"
#include "engine/base/error.h"
#include "engine/base/timed_out.h"
#include "engine/execute/local_group.h"
#include "storage/run_state.h"

namespace longscope {

namespace {

void write_line(const std::string& line) {
    std::size_t written = 0;
    while (written < line.size()) {
        const ssize_t put = ::write(STDOUT_FILENO, line.data() + written, line.size() - written);
        if (put < 0 && errno != EINTR) {
            throw failed("cannot report to the supervisor: " + system_error_text(errno));
        }
        written += put < 0 ? 0 : static_cast<std::size_t>(put);
    }
}

}  // namespace

void write_message(const Json& message) {
    write_line(shown(message) + "\n");
}

int report_errors(int rank, const std::function<void()>& action) {
    std::string kind;
    std::string text;
    try {
        action();
        return exit_done;
    } catch (const TimedOut& error) {
        kind = to_string(RunState::timed_out);
        text = error.what();
    } catch (const Error& error) {
        kind = to_string(error.kind());
        text = error.what();
    } catch (const std::bad_alloc&) {
        kind = to_string(ErrorKind::out_of_memory);
        text = "out of memory";
    } catch (const std::exception& error) {
        kind = to_string(ErrorKind::failed);
        text = error.what();
    }
    try {
        // On a line of its own even when it falls into another rank's message, on the way through mpirun.
        write_line("\n" + shown(message::failed({rank, kind, text})) + "\n");
    } catch (const Error&) {
        write_error(fmt::format("rank {}: {}\n", rank, text));
    }
    return exit_failed;
}

void end_with_parent() {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct pollfd output {
        STDOUT_FILENO, 0, 0
    };
    if (poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0) {
        _exit(exit_failed);
    }
}

int run_thread_ranks(const std::filesystem::path& experiment_file, int ranks, std::int64_t max_events) {
    end_with_parent();
    return report_errors(0, [&] {
        const Experiment experiment = read_experiment(experiment_file, experiment_names());
        run_local_ranks(ranks, [&](Communicator& communicator) {
            const SessionOptions options{thread_share(experiment.backend.threads, ranks), "threads of one process",
                                         experiment_file, event_limit(max_events, ranks)};
            run_session(experiment, communicator, options, write_message);
        });
    });
}

}  // namespace longscope
