// SPDX-License-Identifier: GPL-3.0-or-later
// The sections of run_report, each a text of whole lines, or empty when there is nothing to say.
#pragma once

#include <string>

#include "storage/records.h"
#include "storage/report_text.h"

namespace longscope {

// "  label         value", for the sections that are not tables.
[[nodiscard]] std::string report_line(std::string_view label, std::string_view value);

[[nodiscard]] std::string time_section(const StoredRun& run);
[[nodiscard]] std::string check_section(const StoredRun& run);
[[nodiscard]] std::string rank_section(const StoredRun& run);

}  // namespace longscope
