// SPDX-License-Identifier: GPL-3.0-or-later
// The files of resources/opencl, embedded when the library is built.
#pragma once

#include <string_view>

namespace longscope {

// The text of the file `name` ("lanes.cl"). Throws Error(failed) for a name that is not there.
[[nodiscard]] std::string_view embedded_opencl(std::string_view name);

}  // namespace longscope
