// SPDX-License-Identifier: GPL-3.0-or-later
// Names of runs that stay unique when databases of several machines are merged.
#pragma once

#include <string>

namespace longscope {

// A random UUID (RFC 9562, version 4) from the operating system's random numbers, in lower case.
[[nodiscard]] std::string random_uuid();

}  // namespace longscope
