// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that measured the very same thing before.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/database.h"

namespace longscope {

// The runs that have exactly these documents, were stored by this host and would end alike if they were made again:
// done, unsupported or infeasible; the newest first.
[[nodiscard]] std::vector<std::int64_t> find_settled_runs(Database& database, std::string_view experiment,
                                                          std::string_view environment, std::string_view host);

}  // namespace longscope
