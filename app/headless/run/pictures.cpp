// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/pictures.h"

#include "app/headless/stored_pictures.h"
#include "engine/draw/cairo_painter.h"
#include "storage/run_statistics.h"

namespace longscope {

std::vector<ArtifactRecord> draw_pictures(const StoredRun& run, Database& database, const Theme& theme,
                                          const std::filesystem::path& folder, const std::string& extension) {
    std::vector<ArtifactRecord> pictures;
    if (run.draws.empty()) {
        return pictures;
    }
    StoredPictureOptions options;
    options.theme = theme;
    const auto add = [&](const std::string& kind, const DisplayList& list) {
        const std::filesystem::path file = folder / (kind + "." + extension);
        paint(list, file);
        pictures.push_back({kind, file.string()});
    };
    const StoredDraw& draw = run.draws.front();
    add("mask", draw_stored_mask(run, draw, options));
    if (const StoredRepetition* repetition = typical_repetition(draw); repetition != nullptr) {
        add("timeline", draw_stored_timeline(database, run, draw, *repetition, options));
    }
    return pictures;
}

}  // namespace longscope
