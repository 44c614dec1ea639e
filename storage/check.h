// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a database is whole: by SQLite's own checks, and by what always holds of runs that this program stored.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "storage/database.h"

namespace longscope {

// A sentence for each problem; none: all is well. Looks at every run: `progress` gets the share that is done.
[[nodiscard]] std::vector<std::string> check_database(Database& database,
                                                      const std::function<void(double)>& progress = {});

}  // namespace longscope
