// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/pictures.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/units.h"
#include "engine/draw/cairo_painter.h"
#include "engine/draw/mask_picture.h"
#include "engine/draw/timeline_picture.h"
#include "engine/parallel/dispatch.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

void paint_mask(const Experiment& experiment, const Theme& theme, const std::filesystem::path& file) {
    const MaskDomain domain = domain_of_draw(experiment, 0);
    const std::unique_ptr<Mask> mask = compile_mask(experiment.mask, domain);
    MaskPictureOptions options;
    options.theme = theme;
    options.title = fmt::format("{}, draw 0: {}", experiment.name, to_text(experiment.mask));
    options.cu_seqlens = domain.cu_seqlens;
    options.ranks = dispatch_tokens(find_dispatch(experiment.layout.dispatch), {domain.query_tokens, domain.cu_seqlens},
                                    experiment.layout.ranks);
    paint(draw_mask(*mask, options), file);
}

const StoredRepetition* typical(const StoredDraw& draw) {
    std::vector<const StoredRepetition*> measured;
    for (const StoredRepetition& repetition : draw.repetitions) {
        if (repetition.record.measured) {
            measured.push_back(&repetition);
        }
    }
    if (measured.empty()) {
        return nullptr;
    }
    const auto middle = measured.begin() + static_cast<std::ptrdiff_t>(measured.size() / 2);
    std::nth_element(measured.begin(), middle, measured.end(),
                     [](const StoredRepetition* a, const StoredRepetition* b) {
                         return a->record.duration_ns < b->record.duration_ns;
                     });
    return *middle;
}

void paint_timeline(const Experiment& experiment, const StoredRepetition& repetition, Database& database,
                    const Theme& theme, const std::filesystem::path& file) {
    const Trace trace{static_cast<std::int32_t>(experiment.layout.ranks), read_events(database, repetition.id)};
    TimelineOptions options;
    options.theme = theme;
    options.title =
        fmt::format("{}: {} over {} ranks, draw 0, repetition {} ({})", experiment.name, experiment.layout.strategy,
                    experiment.layout.ranks, repetition.record.index, format_duration(repetition.record.duration_ns));
    for (const RankResult& rank : repetition.record.ranks) {
        const auto wall = static_cast<double>(repetition.record.duration_ns);
        options.shares.push_back({static_cast<double>(rank.computing_ns) / wall,
                                  static_cast<double>(rank.exposed_communication_ns) / wall,
                                  static_cast<double>(rank.waiting_ns) / wall});
    }
    paint(draw_timeline(trace, options), file);
}

}  // namespace

std::vector<ArtifactRecord> draw_pictures(const Experiment& experiment, const StoredRun& run, Database& database,
                                          const Theme& theme, const std::filesystem::path& folder) {
    std::vector<ArtifactRecord> pictures;
    if (run.draws.empty()) {
        return pictures;
    }
    paint_mask(experiment, theme, folder / "mask.png");
    pictures.push_back({"mask", (folder / "mask.png").string()});
    if (const StoredRepetition* repetition = typical(run.draws.front()); repetition != nullptr) {
        paint_timeline(experiment, *repetition, database, theme, folder / "timeline.png");
        pictures.push_back({"timeline", (folder / "timeline.png").string()});
    }
    return pictures;
}

}  // namespace longscope
