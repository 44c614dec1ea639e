// SPDX-License-Identifier: GPL-3.0-or-later
// The icon of the program, from inside it: it needs no theme, no plugin and no installation.
#pragma once

#include <QIcon>

namespace longscope {

// In the sizes that title bars, task bars and switchers ask for.
[[nodiscard]] QIcon application_icon();

}  // namespace longscope
