// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "storage/export.h"
#include "storage/read_view.h"
#include "storage/run_json.h"
#include "storage/run_query.h"

namespace longscope {

Json run_document(Database& database, std::int64_t run) {
    const ReadView view(database);
    const StoredRun stored = read_run(database, run);
    Json json = run_to_json(stored);
    for (std::size_t d = 0; d < stored.draws.size(); ++d) {
        Json& draw = json["draws"][d];
        draw["plans"] = Json::array();
        for (const StoredPlan& plan : read_plans(database, stored.draws[d].id)) {
            draw["plans"].push_back({{"rank", plan.rank}, {"schedule", parse_json(plan.schedule, "plan.schedule")}});
        }
        for (std::size_t r = 0; r < stored.draws[d].repetitions.size(); ++r) {
            Json& events = draw["repetitions"][r]["events"] = Json::array();
            for (const TraceEvent& event : read_events(database, stored.draws[d].repetitions[r].id)) {
                events.push_back(event_to_json(event));
            }
        }
    }
    return json;
}

void export_json(Database& database, std::int64_t run, std::ostream& out) {
    out << run_document(database, run).dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace longscope
