// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_search.h"

#include "engine/base/hash.h"
#include "storage/bind.h"

namespace longscope {

std::vector<std::int64_t> find_settled_runs(Database& database, std::string_view experiment,
                                            std::string_view environment, std::string_view host) {
    return guarded(database, "look for a run", [&] {
        // The hashes lead to the rows, the documents decide.
        SQLite::Statement row(database.handle(), R"(
SELECT run.id FROM run
JOIN experiment ON experiment.id = run.experiment JOIN environment ON environment.id = run.environment
WHERE experiment.hash = ? AND experiment.document = ? AND environment.hash = ? AND environment.document = ?
      AND run.host = ? AND run.state IN ('done', 'unsupported', 'infeasible')
ORDER BY run.id DESC)");
        bind_all(row, hash_text(fnv1a(experiment)), experiment, hash_text(fnv1a(environment)), environment, host);
        std::vector<std::int64_t> runs;
        while (row.executeStep()) {
            runs.push_back(row.getColumn(0).getInt64());
        }
        return runs;
    });
}

}  // namespace longscope
