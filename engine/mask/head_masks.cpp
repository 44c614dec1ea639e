// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/head_masks.h"

namespace longscope {

std::vector<std::int64_t> HeadMasks::heads_of_kinds(Range heads) const {
    if (same_for_all()) {
        return {heads.size()};
    }
    std::vector<std::int64_t> counts(kinds_.size(), 0);
    for (std::int64_t head = heads.begin; head < heads.end; ++head) {
        ++counts[static_cast<std::size_t>(kind_of(head))];
    }
    return counts;
}

std::int64_t HeadMasks::head_pairs(Range heads) const {
    const std::vector<std::int64_t> counts = heads_of_kinds(heads);
    std::int64_t pairs = 0;
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
        pairs += counts[kind] == 0 ? 0 : counts[kind] * kinds_[kind]->pairs();
    }
    return pairs;
}

HeadMasks HeadMasks::part(Range heads) const {
    if (same_for_all()) {
        return *this;
    }
    std::vector<std::shared_ptr<const Mask>> kinds;
    std::vector<std::int64_t> new_kind(kinds_.size(), -1);
    std::vector<std::int64_t> kind_of_head;
    for (std::int64_t head = heads.begin; head < heads.end; ++head) {
        std::int64_t& kind = new_kind[static_cast<std::size_t>(kind_of(head))];
        if (kind < 0) {
            kind = static_cast<std::int64_t>(kinds.size());
            kinds.push_back(shared_kind(kind_of(head)));
        }
        kind_of_head.push_back(kind);
    }
    return {std::move(kinds), std::move(kind_of_head)};
}

}  // namespace longscope
