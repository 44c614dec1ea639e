// SPDX-License-Identifier: GPL-3.0-or-later
// What of attention is computed: its output, or its output and then the gradients of queries, keys and values.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/tensor/attention_shape.h"

namespace longscope {

enum class Pass : std::uint8_t { forward, forward_backward };

inline constexpr std::array<std::string_view, 2> pass_words{"forward", "forward_backward"};

[[nodiscard]] inline std::string_view to_string(Pass pass) {
    return pass_words.at(static_cast<std::size_t>(pass));
}

// Of the forward pass and, where there is one, of the backward pass.
[[nodiscard]] constexpr double flops_of_head_pairs(const AttentionShape& shape, double head_pairs, Pass pass) {
    const double forward = flops_of_head_pairs(shape, head_pairs, Direction::forward);
    return pass == Pass::forward ? forward : forward + flops_of_head_pairs(shape, head_pairs, Direction::backward);
}

}  // namespace longscope
