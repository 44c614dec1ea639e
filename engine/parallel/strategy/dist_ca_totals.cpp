// SPDX-License-Identifier: GPL-3.0-or-later
// What core attention disaggregation moves, holds and computes by its plan, without writing its schedule.
#include <algorithm>

#include "engine/parallel/live_bytes.h"
#include "engine/parallel/strategy/dist_ca_plan.h"

namespace longscope {

namespace {

// Tokens of one rank in one nano-batch.
struct BatchTokens {
    BatchTokens(const StrategyInput& input, const DistCaPlan& plan, std::size_t batch)
        : share(plan.share(batch, input.rank)), computed(share.tokens()), remote_keys(share.remote_keys) {
        const TokenSet& tokens = input.tokens[static_cast<std::size_t>(input.rank)];
        for (std::int64_t peer = 0; peer < input.ranks(); ++peer) {
            const DistCaShare& of_peer = plan.share(batch, peer);
            if (const DistCaTask* task = of_peer.task_of(input.rank)) {
                own += task->tokens;
                stays += peer == input.rank ? task->tokens : 0;
            }
            for (const Range range : peer == input.rank ? RangeSet{} : of_peer.keys) {
                keys_for_peers += tokens.count_in(range);
            }
        }
    }

    const DistCaShare& share;
    std::int64_t computed;            // queries that it computes
    std::int64_t remote_keys;         // keys that come in
    std::int64_t own = 0;             // queries that it holds
    std::int64_t stays = 0;           // queries that it holds and computes
    std::int64_t keys_for_peers = 0;  // keys that go out, each as often as it does
};

void hold_inputs(LiveBytes& held, const BatchTokens& n, const DistCaSizes& sizes) {
    held.take((n.own + n.computed) * sizes.queries + (n.keys_for_peers + n.remote_keys) * sizes.key_values);
}

// The nano-batch is put in order, computed, and its results packed.
void hold_computing(LiveBytes& held, const BatchTokens& n, const DistCaSizes& sizes, Pass pass) {
    held.take(n.computed * sizes.queries);
    held.give_back((n.own + n.computed) * sizes.queries);
    held.take(n.remote_keys * sizes.key_values);
    held.give_back((n.keys_for_peers + n.remote_keys) * sizes.key_values);
    for (const DistCaTask& task : n.share.tasks) {
        held.take(2 * task.tokens * sizes.result);
        held.give_back(task.tokens * sizes.result);
    }
    held.take((n.computed + n.own) * sizes.result);
    if (pass == Pass::forward) {
        held.give_back(n.computed * (sizes.queries + sizes.result));
    }
}

void hold_computing_backward(LiveBytes& held, const BatchTokens& n, const DistCaSizes& sizes) {
    held.take(n.computed * sizes.output_gradients);
    held.give_back((n.own + n.computed) * sizes.output_gradients);
    for (const DistCaTask& task : n.share.tasks) {
        held.take(task.tokens * (sizes.delta + sizes.query_gradients));
        held.give_back(task.tokens * (sizes.queries + sizes.result + sizes.output_gradients + sizes.delta));
    }
    held.give_back(n.remote_keys * sizes.key_values);
    held.take((n.computed + n.own) * sizes.query_gradients);
    held.give_back(n.computed * sizes.query_gradients);
    held.take((n.remote_keys + n.keys_for_peers) * sizes.key_value_gradients);
    held.give_back(n.remote_keys * sizes.key_value_gradients);
}

}  // namespace

StrategyTotals dist_ca_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const std::shared_ptr<const DistCaPlan> plan = dist_ca_plan_of(input);
    const DistCaSizes sizes(input.shape);
    const std::int64_t sent_result = input.wire().partials(sizes.result);
    const std::int64_t sent_query_gradients = input.wire().gradients(sizes.query_gradients);
    const std::int64_t sent_key_value_gradients = input.wire().gradients(sizes.key_value_gradients);
    const std::int64_t own = tokens.of(input.rank);
    const BatchTokens first(input, *plan, 0);
    const BatchTokens second(input, *plan, 1);
    StrategyTotals sums;
    LiveBytes held;
    held.take(own * sizes.result);
    for (const BatchTokens* n : {&first, &second}) {
        const std::int64_t out = n->own - n->stays;
        const std::int64_t in = n->computed - n->stays;
        sums.bytes_received += in * sizes.queries + n->remote_keys * sizes.key_values + out * sent_result;
        sums.bytes_sent += out * sizes.queries + n->keys_for_peers * sizes.key_values + in * sent_result;
        if (pass == Pass::forward_backward) {
            sums.bytes_received +=
                in * sizes.output_gradients + out * sent_query_gradients + n->keys_for_peers * sent_key_value_gradients;
            sums.bytes_sent +=
                out * sizes.output_gradients + in * sent_query_gradients + n->remote_keys * sent_key_value_gradients;
        }
        hold_inputs(held, *n, sizes);
    }
    for (const BatchTokens* n : {&first, &second}) {
        hold_computing(held, *n, sizes, pass);
    }
    if (pass == Pass::forward_backward) {
        for (const BatchTokens* n : {&first, &second}) {
            held.give_back((n->computed + n->own) * sizes.result);
        }
        const std::int64_t largest = std::max({own, first.remote_keys, second.remote_keys});
        held.take(own * (sizes.query_gradients + sizes.key_value_gradients) +
                  (first.own + first.computed + second.own + second.computed) * sizes.output_gradients +
                  (largest + first.remote_keys + second.remote_keys) * sizes.key_value_gradients);
        for (const BatchTokens* n : {&second, &first}) {
            hold_computing_backward(held, *n, sizes);
        }
    }
    sums.peak_buffer_bytes = held.peak();
    return sums;
}

std::int64_t dist_ca_head_pairs(const StrategyInput& input) {
    return dist_ca_plan_of(input)->head_pairs(input.rank);
}

const StrategyText dist_ca_text{
    "Attention has no state but its inputs, so queries of ranks with much work are computed by ranks with little. "
    "While a rank has more work than the mean and `layout.tolerance_percent` (10), the rank with least work gets a "
    "piece that brings one of both to the mean, of the rank where that takes the fewest bytes for its work. Where rows "
    "have uneven work, as under a causal mask, a piece is as many rows of the beginning as of the end of what that "
    "rank has left. Each rank's queries then make two nano-batches of even work: while one is computed, the inputs of "
    "the other or its results are under way. With nothing to move that is `group_cast` in two parts. `plan --why` and "
    "the cost panel tell how even the work is then. Of a rank, x are the queries of others that it computes, u its own "
    "that are computed elsewhere, n the keys of others that the queries it computes see, m its own keys that others "
    "need, once for each of them.",
    "Queries, keys, values and results stay where they were computed. The nano-batches are taken in reverse: dO goes "
    "out, dQ, dK and dV come back in float32, and owners add them up in the order of the ranks.",
    "x b Hq Dqk + n k + u p",
    "x b Hq Dv + 4 u Hq Dqk + m g",
    "with q = b Hq Dqk, and of nano-batch i o_i queries that it holds, c_i that it computes, n_i keys that come and "
    "m_i that go: the most of A_i + c_i q, A_i - o_i q + n_i k and A_i - o_i q - m_i k + (2 c_i + o_i) p, where A_1 = "
    "t_r (p + q) + (c_1 + c_2) q + (n + m) k and A_2 = A_1 - (o_1 + c_1) q - m_1 k + (o_1 + c_1) p; with a backward "
    "pass A_2 is c_1 (q + p) more, and once dO has come t_r (p + b Hq Dv + 4 Hq Dqk + g) + (c_1 + c_2) (q + p + b Hq "
    "Dv) + c_2 b Hq Dv + n (k + g) + max(t_r, n_1, n_2) g",
    "never",
    "Zhuang et al. 2025 (DistCA, core attention disaggregation), arXiv 2510.18121",
    "contiguous",
};

}  // namespace longscope
