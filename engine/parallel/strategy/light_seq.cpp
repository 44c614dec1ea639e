// SPDX-License-Identifier: GPL-3.0-or-later
// LightSeq, also DistFlashAttn (Li et al. 2023, "DistFlashAttn: distributed memory-efficient attention for long-context
// LLMs training"): a causal mask over contiguous parts leaves ranks with early tokens idle; here they help the late
// ones. In step t rank p computes its own queries with the keys and values of rank p - t, as long as there is such a
// rank. From then on it gets the queries of rank P + p - t, computes them with its own keys and values, and sends the
// result back to their owner. So P / 2 + 1 steps do what takes a ring P, and each pair is computed once. What step t +
// 1 needs travels during step t; results are merged in the order of the steps, each in the step after its own.
//
// Backward: the same steps again. Who fetched keys and values sends the gradients of them back; a helper gets queries,
// dO, lse and delta, keeps what it computes for its own keys and values, and sends dQ back. All gradients in float32.
#include <algorithm>

#include "engine/parallel/schedule_builder.h"
#include "engine/parallel/strategy/light_seq_plan.h"

namespace longscope {

namespace {

using Ids = std::vector<std::int64_t>;

using Work = LightSeqWork;

constexpr std::int64_t running = 1;
constexpr std::int64_t of_step = 2;
// Of the backward pass.
constexpr std::int64_t own_delta = 3;
constexpr std::int64_t query_gradients = 4;
constexpr std::int64_t own_gradients = 5;
constexpr std::int64_t own_lse = 6;
// Of each step of both passes.
constexpr std::int64_t first_of_steps = 7;
enum class Slot : std::int64_t { key_values, queries, output_gradients, lse, delta, work, leaving, arriving };
constexpr std::int64_t slots = 8;
// What travels in a step, each in a flow of its own.
enum class Flow : std::int64_t { inputs, output_gradients, lse, delta, result };
constexpr std::int64_t flows = 5;

class LightSeqWriter {
  public:
    LightSeqWriter(const StrategyInput& input, Pass pass)
        : input_(input),
          rank_(input.rank),
          plan_(input.ranks(), input.rank),
          heads_{0, input.shape.query_heads},
          key_value_heads_{0, input.shape.key_value_heads},
          builder_("light_seq", input, pass),
          steps_(static_cast<std::size_t>(plan_.steps() + 2)) {}

    void write_forward() {
        builder_.alloc_partial(running, rank_, heads_);
        if (rank_ > 0) {
            builder_.alloc_partial(of_step, rank_, heads_);
        }
        // In each step everything is allocated before anything is freed.
        for (std::int64_t t = 0; t < plan_.steps(); ++t) {
            exchange_inputs(t + 1);
            compute(t);
            if (plan_.work_of_target(t) == Work::help) {
                expect_message(t, result_bytes(rank_));
            }
            merge_result_of(t - 1);
            free_step(t);
        }
        builder_.finalize(step(plan_.steps() - 1), running);
        if (rank_ > 0) {
            builder_.free(of_step, {});
        }
    }

    void write_backward() {
        Ids forward_transfers = last_sent_;
        forward_transfers.insert(forward_transfers.end(), last_received_.begin(), last_received_.end());
        steps_.assign(steps_.size(), {});
        first_step_ = plan_.steps();
        const std::int64_t barrier = builder_.barrier(step(0), std::move(forward_transfers));
        before_sending_ = before_receiving_ = {barrier};
        backward_ = true;
        builder_.alloc_delta(own_delta, rank_, heads_);
        delta_here_ = {builder_.delta(step(0), running, own_output_gradients, own_delta)};
        builder_.alloc_query_gradients(query_gradients, rank_, heads_);
        builder_.alloc_key_value_gradients(own_gradients, rank_, key_value_heads_);
        if (plan_.is_helped()) {
            builder_.alloc_message(own_lse, row_bytes(rank_, sizeof(float)));
            lse_here_ = {
                builder_.copy(OperationKind::gather, step(0), BufferRole::lse, running, own_lse, {{rank_}, {}}, {})};
        }
        for (std::int64_t t = 0; t < plan_.steps(); ++t) {
            exchange_inputs(t + 1);
            compute_backward(t);
            expect_gradients(t);
            add_gradients_of(t - 1);
            free_step(t);
        }
        add_gradients_of(plan_.steps() - 1);
        free_step(plan_.steps());
        builder_.free(own_delta, last_sent_);
        if (plan_.is_helped()) {
            builder_.free(own_lse, {});
        }
    }

    Schedule take() { return builder_.take(); }

  private:
    // Of one step.
    struct StepState {
        Ids inputs_here;  // what brought the inputs
        Ids result_sent;
        Ids result_here;                      // what brought the result of another rank
        std::vector<std::int64_t> held;       // buffers until its end
        std::vector<std::int64_t> held_long;  // until the end of the next
    };
    [[nodiscard]] StepState& at(std::int64_t t) { return steps_[static_cast<std::size_t>(t + 1)]; }

    [[nodiscard]] std::int32_t step(std::int64_t t) const { return static_cast<std::int32_t>(first_step_ + t); }
    [[nodiscard]] std::int64_t buffer(std::int64_t t, Slot slot) const {
        return first_of_steps + (first_step_ + t) * slots + static_cast<std::int64_t>(slot);
    }
    [[nodiscard]] std::int64_t flow(std::int64_t sender, std::int64_t t, Flow kind) const {
        return ((first_step_ + t) * input_.ranks() + sender) * flows + static_cast<std::int64_t>(kind);
    }
    [[nodiscard]] std::int64_t row_bytes(std::int64_t rank, std::int64_t bytes) const {
        return heads_.size() * builder_.tokens_of(rank) * bytes;
    }
    [[nodiscard]] std::int64_t result_bytes(std::int64_t rank) const {
        return Partial::size_bytes(heads_.size(), builder_.tokens_of(rank), input_.shape.head_dim_v);
    }
    [[nodiscard]] std::int64_t output_gradient_bytes(std::int64_t rank) const {
        return row_bytes(rank, input_.shape.head_dim_v * size_bytes(input_.shape.dtype));
    }
    [[nodiscard]] std::int64_t query_gradient_bytes(std::int64_t rank) const {
        return row_bytes(rank, input_.shape.head_dim_qk * std::int64_t{sizeof(float)});
    }

    // Inputs of step t travel in the step before it, results in their own.
    void send(std::int64_t t, Flow kind, std::int64_t from, ScheduleBuilder::Content content, std::int64_t peer,
              Ids after) {
        after.insert(after.end(), before_sending_.begin(), before_sending_.end());
        before_sending_.clear();
        last_sent_ = {builder_.send(step(kind == Flow::result ? t : t - 1), from, content, peer, flow(rank_, t, kind),
                                    std::move(after))};
        if (kind == Flow::result) {
            at(t).result_sent = last_sent_;
            at(t).held_long.push_back(from);
        }
    }
    void receive(std::int64_t t, Flow kind, ScheduleBuilder::Content content, std::int64_t room, Slot slot,
                 std::int64_t peer) {
        Ids after{room};
        after.insert(after.end(), before_receiving_.begin(), before_receiving_.end());
        before_receiving_.clear();
        last_received_ = {builder_.recv(step(kind == Flow::result ? t : t - 1), buffer(t, slot), content, peer,
                                        flow(peer, t, kind), std::move(after))};
        Ids& here = kind == Flow::result ? at(t).result_here : at(t).inputs_here;
        here.push_back(last_received_.front());
        (kind == Flow::result ? at(t).held_long : at(t).held).push_back(buffer(t, slot));
    }
    void expect_message(std::int64_t t, std::int64_t bytes) {
        receive(t, Flow::result, {-1, bytes}, builder_.alloc_message(buffer(t, Slot::arriving), bytes), Slot::arriving,
                plan_.target(t));
    }

    // What this rank computes with in step t comes in, and what its target computes with leaves.
    void exchange_inputs(std::int64_t t) {
        const std::int64_t source = plan_.source(t);
        if (plan_.work(t) == Work::own) {
            const std::int64_t room = builder_.alloc_key_values(buffer(t, Slot::key_values), source, key_value_heads_);
            receive(t, Flow::inputs, builder_.key_values_of(source, key_value_heads_.size()), room, Slot::key_values,
                    source);
        } else if (plan_.work(t) == Work::help) {
            receive_rows(t, source);
        }
        const std::int64_t target = plan_.target(t);
        if (plan_.work_of_target(t) == Work::own) {
            send(t, Flow::inputs, own_key_values, builder_.key_values_of(rank_, key_value_heads_.size()), target, {});
        } else if (plan_.work_of_target(t) == Work::help) {
            send_rows(t, target);
        }
    }
    void receive_rows(std::int64_t t, std::int64_t source) {
        const auto arrives = [&](Flow kind, Slot slot, ScheduleBuilder::Content content, std::int64_t room) {
            receive(t, kind, content, room, slot, source);
        };
        arrives(Flow::inputs, Slot::queries, builder_.queries_of(source, heads_.size()),
                builder_.alloc_queries(buffer(t, Slot::queries), source, heads_));
        if (backward_) {
            arrives(Flow::output_gradients, Slot::output_gradients, {-1, output_gradient_bytes(source)},
                    builder_.alloc_output_gradients(buffer(t, Slot::output_gradients), source, heads_));
            arrives(Flow::lse, Slot::lse, {-1, row_bytes(source, sizeof(float))},
                    builder_.alloc_lse(buffer(t, Slot::lse), source, heads_));
            arrives(Flow::delta, Slot::delta, {-1, row_bytes(source, sizeof(float))},
                    builder_.alloc_delta(buffer(t, Slot::delta), source, heads_));
        }
    }
    void send_rows(std::int64_t t, std::int64_t target) {
        send(t, Flow::inputs, -1, builder_.queries_of(rank_, heads_.size()), target, {});
        if (backward_) {
            const std::int64_t statistics = row_bytes(rank_, sizeof(float));
            send(t, Flow::output_gradients, own_output_gradients, {-1, output_gradient_bytes(rank_)}, target, {});
            send(t, Flow::lse, own_lse, {-1, statistics}, target, lse_here_);
            send(t, Flow::delta, own_delta, {-1, statistics}, target, delta_here_);
        }
    }

    void compute(std::int64_t t) {
        const std::int64_t source = plan_.source(t);
        if (plan_.work(t) == Work::own) {
            if (const std::int64_t pairs = builder_.head_pairs(rank_, source, heads_); pairs > 0) {
                builder_.attend(step(t), builder_.own_queries(), source,
                                t == 0 ? own_key_values : buffer(t, Slot::key_values), begun_ ? of_step : running,
                                pairs, at(t).inputs_here);
                if (begun_) {
                    builder_.merge(step(t), of_step, running);
                }
                begun_ = true;
            }
        } else if (plan_.work(t) == Work::help) {
            builder_.alloc_partial(buffer(t, Slot::work), source, heads_);
            at(t).held.push_back(buffer(t, Slot::work));
            if (const std::int64_t pairs = builder_.head_pairs(source, rank_, heads_); pairs > 0) {
                builder_.attend(step(t), {buffer(t, Slot::queries), source, heads_}, rank_, own_key_values,
                                buffer(t, Slot::work), pairs, at(t).inputs_here);
            }
            builder_.alloc_message(buffer(t, Slot::leaving), result_bytes(source));
            const std::int64_t packed =
                builder_.copy(OperationKind::gather, step(t), BufferRole::partial, buffer(t, Slot::work),
                              buffer(t, Slot::leaving), {{source}, {}}, {});
            send(t, Flow::result, buffer(t, Slot::leaving), {-1, result_bytes(source)}, source, {packed});
        }
    }

    void compute_backward(std::int64_t t) {
        const std::int64_t source = plan_.source(t);
        if (plan_.work(t) == Work::own) {
            const std::int64_t into = t == 0 ? own_gradients : buffer(t, Slot::leaving);
            Ids ready;
            if (t > 0) {
                ready = {builder_.alloc_key_value_gradients(into, source, key_value_heads_)};
            }
            if (const std::int64_t pairs = builder_.head_pairs(rank_, source, heads_); pairs > 0) {
                ready = {builder_.attend_backward(
                    step(t), builder_.own_queries(), source, t == 0 ? own_key_values : buffer(t, Slot::key_values),
                    {own_output_gradients, running, own_delta, query_gradients}, into, pairs, at(t).inputs_here)};
            }
            if (t > 0) {
                send(t, Flow::result, into, builder_.key_value_gradients_of(source, key_value_heads_.size()), source,
                     ready);
            }
        } else if (plan_.work(t) == Work::help) {
            const std::int64_t leaving = buffer(t, Slot::leaving);
            Ids ready{builder_.alloc_query_gradients(leaving, source, heads_)};
            builder_.alloc_key_value_gradients(buffer(t, Slot::work), rank_, key_value_heads_);
            at(t).held.push_back(buffer(t, Slot::work));
            if (const std::int64_t pairs = builder_.head_pairs(source, rank_, heads_); pairs > 0) {
                ready = {builder_.attend_backward(
                    step(t), {buffer(t, Slot::queries), source, heads_}, rank_, own_key_values,
                    {buffer(t, Slot::output_gradients), buffer(t, Slot::lse), buffer(t, Slot::delta), leaving},
                    buffer(t, Slot::work), pairs, at(t).inputs_here)};
                builder_.reduce(step(t), buffer(t, Slot::work), own_gradients, rank_, {});
            }
            send(t, Flow::result, leaving, {-1, query_gradient_bytes(source)}, source, ready);
        }
    }

    void merge_result_of(std::int64_t t) {
        if (plan_.work_of_target(t) == Work::help) {
            builder_.copy(OperationKind::scatter, step(t + 1), BufferRole::partial, buffer(t, Slot::arriving), of_step,
                          {{rank_}, {}}, at(t).result_here);
            builder_.merge(step(t + 1), of_step, running);
        }
    }

    void expect_gradients(std::int64_t t) {
        if (plan_.work_of_target(t) == Work::own) {
            receive(t, Flow::result, builder_.key_value_gradients_of(rank_, key_value_heads_.size()),
                    builder_.alloc_key_value_gradients(buffer(t, Slot::arriving), rank_, key_value_heads_),
                    Slot::arriving, plan_.target(t));
        } else if (plan_.work_of_target(t) == Work::help) {
            expect_message(t, query_gradient_bytes(rank_));
        }
    }
    void add_gradients_of(std::int64_t t) {
        const std::int32_t when = step(std::min(t + 1, plan_.steps() - 1));
        if (plan_.work_of_target(t) == Work::own) {
            builder_.reduce(when, buffer(t, Slot::arriving), own_gradients, rank_, at(t).result_here);
        } else if (plan_.work_of_target(t) == Work::help) {
            builder_.copy(OperationKind::scatter_add, when, BufferRole::query_gradients, buffer(t, Slot::arriving),
                          query_gradients, {{rank_}, {}}, at(t).result_here);
        }
    }

    void free_step(std::int64_t t) {
        // Nothing may have been computed with what came.
        for (const std::int64_t held : at(t).held) {
            builder_.free(held, at(t).inputs_here);
        }
        for (const std::int64_t held : at(t - 1).held_long) {
            builder_.free(held, at(t - 1).result_sent);
        }
    }

    const StrategyInput& input_;
    std::int64_t rank_;
    LightSeqPlan plan_;
    Range heads_;
    Range key_value_heads_;
    ScheduleBuilder builder_;
    std::vector<StepState> steps_;  // of this pass, the ones before the first and after the last included
    std::int64_t first_step_ = 0;
    bool backward_ = false;
    bool begun_ = false;  // there is something in `running`
    Ids last_sent_;       // streams are in order: these cover all
    Ids last_received_;
    Ids before_sending_;  // what the next must come after
    Ids before_receiving_;
    Ids delta_here_;
    Ids lse_here_;
};

}  // namespace

Schedule write_light_seq(const StrategyInput& input, Pass pass) {
    LightSeqWriter writer(input, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

}  // namespace longscope
