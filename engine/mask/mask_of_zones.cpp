// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_of_zones.h"

#include "engine/mask/zone_mask.h"
#include "engine/mask/zone_sweep.h"

namespace longscope {

namespace {

std::unique_ptr<Mask> build(const std::shared_ptr<const ZoneSet>& by_begin, std::int64_t query_tokens,
                            std::int64_t key_tokens) {
    return std::make_unique<ZoneMask>(
        query_tokens, key_tokens, slab_breaks(*by_begin),
        [&] {
            return [sweep = std::make_shared<ZoneSweep>(*by_begin)](Range rows, ZoneSet& out) {
                sweep->zones_in(rows, out);
            };
        },
        [by_begin, query_tokens, key_tokens] {
            ZoneSet mirror;
            mirror.zones.reserve(by_begin->zones.size());
            for (const Zone& zone : by_begin->zones) {
                mirror.zones.push_back(transposed(zone));
            }
            for (const StripedZone& striped : by_begin->striped) {
                mirror.striped.push_back(transposed(striped));
            }
            return mask_of_zones(key_tokens, query_tokens, std::move(mirror));
        });
}

}  // namespace

std::unique_ptr<Mask> mask_of_zones(std::int64_t query_tokens, std::int64_t key_tokens, ZoneList zones) {
    return mask_of_zones(query_tokens, key_tokens, ZoneSet{std::move(zones), {}});
}

std::unique_ptr<Mask> mask_of_zones(std::int64_t query_tokens, std::int64_t key_tokens, ZoneSet set) {
    return build(std::make_shared<const ZoneSet>(swept(std::move(set))), query_tokens, key_tokens);
}

}  // namespace longscope
