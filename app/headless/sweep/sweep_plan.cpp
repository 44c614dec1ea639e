// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/sweep/sweep_plan.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "app/headless/experiment_names.h"
#include "engine/base/error.h"
#include "storage/run_query.h"
#include "storage/run_search.h"

namespace longscope {

namespace {

// The document names the file alone, whose content may have changed since.
bool has_the_same_documents(const Experiment& experiment, const StoredRun& run) {
    if (experiment.sequence.lengths.form != LengthsField::Form::file) {
        return true;
    }
    return std::all_of(run.draws.begin(), run.draws.end(), [&](const StoredDraw& draw) {
        return draw.record.lengths == documents_of_draw(experiment, draw.record.index);
    });
}

}  // namespace

SweepPlan plan_sweep(const SweepSource& source) {
    const ExperimentNames names = experiment_names();
    SweepPlan plan;
    for (const GridPoint& point : source.points) {
        try {
            plan.points.push_back({point.names, with_absolute_paths(changed_experiment(source.experiment, source.file,
                                                                                       names, point.changes))});
        } catch (const Error& error) {
            plan.mistakes.push_back(fmt::format("{:.200}: {}", to_text(point.names), error.what()));
        }
    }
    return plan;
}

void find_settled_points(Database& database, const ExperimentRunner::Place& place, std::vector<SweepPoint>& points) {
    for (SweepPoint& point : points) {
        const std::string document = to_json(point.experiment).dump();
        for (const std::int64_t id : find_settled_runs(database, document, place.environment, place.host)) {
            const StoredRun run = read_run(database, id);
            if (has_the_same_documents(point.experiment, run)) {
                point.run = id;
                point.state = run.record.state;
                point.message = run.record.message;
                point.done_before = true;
                break;
            }
        }
    }
}

bool is_settled(RunState state) {
    return state == RunState::done || state == RunState::unsupported || state == RunState::infeasible;
}

}  // namespace longscope
