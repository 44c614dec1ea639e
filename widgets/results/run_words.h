// SPDX-License-Identifier: GPL-3.0-or-later
// A stored run in the words and colours of the window.
#pragma once

#include <QColor>
#include <QString>

#include "engine/draw/theme.h"
#include "storage/run_page.h"

namespace longscope {

[[nodiscard]] QString state_text(RunState state);
// Of a mark beside the word, which says the same.
[[nodiscard]] QColor state_colour(RunState state, const Theme& theme);

[[nodiscard]] QString column_title(RunColumn column);
[[nodiscard]] QString column_explanation(RunColumn column);
// What the column is wide enough for, at first.
[[nodiscard]] const char* column_sample(RunColumn column);
[[nodiscard]] bool is_number(RunColumn column);

// As a table shows it; a dash for a figure that there is not.
[[nodiscard]] QString cell_text(const RunRow& row, RunColumn column);

// "2026-01-31 23:59" in the user's time zone; what is no instant stays as it is.
[[nodiscard]] QString local_time_text(const std::string& utc);

}  // namespace longscope
