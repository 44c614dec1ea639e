// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/stored_run_loader.h"

#include <QObject>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/headless/experiment_names.h"
#include "app/headless/run/run_folder.h"
#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/base/units.h"
#include "engine/experiment/experiment.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"
#include "storage/run_store.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

// Does the document still draw what the run drew? Its lengths file may have changed, or gone.
bool draws_the_same(const Json& document, const StoredRun& run) {
    try {
        const Experiment experiment = parse_experiment(document, {}, experiment_names());
        return documents_of_draw(experiment, 0) == run.draws.front().record.lengths;
    } catch (const Error&) {
        return false;
    }
}

// What was drawn from a file is stored.
std::string usable_document(const StoredRun& run) {
    Json document = parse_json(run.record.experiment, "the stored experiment");
    const Json::json_pointer place("/sequence/lengths/file");
    if (document.is_object() && document.contains(place) && !run.draws.empty() && !draws_the_same(document, run)) {
        document["sequence"]["lengths"] = {{"list", run.draws.front().record.lengths}};
    }
    return document.dump();
}

std::vector<RankShares> shares_of(const RepetitionRecord& repetition) {
    std::vector<RankShares> shares;
    const auto wall = static_cast<double>(std::max<Nanoseconds>(1, repetition.duration_ns));
    for (const RankResult& rank : repetition.ranks) {
        shares.push_back({static_cast<double>(rank.computing_ns) / wall,
                          static_cast<double>(rank.exposed_communication_ns) / wall,
                          static_cast<double>(rank.waiting_ns) / wall});
    }
    return shares;
}

// Null: it is not there.
const StoredRepetition* repetition_at(const StoredDraw& draw, const RepetitionPlace& place) {
    for (const StoredRepetition& repetition : draw.repetitions) {
        if (draw.record.index == place.draw && repetition.record.measured &&
            repetition.record.index == place.repetition) {
            return &repetition;
        }
    }
    return nullptr;
}

}  // namespace

LoadedRun load_run(const std::filesystem::path& database, std::int64_t run, std::optional<RepetitionPlace> place) {
    Database file(database, OpenMode::read_only);
    LoadedRun loaded;
    loaded.run = read_run(file, run);
    loaded.experiment = usable_document(loaded.run);
    for (const StoredDraw& draw : loaded.run.draws) {
        const StoredRepetition* shown_one = place ? repetition_at(draw, *place) : typical_repetition(draw);
        if (shown_one == nullptr) {
            continue;
        }
        const RepetitionRecord& repetition = shown_one->record;
        loaded.place = {draw.record.index, repetition.index};
        loaded.trace = std::make_shared<const Trace>(
            Trace{static_cast<std::int32_t>(loaded.run.record.ranks), read_events(file, shown_one->id)});
        loaded.kernels =
            std::make_shared<const KernelsUnderRoof>(kernels_under_roof(*loaded.trace, loaded.run.record.environment));
        loaded.shares = shares_of(repetition);
        loaded.ranks = repetition.ranks;
        loaded.caption = QObject::tr(
                             "run %1, draw %2 of %3, repetition %4: %5 from the start until the last rank is "
                             "done")
                             .arg(run)
                             .arg(draw.record.index + 1)
                             .arg(loaded.run.draws.size())
                             .arg(repetition.index + 1)
                             .arg(to_qstring(format_duration(repetition.duration_ns)));
        break;
    }
    return loaded;
}

LoadedRun load_run_with_mask(const std::filesystem::path& database, std::int64_t run,
                             std::optional<RepetitionPlace> place) {
    LoadedRun loaded = load_run(database, run, place);
    try {
        Json document = parse_json(loaded.run.record.experiment, "the stored experiment");
        // The documents of this draw, whatever their source says by now.
        for (const StoredDraw& draw : loaded.run.draws) {
            if (draw.record.index == loaded.place.draw && document.is_object() && document["sequence"].is_object()) {
                document["sequence"]["lengths"] = {{"list", draw.record.lengths}};
            }
        }
        loaded.mask = shown_mask(compile_draw(parse_experiment(document, {}, experiment_names()), 0));
    } catch (const Error& error) {
        loaded.no_mask = to_qstring(error.what());
    }
    return loaded;
}

std::vector<RunningRun> running_runs(const std::filesystem::path& database) {
    std::vector<RunningRun> found;
    std::error_code ignored;
    if (!std::filesystem::exists(database, ignored)) {
        return found;
    }
    Database file(database, OpenMode::read_only);
    RunFilter filter;
    filter.state = RunState::running;
    for (const RunSummary& run : list_runs(file, filter)) {
        const RunRecord record = read_run(file, run.id).record;
        if (!is_abandoned(record.run_folder)) {
            found.push_back({run.id, run.name, record.run_folder});
        }
    }
    return found;
}

bool mark_lost_runs(const std::filesystem::path& database) {
    std::error_code ignored;
    if (!std::filesystem::exists(database, ignored)) {
        return false;
    }
    bool lost = false;
    {
        // Written to only when there is something to write.
        Database file(database, OpenMode::read_only);
        RunFilter filter;
        filter.state = RunState::running;
        for (const RunSummary& run : list_runs(file, filter)) {
            const RunRecord record = read_run(file, run.id).record;
            lost = lost || is_abandoned_on(record.run_folder, record.host);
        }
    }
    if (lost) {
        Database file(database);
        RunStore(file).mark_lost(is_abandoned_on);
    }
    return lost;
}

}  // namespace longscope
