// SPDX-License-Identifier: GPL-3.0-or-later
// Writes runs into a result database while they happen. Every call is one transaction: when it returns, what it was
// given survives the death of this process and a loss of power; when it throws, nothing of it is stored. Another writer
// is waited for as long as the database's busy timeout says. Errors are Error(failed) that name the file and the
// reason.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.h"
#include "storage/records.h"

namespace longscope {

class RunStore {
  public:
    // Throws Error(failed) when the database is open for reading only. `database` outlives this object.
    explicit RunStore(Database& database);

    // Returns the run's number. The run's folder is locked before, or mark_lost of another process may take it.
    std::int64_t begin_run(const RunRecord& record);
    // A final state also sets the end, except `lost`: when a lost run ended is not known.
    void set_state(std::int64_t run, RunState state, std::string_view message);
    // set_state for a final state. Throws Error(failed) for another one.
    void end_run(std::int64_t run, RunState state, std::string_view message);

    // Returns the draw's id, which the next three take.
    std::int64_t add_draw(std::int64_t run, const DrawRecord& record);
    void add_plan(std::int64_t draw, std::int64_t rank, std::string_view schedule);
    // Returns the repetition's id (read_events).
    std::int64_t add_repetition(std::int64_t draw, const RepetitionRecord& record);
    void add_check(std::int64_t draw, const CheckRecord& record);

    void add_clock(std::int64_t run, const ClockRecord& record);
    void add_artifact(std::int64_t run, const ArtifactRecord& record);

    // Whether nobody holds a run folder any more; `host` is where its supervisor ran.
    using IsAbandoned = std::function<bool(const std::string& folder, const std::string& host)>;
    // Sets every queued or running run to `lost` whose folder is abandoned. Returns their numbers.
    std::vector<std::int64_t> mark_lost(const IsAbandoned& abandoned);

  private:
    Database& database_;
};

}  // namespace longscope
