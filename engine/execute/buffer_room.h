// SPDX-License-Identifier: GPL-3.0-or-later
// What a buffer of a schedule has room for, and what its role says about its content.
#pragma once

#include <cstdint>

#include "engine/mask/zone.h"
#include "engine/parallel/schedule.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

struct BufferPlan {
    BufferRole role = BufferRole::message;
    std::int64_t tokens = -1;  // token set; -1: of any size that fits
    Range heads;               // key/value heads of keys, values and their gradients, query heads of all others
};

// For so many tokens of its set, where there are `all_tokens` on all ranks. A message is of any size: 0.
[[nodiscard]] std::int64_t bytes_of_room(const BufferPlan& plan, const AttentionShape& shape, std::int64_t tokens,
                                         std::int64_t all_tokens);

// Of keys or values: a head of theirs is a key/value head.
[[nodiscard]] bool holds_keys(BufferRole role);
[[nodiscard]] bool are_gradients(BufferRole role);
// Can the one be found in a buffer of the other?
[[nodiscard]] bool is_in(BufferRole part, BufferRole whole);

}  // namespace longscope
