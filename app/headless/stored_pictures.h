// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of what a database holds; of the experiment's file nothing is needed any more.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "storage/database.h"
#include "storage/records.h"

namespace longscope {

struct StoredPictureOptions {
    Theme theme = light_theme();
    double width = 1100;
};

// Which draw and repetition of a run are meant. Throw Error: bad_input that names --draw or --repetition, failed where
// there is none.
[[nodiscard]] const StoredDraw& find_draw(const StoredRun& run, std::int64_t number);
// Measured; none: the one whose time is the median.
[[nodiscard]] const StoredRepetition& find_repetition(const StoredDraw& draw, std::optional<std::int64_t> number);

// The mask over the documents of the draw, with what each rank holds. Throws Error(bad_input) when the stored document
// is damaged.
[[nodiscard]] DisplayList draw_stored_mask(const StoredRun& run, const StoredDraw& draw,
                                           const StoredPictureOptions& options);
[[nodiscard]] DisplayList draw_stored_timeline(Database& database, const StoredRun& run, const StoredDraw& draw,
                                               const StoredRepetition& repetition, const StoredPictureOptions& options);

}  // namespace longscope
