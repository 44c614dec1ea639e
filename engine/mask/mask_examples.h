// SPDX-License-Identifier: GPL-3.0-or-later
// Small masks that show at sight what a leaf or a preset does, for galleries and for the manual: over a sequence of
// four documents.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/mask/leaf.h"
#include "engine/mask/mask.h"
#include "engine/mask/mask_presets.h"
#include "engine/mask/token_order.h"

namespace longscope {

struct MaskExample {
    std::unique_ptr<Mask> mask;
    std::vector<std::int64_t> cu_seqlens;  // empty: it would be the same mask without documents
};

// Over 64 keys.
[[nodiscard]] MaskExample example_of(const LeafEntry& leaf);
// A causal window of 64 tokens in that order.
[[nodiscard]] MaskExample example_of(const OrderEntry& order);
// Over 16,384 keys, or as many as it needs.
[[nodiscard]] MaskExample example_of(const MaskPreset& preset);

}  // namespace longscope
