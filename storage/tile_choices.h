// SPDX-License-Identifier: GPL-3.0-or-later
// Tuned tile shapes as a database holds them: in the settings of benches of their own kind, so that they are listed,
// exported and merged as these are.
#pragma once

#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/kernel/opencl/tile_choice.h"
#include "storage/database.h"

namespace longscope {

inline constexpr std::string_view tile_bench_kind = "opencl tiles";

// What the settings of such a bench say.
[[nodiscard]] Json tile_choices_json(const std::vector<opencl::TileChoice>& choices);

// Of all benches of the kind, the oldest first; those that do not have this form are passed over, for databases are
// untrusted. Throws Error(failed) where the file cannot be read.
[[nodiscard]] std::vector<opencl::TileChoice> stored_tile_choices(Database& database);

}  // namespace longscope
