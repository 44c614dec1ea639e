// SPDX-License-Identifier: GPL-3.0-or-later
// Stored values in few words, as reports on runs have them.
#pragma once

#include <string>

#include "engine/base/json.h"

namespace longscope {

// A JSON value in few words: objects as "a 1, b 2", long texts and arrays cut.
[[nodiscard]] std::string report_value(const Json& value);

[[nodiscard]] std::string report_duration(double duration_ns);

// An error of a check: two digits with an exponent, or "not a number".
[[nodiscard]] std::string report_error(double error);

}  // namespace longscope
