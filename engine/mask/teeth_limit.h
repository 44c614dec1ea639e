// SPDX-License-Identifier: GPL-3.0-or-later
// Where stripes have to be taken tooth by tooth, there may be very many.
#pragma once

#include <cstddef>
#include <cstdint>

namespace longscope {

// Throws Error(bad_input) when so many teeth, with so many zones that are there, are more than a mask may have zones.
void require_teeth(std::int64_t teeth, std::size_t zones);

}  // namespace longscope
