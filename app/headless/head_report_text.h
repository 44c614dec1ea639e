// SPDX-License-Identifier: GPL-3.0-or-later
// What the masks of all heads answer together, as text for a terminal and as JSON.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/mask/report/head_report.h"

namespace longscope {

[[nodiscard]] std::string head_report_text(const HeadReport& report);
[[nodiscard]] Json head_report_json(const HeadReport& report);

}  // namespace longscope
