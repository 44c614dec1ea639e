// SPDX-License-Identifier: GPL-3.0-or-later
// The two orders of the loops of a forward pass, and how one of them is asked for.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace longscope::cpu {

enum class LoopOrder {
    // For each tile of neighbouring rows the tiles of keys that any of them sees (FlashAttention-2, algorithm 1).
    query_major,
    // For each tile of keys the rows that see it, gathered from wherever they are. Where every token chooses its own
    // blocks of keys (Native Sparse Attention, Yuan et al. 2025), neighbours together see nearly all keys and each few
    // of them: gathered rows compute no others (Flash Sparse Attention, Yan et al. 2025).
    key_major,
};

inline constexpr std::array<std::string_view, 2> loop_order_words{"query-major", "key-major"};

[[nodiscard]] constexpr std::string_view to_string(LoopOrder order) {
    return loop_order_words[static_cast<std::size_t>(order)];
}

// The environment variable that asks for an order instead of the one that is predicted to be faster.
inline constexpr const char* order_variable = "LONGSCOPE_CPU_ORDER";

// What LONGSCOPE_CPU_ORDER says. Throws Error(bad_input) that lists the words.
[[nodiscard]] std::optional<LoopOrder> asked_loop_order();

}  // namespace longscope::cpu
