// SPDX-License-Identifier: GPL-3.0-or-later
// What a run shows while it goes on: a line that people watch, or JSON lines that programs read.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/json.h"
#include "engine/experiment/experiment.h"

namespace longscope {

// Called by the supervisor, from one thread.
class RunProgress {
  public:
    RunProgress() = default;
    RunProgress(const RunProgress&) = delete;
    RunProgress& operator=(const RunProgress&) = delete;
    RunProgress(RunProgress&&) = delete;
    RunProgress& operator=(RunProgress&&) = delete;
    virtual ~RunProgress() = default;

    virtual void started(std::int64_t run, const std::string& uuid, const std::string& run_folder) = 0;
    // A message of the workers (app/headless/worker/message.h); `done` is the share of the whole run.
    virtual void heard(const Json& message, double done) = 0;
    // A sentence for people.
    virtual void log(const std::string& text) = 0;
    virtual void ended(const std::string& state, const std::string& message) = 0;
};

// A bar on standard error when that is a terminal, otherwise a line per draw.
[[nodiscard]] std::unique_ptr<RunProgress> make_text_progress(const Experiment& experiment);

// One JSON object a line, without its end, to a sink: started, progress, metric, log, finished, failed.
[[nodiscard]] std::unique_ptr<RunProgress> make_json_progress(std::function<void(const std::string&)> sink);

// Tells two, one after the other.
[[nodiscard]] std::unique_ptr<RunProgress> make_both(std::unique_ptr<RunProgress> first,
                                                     std::unique_ptr<RunProgress> second);

}  // namespace longscope
