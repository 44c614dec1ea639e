// SPDX-License-Identifier: GPL-3.0-or-later
// A stored run as JSON, as `db show --json` prints it and export_json extends it. Numbers that are not finite become
// null (NaN) or "inf" and "-inf".
#pragma once

#include "engine/base/json.h"
#include "storage/records.h"
#include "storage/run_list.h"

namespace longscope {

// Raised when a field changes its meaning or goes; readers ignore fields that they do not know.
inline constexpr std::int64_t run_json_version = 1;

[[nodiscard]] Json run_to_json(const StoredRun& run);
[[nodiscard]] Json summary_to_json(const RunSummary& run);
[[nodiscard]] Json event_to_json(const TraceEvent& event);
[[nodiscard]] Json number_to_json(double value);

}  // namespace longscope
