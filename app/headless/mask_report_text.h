// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask answers, as lines for a terminal and as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/report/mask_report.h"

namespace longscope {

// "name             value", a line each, in the width of all reports about masks.
[[nodiscard]] std::string report_line(std::string_view name, const std::string& value);

// The lines below the keys of a query: columns, what sees nothing, leaks, the cache, speed-ups.
[[nodiscard]] std::string mask_answers_text(const MaskReport& report);
// A table of the documents.
[[nodiscard]] std::string document_table(const std::vector<DocumentPairs>& documents);

// The same as fields.
[[nodiscard]] Json mask_answers_json(const MaskReport& report);
[[nodiscard]] Json documents_json(const std::vector<DocumentPairs>& documents);

// Of several masks, all with the same shapes of tiles: the least, median, 90 % and most of each figure.
[[nodiscard]] std::string distribution_text(const std::vector<Figures>& masks);
[[nodiscard]] Json distribution_json(const std::vector<Figures>& masks);

}  // namespace longscope
