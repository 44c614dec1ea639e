// SPDX-License-Identifier: GPL-3.0-or-later
// What people read of a strategy beside its name and its meaning: data of the strategy itself, in its own file, so that
// the page on strategies, the verb that prints it and the strategy cannot drift apart.
#pragma once

#include <cstdint>
#include <string_view>

namespace longscope {

// Formulas are of one rank, in bytes, and in the letters of strategy_letters() and in those that `how` introduces.
struct StrategyText {
    std::string_view how;                // in whole sentences
    std::string_view backward;           // likewise; empty: has no backward pass
    std::string_view received_forward;   // what StrategyEntry::formula gives as bytes received
    std::string_view received_backward;  // beside those of the forward pass; empty: has no backward pass
    std::string_view memory;             // held at once, beside the rank's own inputs
    std::string_view infeasible;         // when it cannot serve a shape on so many ranks
    std::string_view source;             // who published it, where
    std::string_view dispatch;           // of its picture and its worked example: the one that it is made for
    std::int64_t picture_heads = 4;      // query heads, and as many key/value heads
};

// The letters of all formulas, a line of Markdown.
[[nodiscard]] std::string_view strategy_letters();

extern const StrategyText ring_text;
extern const StrategyText all_gather_text;
extern const StrategyText ulysses_text;
extern const StrategyText usp_text;
extern const StrategyText pruned_ring_text;
extern const StrategyText llama3_all_gather_text;
extern const StrategyText group_cast_text;
extern const StrategyText token_ring_text;
extern const StrategyText double_ring_text;
extern const StrategyText light_seq_text;
extern const StrategyText dist_ca_text;
extern const StrategyText split_kv_text;
extern const StrategyText rsa_text;
extern const StrategyText tensor_parallel_text;
extern const StrategyText ulysses_uneven_text;

}  // namespace longscope
