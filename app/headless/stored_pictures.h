// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of what a database holds; of the experiment's file nothing is needed any more.
#pragma once

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "storage/database.h"
#include "storage/records.h"

namespace longscope {

struct StoredPictureOptions {
    Theme theme = light_theme();
    double width = 1100;
};

// The mask over the documents of the draw, with what each rank holds. Throws Error(bad_input) when the stored document
// is damaged.
[[nodiscard]] DisplayList draw_stored_mask(const StoredRun& run, const StoredDraw& draw,
                                           const StoredPictureOptions& options);
[[nodiscard]] DisplayList draw_stored_timeline(Database& database, const StoredRun& run, const StoredDraw& draw,
                                               const StoredRepetition& repetition, const StoredPictureOptions& options);

}  // namespace longscope
