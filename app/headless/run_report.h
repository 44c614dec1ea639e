// SPDX-License-Identifier: GPL-3.0-or-later
// The readable summary of a stored run: what `run` prints at its end and `db show` prints later.
#pragma once

#include <string>

#include "storage/records.h"

namespace longscope {

// Several lines of ASCII: the result in one line, how it was run, on what, the time of each draw, its error against
// the reference, what each rank did, and the files. Sections without content are left out.
[[nodiscard]] std::string run_report(const StoredRun& run);

}  // namespace longscope
