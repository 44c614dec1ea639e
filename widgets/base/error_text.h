// SPDX-License-Identifier: GPL-3.0-or-later
// What was thrown, as one line for people.
#pragma once

#include <QString>
#include <exception>

namespace longscope {

[[nodiscard]] QString error_text(const std::exception_ptr& error);

}  // namespace longscope
