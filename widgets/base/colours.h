// SPDX-License-Identifier: GPL-3.0-or-later
// The engine's colours and texts as Qt has them.
#pragma once

#include <QColor>
#include <QString>
#include <string_view>

#include "engine/draw/display_list.h"

namespace longscope {

[[nodiscard]] QColor to_qcolor(Colour colour);
[[nodiscard]] QString to_qstring(std::string_view text);  // UTF-8

}  // namespace longscope
