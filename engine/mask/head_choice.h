// SPDX-License-Identifier: GPL-3.0-or-later
// Heads and layers that a part of a mask is for. Heads are those of the queries: heads that share a key/value head
// stand beside one another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/zone.h"

namespace longscope {

// Heads of a layer, and layers, are numbered from 0 and are below this.
inline constexpr std::int64_t max_mask_heads = 65'536;

struct HeadChoice {
    // Ascending, disjoint; none: all there are.
    std::vector<Range> heads;
    std::vector<Range> layers;

    [[nodiscard]] bool contains(std::int64_t head, std::int64_t layer) const;
};

// Takes the fields "heads" and "layers" from an object: [begin, end], the end not included, or a list of such ranges.
// Throws Error(bad_input).
[[nodiscard]] HeadChoice parse_head_choice(JsonObject& object);

// The fields again; a single range as it is, none where it is all.
[[nodiscard]] Json to_json(const HeadChoice& choice);

// "heads 0-7, 12 of layers 0-15", "layer 3"; empty when it is all.
[[nodiscard]] std::string to_text(const HeadChoice& choice);

// "0-7, 12"
[[nodiscard]] std::string numbers_text(const std::vector<Range>& numbers);

}  // namespace longscope
