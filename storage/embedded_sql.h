// SPDX-License-Identifier: GPL-3.0-or-later
// The files of resources/schemas/sql, embedded when the library is built.
#pragma once

#include <string_view>

namespace longscope {

// The text of the file `name` ("0001.sql"). Throws Error(failed) for a name that is not there.
[[nodiscard]] std::string_view embedded_sql(std::string_view name);

}  // namespace longscope
