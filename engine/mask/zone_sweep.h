// SPDX-License-Identifier: GPL-3.0-or-later
// Zones slab by slab: rows are cut where zones begin and end, and each slab is handed the parts of the zones in it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

// By their first rows, tight, without empty ones.
[[nodiscard]] ZoneList swept(ZoneList zones);

// Rows at which slabs of swept zones begin. A slab ends when as many zones have begun or ended in it as were there at
// its beginning: a row then asks few zones that it does not meet, and all cuts together make no more pieces than there
// are zones.
[[nodiscard]] std::vector<std::int64_t> slab_breaks(const ZoneList& swept_zones);

class ZoneSweep {
  public:
    // The zones are swept and outlive this.
    explicit ZoneSweep(const ZoneList& swept_zones) : zones_(&swept_zones) {}

    // Replaces `out` by the parts of the zones in the rows, which must not begin before those of an earlier call.
    void zones_in(Range rows, ZoneList& out);

  private:
    const ZoneList* zones_;
    std::size_t next_ = 0;
    ZoneList active_;
};

}  // namespace longscope
