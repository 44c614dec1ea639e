// SPDX-License-Identifier: GPL-3.0-or-later
// The experiments that come with the program, as a menu.
#pragma once

#include <QMenu>
#include <filesystem>
#include <functional>

namespace longscope {

// In the order of their names; disabled where none are installed.
[[nodiscard]] QMenu* make_example_menu(QWidget& window, const std::function<void(const std::filesystem::path&)>& open);

}  // namespace longscope
