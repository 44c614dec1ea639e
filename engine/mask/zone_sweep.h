// SPDX-License-Identifier: GPL-3.0-or-later
// Zones slab by slab: rows are cut where zones begin and end, and each slab is handed the parts of the zones in it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/striped_zone.h"

namespace longscope {

// By their first rows, as they are.
[[nodiscard]] ZoneSet in_row_order(ZoneSet set);
// The same tight, without empty ones.
[[nodiscard]] ZoneSet swept(ZoneSet set);

// Rows at which slabs of a set in row order begin. A slab ends when as many zones have begun or ended in it as were
// there at its beginning: a row then asks few zones that it does not meet, and all cuts together make no more pieces
// than there are zones.
[[nodiscard]] std::vector<std::int64_t> slab_breaks(const ZoneSet& in_row_order);

// How many zones there are when each is cut at every row at which another one begins or ends.
[[nodiscard]] std::int64_t slab_pieces(const ZoneSet& set);

// The zones of a set, slab by slab.
class ZoneSweep {
  public:
    // Both are in row order and outlive this.
    ZoneSweep(const ZoneList& zones, const std::vector<StripedZone>& striped) : zones_(&zones), striped_(&striped) {}
    explicit ZoneSweep(const ZoneSet& set) : ZoneSweep(set.zones, set.striped) {}

    // Replaces `out` by the parts of the zones in the rows, which must not begin before those of an earlier call.
    void zones_in(Range rows, ZoneSet& out);

  private:
    const ZoneList* zones_;
    const std::vector<StripedZone>* striped_;
    std::size_t next_ = 0;
    std::size_t next_striped_ = 0;
    ZoneList active_;
    std::vector<StripedZone> active_striped_;
};

}  // namespace longscope
