// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/slab_limit.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/zone_sweep.h"

namespace longscope {

void check_slab_zones(const ZoneList& zones, const std::string& path) {
    const std::int64_t pieces = slab_pieces({zones, {}});
    if (pieces > max_zones) {
        throw bad_input(path, fmt::format("{} pieces of zones", format_count(pieces)), "are too many",
                        fmt::format("at most {}, where every zone is cut at each row at which another one begins or "
                                    "ends",
                                    format_count(max_zones)));
    }
}

}  // namespace longscope
