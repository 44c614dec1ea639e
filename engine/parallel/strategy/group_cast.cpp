// SPDX-License-Identifier: GPL-3.0-or-later
// Group-cast (Zewei Tao and Yunpeng Huang 2025, "MagiAttention"): every rank gets from every other just the keys and
// values that one of its queries sees, while it computes with its own. For windows this is a halo exchange, with the
// global tokens gathered beside it (Tan et al. 2024, "Video-Infinity"); without a mask it is an all-gather. What each
// rank needs follows from the mask, which all ranks know: nothing is asked for.
//
// What comes may be cut into stages (group_cast_plan.h), each with an exchange and an attend of its own: while a rank
// computes with one, the next two are under way. Messages and keys of a stage are freed once they are used.
//
// Backward: what came in is kept. Gradients of it are computed first, the last stage first, and go back in float32
// (group-reduce) while the rank computes with the next stage, and in the end with its own keys; their owner adds them
// in the order of the ranks, stage by stage.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/base/units.h"
#include "engine/parallel/live_bytes.h"
#include "engine/parallel/schedule_builder.h"
#include "engine/parallel/strategy/group_cast_plan.h"

namespace longscope {

namespace {

constexpr std::int64_t running = 1;
constexpr std::int64_t of_remote = 2;
// Of the backward pass.
constexpr std::int64_t delta = 3;
constexpr std::int64_t query_gradients = 4;
constexpr std::int64_t remote_gradients = 5;
constexpr std::int64_t own_gradients = 6;
constexpr std::int64_t of_own_keys = 7;
// Of two stages in turn, which are under way together.
constexpr std::int64_t leaving = 8;
constexpr std::int64_t arriving = 10;
constexpr std::int64_t gradients_leaving = 12;
constexpr std::int64_t gradients_arriving = 14;
// Of each stage.
constexpr std::int64_t remote = 16;

class GroupCastWriter {
  public:
    GroupCastWriter(const StrategyInput& input, Pass pass)
        : input_(input),
          pass_(pass),
          plan_(group_cast_plan_of(input)),
          builder_("group_cast", input, pass),
          query_heads_{0, input.shape.query_heads},
          key_value_heads_{0, input.shape.key_value_heads},
          own_pairs_(builder_.head_pairs(input.rank, input.rank, query_heads_)) {
        for (std::int64_t stage = 0; input.ranks() > 1 && stage < plan_->stages(pass); ++stage) {
            stages_.push_back(name_sets(stage));
        }
    }

    void write_forward() {
        builder_.alloc_partial(running, input_.rank, query_heads_);
        for (std::size_t stage = 0; stage < std::min<std::size_t>(2, stages_.size()); ++stage) {
            write_cast(stage);
        }
        if (own_pairs_ > 0) {
            builder_.attend(0, builder_.own_queries(), input_.rank, own_key_values, running, own_pairs_, {});
        }
        bool anything = own_pairs_ > 0;
        for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
            anything = write_remote(stage, anything);
        }
        builder_.finalize(static_cast<std::int32_t>(stages_.empty() ? 1 : stages_.size()), running);
    }

    void write_backward() {
        const std::int32_t first = stages_.empty() ? 2 : step_of(stages_.size() + 1);
        const std::int64_t barrier = builder_.barrier(first, {});
        builder_.alloc_delta(delta, input_.rank, query_heads_);
        builder_.delta(first, running, own_output_gradients, delta);
        builder_.alloc_query_gradients(query_gradients, input_.rank, query_heads_);
        std::int32_t step = first;
        for (std::size_t stage = stages_.size(); stage-- > 0; ++step) {
            write_remote_gradients(stage, step, barrier);
            if (stage + 1 == stages_.size() && stage > 0) {
                builder_.alloc_key_value_gradients(own_gradients, input_.rank, key_value_heads_);
            } else if (stage + 1 < stages_.size()) {
                add_gradients(stage + 1, step);
            }
        }
        write_own_gradients(stages_.empty() ? first + 1 : step);
        if (!stages_.empty()) {
            add_gradients(0, step);
        }
    }

    Schedule take() { return builder_.take(); }

  private:
    static constexpr ScheduleBuilder::BackwardBuffers shared{own_output_gradients, running, delta, query_gradients};

    struct Stage {
        std::vector<std::int64_t> of_peers;    // token sets, by peer: what it needs of this rank
        std::vector<std::int64_t> from_peers;  // likewise: what this rank needs of it
        std::int64_t all_remote = -1;          // the latter together
        std::int64_t head_pairs = 0;
        std::int64_t here = -1;            // the exchange that brings it
        std::int64_t gradients_here = -1;  // the exchange that brings gradients of what was sent
    };

    static std::int32_t step_of(std::size_t step) { return static_cast<std::int32_t>(step); }
    static std::int64_t in_turn(std::int64_t buffer, std::size_t stage) {
        return buffer + static_cast<std::int64_t>(stage % 2);
    }
    static std::int64_t of_stage(std::size_t stage) { return remote + static_cast<std::int64_t>(stage); }

    // What peers need of this rank, and what it needs of them.
    void write_cast(std::size_t number) {
        Stage& stage = stages_[number];
        const std::int64_t bytes = input_.shape.key_value_bytes_per_token();
        const std::int64_t out = in_turn(leaving, number);
        const std::int64_t in = in_turn(arriving, number);
        const std::int32_t step = step_of(number);
        builder_.alloc_message(out, sum(stage.of_peers) * bytes);
        const std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::key_values, own_key_values,
                                                  out, {stage.of_peers, {}}, {});
        const std::int64_t room = builder_.alloc_message(in, sum(stage.from_peers) * bytes);
        stage.here =
            builder_.exchange(OperationKind::all_to_all, step, out, in, static_cast<std::int64_t>(number),
                              by_rank(stage.of_peers, bytes), by_rank(stage.from_peers, bytes), {packed, room});
    }

    // Whether anything is in the result afterwards.
    [[nodiscard]] bool write_remote(std::size_t number, bool anything) {
        const Stage& stage = stages_[number];
        const std::int32_t step = step_of(number + 1);
        builder_.alloc_key_values(of_stage(number), stage.all_remote, key_value_heads_);
        builder_.copy(OperationKind::scatter, step, BufferRole::key_values, in_turn(arriving, number), of_stage(number),
                      {stage.from_peers, {}}, {stage.here});
        builder_.free(in_turn(leaving, number), {});
        builder_.free(in_turn(arriving, number), {});
        if (number + 2 < stages_.size()) {
            write_cast(number + 2);
        }
        builder_.alloc_partial(of_remote, input_.rank, query_heads_);
        if (stage.head_pairs > 0) {
            builder_.attend(step, builder_.own_queries(), stage.all_remote, of_stage(number),
                            anything ? of_remote : running, stage.head_pairs, {});
            if (anything) {
                builder_.merge(step, of_remote, running);
            }
        }
        builder_.free(of_remote, {});
        if (pass_ == Pass::forward) {
            builder_.free(of_stage(number), {});
        }
        return anything || stage.head_pairs > 0;
    }

    void write_remote_gradients(std::size_t number, std::int32_t step, std::int64_t barrier) {
        Stage& stage = stages_[number];
        const std::int64_t bytes = input_.shape.key_value_gradient_bytes_per_token();
        const std::int64_t out = in_turn(gradients_leaving, number);
        const std::int64_t in = in_turn(gradients_arriving, number);
        builder_.alloc_key_value_gradients(remote_gradients, stage.all_remote, key_value_heads_);
        if (stage.head_pairs > 0) {
            builder_.attend_backward(step, builder_.own_queries(), stage.all_remote, of_stage(number), shared,
                                     remote_gradients, stage.head_pairs, {});
        }
        builder_.free(of_stage(number), {});
        builder_.alloc_message(out, sum(stage.from_peers) * bytes);
        const std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::key_value_gradients,
                                                  remote_gradients, out, {stage.from_peers, {}}, {});
        builder_.free(remote_gradients, {});
        const std::int64_t room = builder_.alloc_message(in, sum(stage.of_peers) * bytes);
        stage.gradients_here = builder_.exchange(
            OperationKind::all_to_all, step, out, in, static_cast<std::int64_t>(2 * stages_.size() - 1 - number),
            by_rank(stage.from_peers, bytes), by_rank(stage.of_peers, bytes), {barrier, packed, room});
    }

    void add_gradients(std::size_t number, std::int32_t step) {
        const Stage& stage = stages_[number];
        builder_.copy(OperationKind::scatter_add, step, BufferRole::key_value_gradients,
                      in_turn(gradients_arriving, number), own_gradients, {stage.of_peers, {}}, {stage.gradients_here});
        builder_.free(in_turn(gradients_leaving, number), {});
        builder_.free(in_turn(gradients_arriving, number), {});
    }

    // Those of peers may have been added up already: computing replaces what is there.
    void write_own_gradients(std::int32_t step) {
        const bool apart = stages_.size() > 1;
        const std::int64_t into = apart ? of_own_keys : own_gradients;
        builder_.alloc_key_value_gradients(into, input_.rank, key_value_heads_);
        if (own_pairs_ > 0) {
            builder_.attend_backward(step, builder_.own_queries(), input_.rank, own_key_values, shared, into,
                                     own_pairs_, {});
        }
        builder_.free(delta, {});
        if (apart) {
            builder_.reduce(step, of_own_keys, own_gradients, input_.rank, {});
            builder_.free(of_own_keys, {});
        }
    }

    [[nodiscard]] Stage name_sets(std::int64_t number) {
        Stage stage;
        const std::int64_t rank = input_.rank;
        TokenSelection all_remote{{}, something(plan_->from_all(rank, number, pass_))};
        for (std::int64_t peer = 0; peer < input_.ranks(); ++peer) {
            if (peer == rank) {
                continue;
            }
            stage.of_peers.push_back(
                builder_.add_token_set({{rank}, something(plan_->from_one(rank, peer, number, pass_))}));
            stage.from_peers.push_back(
                builder_.add_token_set({{peer}, something(plan_->from_one(peer, rank, number, pass_))}));
            all_remote.ranks.push_back(peer);
        }
        stage.all_remote = builder_.add_token_set(std::move(all_remote));
        stage.head_pairs = builder_.head_pairs(rank, stage.all_remote, query_heads_);
        return stage;
    }
    // A selection without ranges would be of all positions.
    static RangeSet something(RangeSet ranges) { return ranges.empty() ? RangeSet{{0, 0}} : std::move(ranges); }

    [[nodiscard]] std::int64_t sum(const std::vector<std::int64_t>& sets) const {
        return std::accumulate(sets.begin(), sets.end(), std::int64_t{0},
                               [&](std::int64_t tokens, std::int64_t set) { return tokens + builder_.tokens_of(set); });
    }
    // Of the sets of the peers; nothing stays here.
    [[nodiscard]] std::vector<std::int64_t> by_rank(const std::vector<std::int64_t>& sets, std::int64_t bytes) const {
        std::vector<std::int64_t> sizes(static_cast<std::size_t>(input_.ranks()), 0);
        for (std::size_t i = 0; i < sets.size(); ++i) {
            const std::size_t peer = i < static_cast<std::size_t>(input_.rank) ? i : i + 1;
            sizes[peer] = builder_.tokens_of(sets[i]) * bytes;
        }
        return sizes;
    }

    const StrategyInput& input_;
    Pass pass_;
    std::shared_ptr<const GroupCastPlan> plan_;
    ScheduleBuilder builder_;
    Range query_heads_;
    Range key_value_heads_;
    std::int64_t own_pairs_;
    std::vector<Stage> stages_;
};

// Tokens that a stage brings a rank, and those that it takes from it, once for each that needs them.
struct StageTokens {
    std::int64_t come = 0;
    std::int64_t go = 0;
};

std::vector<StageTokens> stages_of(const StrategyInput& input, const GroupCastPlan& plan, Pass pass) {
    std::vector<StageTokens> stages;
    for (std::int64_t stage = 0; input.ranks() > 1 && stage < plan.stages(pass); ++stage) {
        StageTokens& sums = stages.emplace_back();
        for (std::int64_t peer = 0; peer < input.ranks(); ++peer) {
            if (peer != input.rank) {
                sums.come += plan.tokens_from_one(peer, input.rank, stage, pass);
                sums.go += plan.tokens_from_one(input.rank, peer, stage, pass);
            }
        }
    }
    return stages;
}

// The buffers of both passes in the order in which they come and go.
std::int64_t peak_bytes(const std::vector<StageTokens>& stages, const AttentionShape& shape, std::int64_t own,
                        Pass pass) {
    const std::int64_t bytes = shape.key_value_bytes_per_token();
    const std::int64_t gradient_bytes = shape.key_value_gradient_bytes_per_token();
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, own, shape.head_dim_v);
    const auto under_way = [&](std::size_t stage, std::int64_t token_bytes) {
        return stage < stages.size() ? (stages[stage].come + stages[stage].go) * token_bytes : 0;
    };
    LiveBytes live;
    live.take(partial);
    live.take(under_way(0, bytes) + under_way(1, bytes));
    for (std::size_t stage = 0; stage < stages.size(); ++stage) {
        live.take(stages[stage].come * bytes);
        live.give_back(under_way(stage, bytes));
        live.take(under_way(stage + 2, bytes));
        live.pass(partial);
        live.give_back(pass == Pass::forward ? stages[stage].come * bytes : 0);
    }
    if (pass == Pass::forward) {
        return live.peak();
    }
    live.take(row_gradient_bytes(shape, own));
    for (std::size_t stage = stages.size(); stage-- > 0;) {
        live.take(stages[stage].come * gradient_bytes);
        live.give_back(stages[stage].come * bytes);
        live.pass(stages[stage].come * gradient_bytes);
        live.take(stages[stage].go * gradient_bytes);
        live.take(stage + 1 == stages.size() && stage > 0 ? own * gradient_bytes : 0);
        live.give_back(under_way(stage + 1, gradient_bytes));
    }
    live.take(own * gradient_bytes);
    return live.peak();
}

}  // namespace

Schedule write_group_cast(const StrategyInput& input, Pass pass) {
    GroupCastWriter writer(input, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

StrategyTotals group_cast_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const std::vector<StageTokens> stages = stages_of(input, *group_cast_plan_of(input), pass);
    std::int64_t come = 0;
    std::int64_t go = 0;
    for (const StageTokens& stage : stages) {
        come += stage.come;
        go += stage.go;
    }
    const std::int64_t bytes = input.shape.key_value_bytes_per_token();
    StrategyTotals sums;
    sums.bytes_received = come * bytes;
    sums.bytes_sent = go * bytes;
    if (pass == Pass::forward_backward) {
        const std::int64_t gradient_bytes = input.wire().gradients(input.shape.key_value_gradient_bytes_per_token());
        sums.bytes_received += go * gradient_bytes;
        sums.bytes_sent += come * gradient_bytes;
    }
    sums.peak_buffer_bytes = peak_bytes(stages, input.shape, tokens.of(input.rank), pass);
    return sums;
}

std::string planned_group_cast(const StrategyInput& input, Pass pass) {
    const auto plan = group_cast_plan_of(input);
    const std::int64_t stages = input.ranks() == 1 ? 0 : plan->stages(pass);
    if (stages == 0) {
        return {};
    }
    const std::string_view model = name_of(input.options.cost_model);
    std::string text =
        fmt::format("{} {} of keys and values from other ranks", stages, stages == 1 ? "stage" : "stages");
    if (plan->expected_ns(pass) > 0) {
        text += fmt::format("{} by cost model {}: {} expected", input.options.stages == 0 ? ", chosen" : "",
                            model.empty() ? "of the layout" : model, format_duration(plan->expected_ns(pass)));
        if (stages > 1) {
            text += fmt::format(", {} in one stage", format_duration(plan->expected_of_one_stage_ns(pass)));
        }
    }
    return text;
}

std::vector<StrategyOptions> group_cast_candidates(const AttentionShape& /*shape*/, std::int64_t ranks) {
    std::vector<StrategyOptions> candidates{{}};
    for (const std::int64_t stages : {2, 4}) {
        if (ranks > 1) {
            StrategyOptions options;
            options.stages = stages;
            candidates.push_back(options);
        }
    }
    return candidates;
}

const StrategyText group_cast_text{
    "All ranks know the mask, so each knows what every other needs: the keys and values that one of its queries sees. "
    "They go out in exchanges, behind which a rank computes on its own keys. For windows this is a halo exchange, with "
    "global tokens as in Video-Infinity; without a mask it is an all-gather. With S = `layout.stages` above 1 they "
    "come "
    "in stages, each with a share of every peer's: a rank computes on one while the next two are under way, and merges "
    "the partial results. Without `layout.stages` the cost model of the layout (`layout.cost_model`) chooses S up to "
    "8, "
    "and in any case where the stages are cut: so that the time, the sum of max(moving stage s + 1, computing stage "
    "s), "
    "is least. n_s are the tokens of others that a query of the rank sees and that come in stage s, n all of them; "
    "m_s, "
    "m the tokens of the rank that others need, once for each of them.",
    "What came is kept. Gradients of it are computed first, the last stage first, and go back in float32 while the "
    "rank "
    "computes on the next stage, and in the end on its own keys; their owner adds them up stage by stage in the order "
    "of the ranks.",
    "n k",
    "m g",
    "t_r p and the most that is held beside it, on one rank nothing. With U_s = (m_s + n_s) k, nothing for s > S: "
    "U_s + U_s+1 + n_s k while stage s is put in order, n_s k + U_s+1 + U_s+2 + t_r p while it is computed. With a "
    "backward pass the n_s k of all stages stay until then; after it t_r (p + w), on one rank with t_r g, and, with "
    "V_s = (m_s + n_s) g and t_r g from stage S - 1 on: those of the stages up to s, V_s+1 and n_s g while stage s is "
    "computed, those below s, V_s+1 and max(2 n_s g, V_s) while it is sent; V_1 and t_r g while the own keys are "
    "computed, 2 t_r g for S > 1",
    "never",
    "Tao, Huang et al. 2025 (MagiAttention); Tan et al. 2024 (Video-Infinity), arXiv 2406.16260",
    "contiguous",
};

}  // namespace longscope
