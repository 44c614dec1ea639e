// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of runs for other programs: raw values, units in the names of the columns.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "storage/run_page.h"

namespace longscope {

// With a header; tabs between the columns, none inside them.
[[nodiscard]] std::string runs_as_tsv(const std::vector<RunRow>& rows);

// RFC 4180, whole or not at all. Throws Error(failed).
void write_runs_csv(const std::filesystem::path& path, const std::vector<RunRow>& rows);

}  // namespace longscope
