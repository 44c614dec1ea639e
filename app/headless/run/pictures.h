// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of a finished run: its mask, and the timeline of a typical repetition.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/draw/theme.h"
#include "storage/database.h"
#include "storage/records.h"

namespace longscope {

// mask and timeline of the first draw in `folder`, as png, svg or pdf; the timeline is that of the measured repetition
// whose time is the median. Draws nothing that the run does not have. Throws Error.
[[nodiscard]] std::vector<ArtifactRecord> draw_pictures(const StoredRun& run, Database& database, const Theme& theme,
                                                        const std::filesystem::path& folder,
                                                        const std::string& extension);

}  // namespace longscope
