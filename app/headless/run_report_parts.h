// SPDX-License-Identifier: GPL-3.0-or-later
// The sections of run_report, each a text of whole lines, or empty when there is nothing to say.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "storage/records.h"

namespace longscope {

// "  label         value", for the sections that are not tables.
[[nodiscard]] std::string report_line(std::string_view label, std::string_view value);

// A JSON value in few words: objects as "a 1, b 2", long texts and arrays cut.
[[nodiscard]] std::string report_value(const Json& value);

[[nodiscard]] std::string report_duration(double duration_ns);

// An error of a check: two digits with an exponent, or "not a number".
[[nodiscard]] std::string report_error(double error);

[[nodiscard]] std::string time_section(const StoredRun& run);
[[nodiscard]] std::string check_section(const StoredRun& run);
[[nodiscard]] std::string rank_section(const StoredRun& run);

}  // namespace longscope
