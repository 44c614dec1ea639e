// SPDX-License-Identifier: GPL-3.0-or-later
// Stored runs beside each other as a page for a browser: for each mask a table and curves of every strategy. One file
// without anything from elsewhere, light or dark as the reader's system is.
#pragma once

#include <string>
#include <vector>

#include "storage/layout_figures.h"

namespace longscope {

// `facts` are sentences on where the runs were made. All texts are escaped.
[[nodiscard]] std::string layout_report_html(const std::string& title, const std::vector<std::string>& facts,
                                             const std::vector<LayoutFigures>& runs);

// The page of these runs of the database.
[[nodiscard]] std::string layout_report_of(Database& database, const std::vector<std::int64_t>& runs);

}  // namespace longscope
