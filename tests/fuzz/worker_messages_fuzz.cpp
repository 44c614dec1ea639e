// SPDX-License-Identifier: GPL-3.0-or-later
// What workers print: lines out of a pipe, some of which are messages, which go into a database and to who watches.
#include <SQLiteCpp/SQLiteCpp.h>
#include <sys/mman.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "app/headless/run/killed_rank.h"
#include "app/headless/run/run_progress.h"
#include "app/headless/run/run_recorder.h"
#include "app/headless/run/worker_stream.h"
#include "engine/base/file_descriptor.h"
#include "storage/run_edit.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace longscope;

constexpr std::string_view experiment_text = R"({"longscope_experiment": 1, "mask": {"causal": {}},
    "shape": {"query_heads": 1, "key_value_heads": 1, "head_dim_qk": 8, "head_dim_v": 8},
    "sequence": {"tokens": 64, "draws": 2}, "layout": {"ranks": 2}, "repetitions": {"measured": 2}})";

// The receiving side of a run, but for the processes.
class Receiver {
  public:
    Receiver()
        : database_(folder_.path() / "results.db"),
          store_(database_),
          experiment_(
              parse_experiment(parse_json(experiment_text, "experiment"), "", {{"ring"}, {"contiguous"}, {"cpu"}})) {
        database_.handle().exec("PRAGMA synchronous = OFF");  // what this one writes need not outlive it
    }

    void receive(int descriptor) {
        const std::int64_t run = store_.begin_run(sample_record());
        RunRecorder recorder(experiment_, run, store_);
        const auto progress = make_json_progress([](const std::string& line) {
            fuzz::require(line.find('\n') == std::string::npos, "progress is one line");
        });
        LineReader reader;
        (void)fuzz::accepts([&] {
            while (reader.read_from(descriptor, [&](std::string_view line) { hear(line, recorder, *progress); })) {
            }
        });
        fuzz::require(!recorder.where().empty(), "where the run is has a text");
        (void)recorder.left_out();
        store_.end_run(run, RunState::done, "");
        delete_runs(database_, {run});
    }

  private:
    static void hear(std::string_view line, RunRecorder& recorder, RunProgress& progress) {
        (void)find_killed_rank(line);
        Json message;
        if (!fuzz::accepts([&] { message = parse_json(line, "line"); }) || !message.is_object() ||
            !message.value("type", Json()).is_string()) {
            return;
        }
        recorder.hear(message);
        progress.heard(message, recorder.done());
    }

    TemporaryFolder folder_;
    Database database_;
    RunStore store_;
    Experiment experiment_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Receiver receiver;
    const FileDescriptor pipe(::memfd_create("lines", MFD_CLOEXEC));
    fuzz::require(
        ::write(pipe.get(), data, size) == static_cast<ssize_t>(size) && ::lseek(pipe.get(), 0, SEEK_SET) == 0,
        "the input can be written to memory");
    receiver.receive(pipe.get());
    return 0;
}
