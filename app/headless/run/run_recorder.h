// SPDX-License-Identifier: GPL-3.0-or-later
// Turns what the workers say into rows of the database, and remembers what the end of the run depends on.
#pragma once

#include <map>
#include <string>

#include "app/headless/worker/message.h"
#include "engine/experiment/experiment.h"
#include "storage/run_store.h"

namespace longscope {

class RunRecorder {
  public:
    RunRecorder(const Experiment& experiment, std::int64_t run, RunStore& store)
        : experiment_(experiment), run_(run), store_(store) {}

    // Stores what the message holds. Throws Error(failed) when that fails or the message is damaged.
    void hear(const Json& message);

    // The share of the whole run that has been reported.
    [[nodiscard]] double done() const { return done_; }
    // Whether the workers said that all is done.
    [[nodiscard]] bool finished() const { return finished_; }
    // The first failure that a worker reported; empty kind when none has.
    [[nodiscard]] const std::string& failure_kind() const { return failure_kind_; }
    [[nodiscard]] const std::string& failure_text() const { return failure_text_; }
    // What the timelines that were stored do not hold, for people; empty when they are whole.
    [[nodiscard]] std::string left_out() const;
    // What the workers were at, for messages: "in draw 0, after 3 of 6 repetitions".
    [[nodiscard]] std::string where() const;

  private:
    void record(const Json& message);
    void add_draw(const Json& message);
    void add_repetition(const Json& message);
    void add_check(const Json& message);
    void count_dropped(message::Repetition& repetition);

    const Experiment& experiment_;
    std::int64_t run_;
    RunStore& store_;
    std::map<std::int64_t, std::int64_t> draw_ids_;
    std::int64_t repetitions_heard_ = 0;  // of the draw that is going on
    double done_ = 0.0;
    bool finished_ = false;
    std::string failure_kind_;
    std::string failure_text_;
    // By rank, of the repetition of which it dropped most.
    struct Cut {
        std::int64_t dropped = 0;
        std::int64_t kept = 0;
    };
    std::map<std::int64_t, Cut> cuts_;
};

}  // namespace longscope
