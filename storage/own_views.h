// SPDX-License-Identifier: GPL-3.0-or-later
// Views and triggers are programs inside a file: those of a foreign one may run forever. Only our own are asked.
#pragma once

#include <filesystem>
#include <vector>

#include "storage/migrations.h"

namespace SQLite {
class Database;
}

namespace longscope {

// Throws Error(bad_input) when a file of the registry's newest revision has a view or a trigger that the registry does
// not make, to the letter. Temporary ones do not count.
void require_own_views(SQLite::Database& handle, const std::filesystem::path& path,
                       const std::vector<Migration>& registry);

}  // namespace longscope
