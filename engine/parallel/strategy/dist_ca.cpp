// SPDX-License-Identifier: GPL-3.0-or-later
// Core attention disaggregation (Zhuang et al. 2025, "DistCA: efficient long-context language model training by core
// attention disaggregation"): attention has no state but its inputs, so ranks with much work have queries computed by
// ranks with little (dist_ca_plan.h). Queries go out, with the keys and values that they see and the receiver does not
// hold; output and lse come back. Keys that a rank's own queries see come in the same exchange. Two nano-batches take
// turns (ping-pong): while one is computed, the inputs of the next or the results of the last are under way.
//
// Backward: queries, keys, values and results stay where they were computed. The nano-batches are taken in reverse: dO
// goes out, dQ, dK and dV come back in float32, and owners add them up in the order of the ranks.
#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "engine/parallel/schedule_builder.h"
#include "engine/parallel/strategy/dist_ca_plan.h"

namespace longscope {

namespace {

using Ids = std::vector<std::int64_t>;

constexpr std::int64_t result = 1;
constexpr std::int64_t own_query_gradients = 2;
constexpr std::int64_t own_gradients = 3;
constexpr std::int64_t of_step = 4;  // a partial of a task over some of its keys
constexpr std::int64_t of_keys = 5;  // gradients of some keys by one task
// Of each nano-batch.
constexpr std::int64_t first_of_batches = 6;
enum class Of : std::int64_t {
    queries_leaving,
    queries_arriving,
    keys_leaving,
    keys_arriving,
    remote,  // keys and values
    results_leaving,
    results_arriving,
    output_gradients_leaving,
    output_gradients_arriving,
    remote_gradients,
    query_gradients_leaving,
    query_gradients_arriving,
    key_gradients_leaving,
    key_gradients_arriving,
};
constexpr std::int64_t buffers_of_batch = 14;
// Of each task of a nano-batch.
enum class TaskOf : std::int64_t { queries, partial, output_gradients, delta, query_gradients };
constexpr std::int64_t buffers_of_task = 5;
constexpr std::int64_t first_of_tasks = first_of_batches + 2 * buffers_of_batch;
// Exchanges of each nano-batch.
enum class Flow : std::int64_t { queries, keys, results, output_gradients, query_gradients, key_gradients };
constexpr std::int64_t flows = 6;

// What a nano-batch is to one rank: token sets of the schedule.
struct Batch {
    const DistCaShare* share = nullptr;
    std::vector<std::int64_t> tasks;            // of each task
    std::vector<std::int64_t> servers;          // ranks that compute queries of this one
    std::vector<std::int64_t> served;           // their token sets
    std::vector<std::int64_t> keys_for_peers;   // of each other rank
    std::vector<std::int64_t> keys_from_peers;  // likewise
    std::int64_t remote = -1;
    std::map<Of, std::int64_t> here;  // exchanges
};

class DistCaWriter {
  public:
    DistCaWriter(const StrategyInput& input, const DistCaPlan& plan, Pass pass)
        : input_(input),
          plan_(plan),
          pass_(pass),
          rank_(input.rank),
          heads_{0, input.shape.query_heads},
          key_value_heads_{0, input.shape.key_value_heads},
          sizes_(input.shape),
          builder_("dist_ca", input, pass) {
        for (std::size_t batch = 0; batch < DistCaPlan::batches; ++batch) {
            name_sets(batch);
        }
    }

    void write_forward() {
        builder_.alloc_partial(result, rank_, heads_);
        send_inputs(0);
        send_inputs(1);
        take_inputs(0);
        compute(0);
        send_results(0);
        take_inputs(1);
        compute(1);
        send_results(1);
        if (pass_ == Pass::forward) {
            free(0, Of::remote);
            free(1, Of::remote);
        }
        take_results(0);
        take_results(1);
    }

    void write_backward() {
        const std::int64_t barrier = builder_.barrier(4, {});
        builder_.alloc_query_gradients(own_query_gradients, rank_, heads_);
        builder_.alloc_key_value_gradients(own_gradients, rank_, key_value_heads_);
        send_output_gradients(1, 4, {barrier});
        send_output_gradients(0, 5, {});
        const std::int64_t largest =
            std::max({builder_.tokens_of(rank_), batches_[0].share->remote_keys, batches_[1].share->remote_keys});
        builder_.alloc_key_value_gradients_in_turn(of_keys, largest, key_value_heads_);
        for (const std::size_t batch : {std::size_t{0}, std::size_t{1}}) {
            builder_.alloc_key_value_gradients(number(batch, Of::remote_gradients), batches_.at(batch).remote,
                                               key_value_heads_);
        }
        for (const std::size_t batch : {std::size_t{1}, std::size_t{0}}) {
            take_output_gradients(batch);
            compute_backward(batch);
            send_gradients(batch, batch == 1 ? 6 : 7);
        }
        builder_.free(of_keys, {});
        for (const std::size_t batch : {std::size_t{1}, std::size_t{0}}) {
            take_gradients(batch);
        }
    }

    Schedule take() { return builder_.take(); }

  private:
    [[nodiscard]] static std::int64_t number(std::size_t batch, Of buffer) {
        return first_of_batches + static_cast<std::int64_t>(batch) * buffers_of_batch +
               static_cast<std::int64_t>(buffer);
    }
    [[nodiscard]] std::int64_t number(std::size_t batch, std::size_t task, TaskOf buffer) const {
        return first_of_tasks +
               (static_cast<std::int64_t>(batch) * input_.ranks() + static_cast<std::int64_t>(task)) * buffers_of_task +
               static_cast<std::int64_t>(buffer);
    }
    [[nodiscard]] static std::int64_t flow(std::size_t batch, Flow flow) {
        return static_cast<std::int64_t>(batch) * flows + static_cast<std::int64_t>(flow);
    }
    // A selection without ranges would be of all positions.
    static RangeSet or_nothing(const RangeSet& ranges) { return ranges.empty() ? RangeSet{{0, 0}} : ranges; }

    void name_sets(std::size_t batch) {
        Batch& sets = batches_.at(batch);
        sets.share = &plan_.share(batch, rank_);
        for (const DistCaTask& task : sets.share->tasks) {
            sets.tasks.push_back(builder_.add_token_set({{task.owner}, task.within}));
        }
        TokenSelection remote{{}, or_nothing(sets.share->keys)};
        for (std::int64_t peer = 0; peer < input_.ranks(); ++peer) {
            const DistCaShare& share = plan_.share(batch, peer);
            if (const DistCaTask* task = share.task_of(rank_)) {
                sets.servers.push_back(peer);
                sets.served.push_back(builder_.add_token_set({{rank_}, task->within}));
            }
            if (peer != rank_) {
                sets.keys_for_peers.push_back(builder_.add_token_set({{rank_}, or_nothing(share.keys)}));
                sets.keys_from_peers.push_back(builder_.add_token_set({{peer}, remote.within}));
                remote.ranks.push_back(peer);
            }
        }
        if (remote.ranks.empty()) {
            remote = {{rank_}, {{0, 0}}};
        }
        sets.remote = builder_.add_token_set(std::move(remote));
    }

    // Bytes by rank of what this one sends to those that compute its queries, and gets from those whose queries it
    // computes; the other way round for what comes back.
    struct Bytes {
        std::vector<std::int64_t> of_served;
        std::vector<std::int64_t> of_tasks;
    };
    [[nodiscard]] Bytes row_bytes(std::size_t batch, std::int64_t bytes) const {
        const Batch& sets = batches_.at(batch);
        Bytes sizes{std::vector<std::int64_t>(static_cast<std::size_t>(input_.ranks()), 0), {}};
        sizes.of_tasks = sizes.of_served;
        for (std::size_t i = 0; i < sets.servers.size(); ++i) {
            sizes.of_served[static_cast<std::size_t>(sets.servers[i])] = builder_.tokens_of(sets.served[i]) * bytes;
        }
        for (const DistCaTask& task : sets.share->tasks) {
            sizes.of_tasks[static_cast<std::size_t>(task.owner)] = task.tokens * bytes;
        }
        return sizes;
    }
    // Of token sets of all other ranks.
    [[nodiscard]] std::vector<std::int64_t> key_bytes(const std::vector<std::int64_t>& sets, std::int64_t bytes) const {
        std::vector<std::int64_t> sizes(static_cast<std::size_t>(input_.ranks()), 0);
        for (std::size_t i = 0; i < sets.size(); ++i) {
            const std::size_t peer = i < static_cast<std::size_t>(rank_) ? i : i + 1;
            sizes[peer] = builder_.tokens_of(sets[i]) * bytes;
        }
        return sizes;
    }
    [[nodiscard]] static std::int64_t sum(const std::vector<std::int64_t>& sizes) {
        return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    }

    void free(std::size_t batch, Of buffer) { builder_.free(number(batch, buffer), {}); }
    void free(std::size_t batch, std::size_t task, TaskOf buffer) { builder_.free(number(batch, task, buffer), {}); }

    // Of rows: packs those that others compute, or have sent, and lets them go.
    void exchange(std::size_t batch, std::int32_t step, Of leaving, Of arriving, Flow kind,
                  std::vector<std::int64_t> sent, std::vector<std::int64_t> received, Ids after) {
        after.push_back(builder_.alloc_message(number(batch, arriving), sum(received)));
        batches_.at(batch).here[arriving] =
            builder_.exchange(OperationKind::all_to_all, step, number(batch, leaving), number(batch, arriving),
                              flow(batch, kind), std::move(sent), std::move(received), std::move(after));
    }
    [[nodiscard]] std::int64_t here(std::size_t batch, Of arriving) const {
        return batches_.at(batch).here.at(arriving);
    }

    void send_inputs(std::size_t batch) {
        const Batch& sets = batches_.at(batch);
        const auto step = static_cast<std::int32_t>(batch);
        Bytes rows = row_bytes(batch, sizes_.queries);
        builder_.alloc_message(number(batch, Of::queries_leaving), sum(rows.of_served));
        std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::queries, -1,
                                            number(batch, Of::queries_leaving), blocks(sets.served), {});
        exchange(batch, step, Of::queries_leaving, Of::queries_arriving, Flow::queries, std::move(rows.of_served),
                 std::move(rows.of_tasks), {packed});
        std::vector<std::int64_t> sent = key_bytes(sets.keys_for_peers, sizes_.key_values);
        builder_.alloc_message(number(batch, Of::keys_leaving), sum(sent));
        packed = builder_.copy(OperationKind::gather, step, BufferRole::key_values, own_key_values,
                               number(batch, Of::keys_leaving), blocks(sets.keys_for_peers), {});
        exchange(batch, step, Of::keys_leaving, Of::keys_arriving, Flow::keys, std::move(sent),
                 key_bytes(sets.keys_from_peers, sizes_.key_values), {packed});
    }
    // No sets at all would stand for the tokens of every rank.
    [[nodiscard]] ScheduleBuilder::Blocks blocks(const std::vector<std::int64_t>& sets) const {
        return sets.empty() ? ScheduleBuilder::Blocks{{rank_}, {{0, 0}}} : ScheduleBuilder::Blocks{sets, {}};
    }

    void take_inputs(std::size_t batch) {
        const Batch& sets = batches_.at(batch);
        const auto step = static_cast<std::int32_t>(batch + 1);
        take_rows(batch, step, BufferRole::queries, Of::queries_arriving, TaskOf::queries, sizes_.queries,
                  [&](std::int64_t buffer, std::int64_t set) { builder_.alloc_queries(buffer, set, heads_); });
        builder_.free(number(batch, Of::queries_leaving), {here(batch, Of::queries_arriving)});
        builder_.free(number(batch, Of::queries_arriving), {here(batch, Of::queries_arriving)});
        builder_.alloc_key_values(number(batch, Of::remote), sets.remote, key_value_heads_);
        builder_.copy(OperationKind::scatter, step, BufferRole::key_values, number(batch, Of::keys_arriving),
                      number(batch, Of::remote), blocks(sets.keys_from_peers), {here(batch, Of::keys_arriving)});
        free(batch, Of::keys_leaving);
        free(batch, Of::keys_arriving);
    }
    // Each task's part of what has arrived, into a buffer of its own.
    template <typename Alloc>
    void take_rows(std::size_t batch, std::int32_t step, BufferRole role, Of arriving, TaskOf into, std::int64_t bytes,
                   Alloc alloc) {
        const Batch& sets = batches_.at(batch);
        std::int64_t offset = 0;
        for (std::size_t task = 0; task < sets.tasks.size(); ++task) {
            alloc(number(batch, task, into), sets.tasks[task]);
            builder_.copy_at(offset, OperationKind::scatter, step, role, number(batch, arriving),
                             number(batch, task, into), {{sets.tasks[task]}, {}}, {here(batch, arriving)});
            offset += sets.share->tasks[task].tokens * bytes;
        }
    }
    // The reverse.
    void pack_rows(std::size_t batch, std::int32_t step, BufferRole role, TaskOf from, Of leaving, std::int64_t bytes,
                   Ids& packed) {
        const Batch& sets = batches_.at(batch);
        std::int64_t offset = 0;
        for (std::size_t task = 0; task < sets.tasks.size(); ++task) {
            packed.push_back(builder_.copy_at(offset, OperationKind::gather, step, role, number(batch, task, from),
                                              number(batch, leaving), {{sets.tasks[task]}, {}}, {}));
            offset += sets.share->tasks[task].tokens * bytes;
        }
    }

    // The keys that a task of a nano-batch may see: token set, buffer, and the buffer of their gradients.
    struct Keys {
        std::int64_t set;
        std::int64_t buffer;
        std::int64_t gradients;
    };
    [[nodiscard]] std::vector<Keys> keys_of(std::size_t batch) const {
        std::vector<Keys> keys{{rank_, own_key_values, own_gradients}};
        for (std::size_t known = 0; known <= batch; ++known) {
            keys.push_back({batches_.at(known).remote, number(known, Of::remote), number(known, Of::remote_gradients)});
        }
        return keys;
    }

    void compute(std::size_t batch) {
        const auto step = static_cast<std::int32_t>(batch + 1);
        const Batch& sets = batches_.at(batch);
        for (std::size_t task = 0; task < sets.tasks.size(); ++task) {
            const std::int64_t set = sets.tasks[task];
            const std::int64_t partial = number(batch, task, TaskOf::partial);
            builder_.alloc_partial(partial, set, heads_);
            builder_.alloc_partial(of_step, set, heads_);
            bool begun = false;
            for (const Keys& keys : keys_of(batch)) {
                if (const std::int64_t pairs = builder_.head_pairs(set, keys.set, heads_); pairs > 0) {
                    builder_.attend(step, {number(batch, task, TaskOf::queries), set, heads_}, keys.set, keys.buffer,
                                    begun ? of_step : partial, pairs, {});
                    if (begun) {
                        builder_.merge(step, of_step, partial);
                    }
                    begun = true;
                }
            }
            builder_.finalize(step, partial);
            builder_.free(of_step, {});
        }
    }

    void send_results(std::size_t batch) {
        const auto step = static_cast<std::int32_t>(batch + 2);
        Bytes rows = row_bytes(batch, sizes_.result);
        builder_.alloc_message(number(batch, Of::results_leaving), sum(rows.of_tasks));
        Ids packed;
        pack_rows(batch, step, BufferRole::partial, TaskOf::partial, Of::results_leaving, sizes_.result, packed);
        exchange(batch, step, Of::results_leaving, Of::results_arriving, Flow::results, std::move(rows.of_tasks),
                 std::move(rows.of_served), std::move(packed));
        if (pass_ == Pass::forward) {
            for (std::size_t task = 0; task < batches_.at(batch).tasks.size(); ++task) {
                free(batch, task, TaskOf::queries);
                free(batch, task, TaskOf::partial);
            }
        }
    }
    void take_results(std::size_t batch) {
        builder_.copy(OperationKind::scatter, 3, BufferRole::partial, number(batch, Of::results_arriving), result,
                      blocks(batches_.at(batch).served), {here(batch, Of::results_arriving)});
        free(batch, Of::results_leaving);
        free(batch, Of::results_arriving);
    }

    void send_output_gradients(std::size_t batch, std::int32_t step, Ids after) {
        Bytes rows = row_bytes(batch, sizes_.output_gradients);
        builder_.alloc_message(number(batch, Of::output_gradients_leaving), sum(rows.of_served));
        after.push_back(builder_.copy(OperationKind::gather, step, BufferRole::output_gradients, own_output_gradients,
                                      number(batch, Of::output_gradients_leaving), blocks(batches_.at(batch).served),
                                      {}));
        exchange(batch, step, Of::output_gradients_leaving, Of::output_gradients_arriving, Flow::output_gradients,
                 std::move(rows.of_served), std::move(rows.of_tasks), std::move(after));
    }
    void take_output_gradients(std::size_t batch) {
        take_rows(batch, batch == 1 ? 5 : 6, BufferRole::output_gradients, Of::output_gradients_arriving,
                  TaskOf::output_gradients, sizes_.output_gradients,
                  [&](std::int64_t buffer, std::int64_t set) { builder_.alloc_output_gradients(buffer, set, heads_); });
        builder_.free(number(batch, Of::output_gradients_leaving), {here(batch, Of::output_gradients_arriving)});
        builder_.free(number(batch, Of::output_gradients_arriving), {here(batch, Of::output_gradients_arriving)});
    }

    void compute_backward(std::size_t batch) {
        const std::int32_t step = batch == 1 ? 5 : 6;
        const Batch& sets = batches_.at(batch);
        for (std::size_t task = 0; task < sets.tasks.size(); ++task) {
            const std::int64_t set = sets.tasks[task];
            const ScheduleBuilder::BackwardBuffers buffers{
                number(batch, task, TaskOf::output_gradients), number(batch, task, TaskOf::partial),
                number(batch, task, TaskOf::delta), number(batch, task, TaskOf::query_gradients)};
            builder_.alloc_delta(buffers.delta, set, heads_);
            builder_.delta(step, buffers.partial, buffers.output_gradients, buffers.delta);
            builder_.alloc_query_gradients(buffers.query_gradients, set, heads_);
            for (const Keys& keys : keys_of(batch)) {
                if (const std::int64_t pairs = builder_.head_pairs(set, keys.set, heads_); pairs > 0) {
                    builder_.attend_backward(step, {number(batch, task, TaskOf::queries), set, heads_}, keys.set,
                                             keys.buffer, buffers, of_keys, pairs, {});
                    builder_.reduce(step, of_keys, keys.gradients, keys.set, {});
                }
            }
            for (const TaskOf done : {TaskOf::queries, TaskOf::partial, TaskOf::output_gradients, TaskOf::delta}) {
                free(batch, task, done);
            }
        }
        free(batch, Of::remote);
    }

    void send_gradients(std::size_t batch, std::int32_t step) {
        const Batch& sets = batches_.at(batch);
        Bytes rows = row_bytes(batch, sizes_.query_gradients);
        builder_.alloc_message(number(batch, Of::query_gradients_leaving), sum(rows.of_tasks));
        Ids packed;
        pack_rows(batch, step, BufferRole::query_gradients, TaskOf::query_gradients, Of::query_gradients_leaving,
                  sizes_.query_gradients, packed);
        exchange(batch, step, Of::query_gradients_leaving, Of::query_gradients_arriving, Flow::query_gradients,
                 std::move(rows.of_tasks), std::move(rows.of_served), std::move(packed));
        for (std::size_t task = 0; task < sets.tasks.size(); ++task) {
            free(batch, task, TaskOf::query_gradients);
        }
        std::vector<std::int64_t> sent = key_bytes(sets.keys_from_peers, sizes_.key_value_gradients);
        builder_.alloc_message(number(batch, Of::key_gradients_leaving), sum(sent));
        const std::int64_t keys_packed = builder_.copy(
            OperationKind::gather, step, BufferRole::key_value_gradients, number(batch, Of::remote_gradients),
            number(batch, Of::key_gradients_leaving), blocks(sets.keys_from_peers), {});
        exchange(batch, step, Of::key_gradients_leaving, Of::key_gradients_arriving, Flow::key_gradients,
                 std::move(sent), key_bytes(sets.keys_for_peers, sizes_.key_value_gradients), {keys_packed});
        free(batch, Of::remote_gradients);
    }
    void take_gradients(std::size_t batch) {
        const Batch& sets = batches_.at(batch);
        builder_.copy(OperationKind::scatter, 7, BufferRole::query_gradients,
                      number(batch, Of::query_gradients_arriving), own_query_gradients, blocks(sets.served),
                      {here(batch, Of::query_gradients_arriving)});
        builder_.copy(OperationKind::scatter_add, 7, BufferRole::key_value_gradients,
                      number(batch, Of::key_gradients_arriving), own_gradients, blocks(sets.keys_for_peers),
                      {here(batch, Of::key_gradients_arriving)});
        for (const Of done : {Of::query_gradients_leaving, Of::query_gradients_arriving, Of::key_gradients_leaving,
                              Of::key_gradients_arriving}) {
            free(batch, done);
        }
    }

    const StrategyInput& input_;
    const DistCaPlan& plan_;
    Pass pass_;
    std::int64_t rank_;
    Range heads_;
    Range key_value_heads_;
    DistCaSizes sizes_;
    ScheduleBuilder builder_;
    std::array<Batch, DistCaPlan::batches> batches_;
};

}  // namespace

Schedule write_dist_ca(const StrategyInput& input, Pass pass) {
    const std::shared_ptr<const DistCaPlan> plan = dist_ca_plan_of(input);
    DistCaWriter writer(input, *plan, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

}  // namespace longscope
