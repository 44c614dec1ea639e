// SPDX-License-Identifier: GPL-3.0-or-later
// How a user names a run or a bench of a database.
#pragma once

#include <cstdint>
#include <string_view>

#include "storage/database.h"

namespace longscope {

// Tables with an id and a uuid.
enum class NamedTable { run, bench };

// The number of the row that `text` names: a number, a uuid or the beginning of one, or "last". Throws
// Error(bad_input) when none or more than one is meant.
[[nodiscard]] std::int64_t resolve_name(Database& database, NamedTable table, std::string_view text);

}  // namespace longscope
