// SPDX-License-Identifier: GPL-3.0-or-later
// Whether zones that someone else wrote are disjoint, in time that grows with their number and not with its square.
#pragma once

#include <optional>
#include <string>

#include "engine/mask/zone.h"

namespace longscope {

struct SharedPair {
    std::size_t first = 0;  // indices of two zones; first < second
    std::size_t second = 0;
    std::int64_t query = 0;  // a pair that lies in both
    std::int64_t key = 0;
};

// None: they are disjoint. Zones need not be tight; empty ones share nothing.
[[nodiscard]] std::optional<SharedPair> find_shared_pair(const ZoneList& zones);

// Throws Error(bad_input), naming two of the zones and a pair that is in both, unless they are disjoint.
void check_disjoint(const ZoneList& zones, const std::string& field);

}  // namespace longscope
