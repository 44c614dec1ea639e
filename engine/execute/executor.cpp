// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/execute/block_copy.h"
#include "engine/execute/next_attend.h"
#include "engine/execute/operation_events.h"
#include "engine/execute/score_operations.h"
#include "engine/execute/start_transfer.h"
#include "engine/execute/wire_cast.h"
#include "engine/kernel/sinks.h"

namespace longscope {

namespace {

class Executor {
  public:
    Executor(const ExecuteInput& input, Communicator& communicator, const ExecuteHooks& hooks)
        : input_(input),
          communicator_(communicator),
          hooks_(hooks),
          completed_(input.schedule.operations.size(), 0),
          memory_(input.memory == nullptr ? std::make_shared<BufferMemory>(input.schedule) : input.memory),
          buffers_(input.shape, input.tokens, input.schedule, input.inputs, input.scoring.merge_rule(), *memory_),
          events_(communicator.rank(), input.max_events) {
        for (const Operation& operation : input.schedule.operations) {
            stream(operation.stream).operations.push_back(&operation);
        }
    }

    ExecuteResult run() {
        result_.begin_ns = now_ns();
        StreamState& compute = stream(Stream::compute);
        for (const Operation* operation : compute.operations) {
            wait_for(*operation);
            perform(*operation);
            completed_[static_cast<std::size_t>(operation->id)] = 1;
            ++compute.next;
            progress();
        }
        drain();
        result_.peak_buffer_bytes = buffers_.peak_bytes();
        result_.copied_bytes = buffers_.copies().bytes();
        result_.output = buffers_.take_output();
        result_.memory = memory_;
        result_.end_ns = now_ns();
        if (input_.schedule.pass == Pass::forward) {
            result_.forward_end_ns = result_.end_ns;
        } else {
            RankGradients gradients = buffers_.take_gradients();
            gradients.sinks = std::move(result_.gradients.sinks);
            result_.gradients = std::move(gradients);
        }
        result_.dropped = events_.dropped();
        result_.events = events_.take();
        return std::move(result_);
    }

  private:
    struct StreamState {
        std::vector<const Operation*> operations;
        std::size_t next = 0;  // the first that has not completed
        std::unique_ptr<Transfer> transfer;
        Nanoseconds started_ns = 0;
    };

    StreamState& stream(Stream which) { return streams_.at(static_cast<std::size_t>(which)); }

    const Operation* first_missing(const Operation& operation) const {
        for (const std::int64_t id : operation.after) {
            if (completed_[static_cast<std::size_t>(id)] == 0) {
                return &input_.schedule.operations[static_cast<std::size_t>(id)];
            }
        }
        return nullptr;
    }

    // Moves the transfer streams on as far as they go without waiting.
    void progress() {
        for (const Stream which : transfer_streams) {
            StreamState& state = stream(which);
            while (state.next < state.operations.size()) {
                const Operation& operation = *state.operations[state.next];
                if (state.transfer == nullptr) {
                    if (first_missing(operation) != nullptr) {
                        break;
                    }
                    state.started_ns = now_ns();
                    state.transfer = start_transfer(operation, buffers_, communicator_);
                }
                if (!state.transfer->done()) {
                    break;
                }
                state.transfer.reset();
                completed_[static_cast<std::size_t>(operation.id)] = 1;
                events_.add(operation, transfer_category(operation.kind), state.started_ns, now_ns());
                ++state.next;
            }
        }
        if (hooks_.poll) {
            hooks_.poll();
        }
        if (hooks_.cancelled != nullptr && *hooks_.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

    // The compute stream stands still until what the operation comes after has completed; one event per transfer that
    // it stood still for.
    void wait_for(const Operation& operation) {
        while (const Operation* missing = first_missing(operation)) {
            if (missing->stream == Stream::compute) {
                throw failed(fmt::format("schedule: operation {} waits for {}, which comes later in its own stream",
                                         operation.id, missing->id));
            }
            wait_until_complete(*missing, operation.step);
        }
    }

    void wait_until_complete(const Operation& missing, std::int32_t step) {
        const Nanoseconds start_ns = now_ns();
        while (progress(), completed_[static_cast<std::size_t>(missing.id)] == 0) {
            // Ranks may share a core: the one that this one waits for may need it.
            std::this_thread::yield();
        }
        Operation waiting = missing;
        waiting.bytes = 0;
        waiting.step = step;
        events_.add(waiting, Category::wait, start_ns, now_ns());
    }

    // Sends that nothing waited for.
    void drain() {
        for (const Stream which : transfer_streams) {
            StreamState& state = stream(which);
            while (state.next < state.operations.size()) {
                const Operation& operation = *state.operations[state.next];
                const Operation* missing = first_missing(operation);
                if (missing != nullptr && missing->stream == Stream::compute) {
                    throw failed(fmt::format("schedule: operation {} waits for {}, which never completes", operation.id,
                                             missing->id));
                }
                wait_until_complete(operation, operation.step);
            }
        }
    }

    void perform(const Operation& operation) {
        switch (operation.kind) {
            case OperationKind::alloc:
                buffers_.allocate(operation);
                break;
            case OperationKind::free:
                buffers_.free(operation.buffer);
                break;
            case OperationKind::attend:
                timed(operation, Category::attend, [&] { attend(operation); });
                break;
            case OperationKind::scores:
            case OperationKind::softmax:
            case OperationKind::weigh_values:
                timed(operation, Category::attend, [&] { compute_with_scores(operation); });
                break;
            case OperationKind::weigh_values_backward:
            case OperationKind::scores_backward:
                timed(operation, Category::attend_backward, [&] { compute_with_scores(operation); });
                break;
            case OperationKind::merge:
                timed(operation, Category::merge,
                      [&] { merge(buffers_.partial(operation.into), buffers_.partial(operation.partial)); });
                break;
            case OperationKind::finalize:
                timed(operation, Category::finalize, [&] { finalize(operation); });
                break;
            case OperationKind::gather:
            case OperationKind::scatter:
                timed(operation, Category::copy, [&] { copy_blocks(operation, buffers_); });
                break;
            case OperationKind::barrier:
                result_.forward_end_ns = now_ns();
                timed(operation, Category::barrier, [&] { communicator_.barrier(); });
                break;
            case OperationKind::delta:
                timed(operation, Category::delta, [&] { delta(operation); });
                break;
            case OperationKind::attend_backward:
                timed(operation, Category::attend_backward, [&] { attend_backward(operation); });
                break;
            case OperationKind::reduce:
                timed(operation, Category::reduce, [&] { reduce(operation); });
                break;
            case OperationKind::scatter_add:
                timed(operation, Category::reduce, [&] { copy_blocks(operation, buffers_); });
                break;
            case OperationKind::cast:
                timed(operation, Category::copy, [&] { cast_in_place(operation, buffers_); });
                break;
            case OperationKind::send:
            case OperationKind::recv:
            case OperationKind::all_gather:
            case OperationKind::all_to_all:
                throw failed(fmt::format("schedule: operation {}: a transfer on the compute stream", operation.id));
        }
    }

    template <typename Action>
    void timed(const Operation& operation, Category category, Action action) {
        const Nanoseconds start_ns = now_ns();
        action();
        events_.add(operation, category, start_ns, now_ns());
    }

    // Softmax partials are kept normalised: only sinks are left to take part.
    void finalize(const Operation& operation) {
        const Range heads = buffers_.plan(BufferRole::partial, operation.partial).heads;
        if (const float* sinks = input_.scoring.sinks_of_heads(heads.begin)) {
            apply_sinks(buffers_.partial(operation.partial), sinks);
        }
    }

    // What an attend and its backward pass read, checked against each other. Refers to the operation's mask.
    AttendInput attend_input(const Operation& operation, const LocalMask& mask, Range heads) {
        const HeadView queries = buffers_.queries(operation.query_buffer, operation.queries);
        const HeadView keys = buffers_.keys(operation.buffer, operation.keys);
        const HeadMatrix<float> lse = buffers_.lse(operation.partial);
        if (queries.tokens != mask.rows() || lse.tokens != mask.rows() || lse.heads != queries.heads ||
            keys.heads == 0 || queries.heads % keys.heads != 0) {
            throw misfit(operation);
        }
        return {queries,
                keys,
                buffers_.values(operation.buffer, operation.keys),
                &mask,
                1.0 / std::sqrt(static_cast<double>(input_.shape.head_dim_qk)),
                input_.scoring.of_heads(heads.begin)};
    }

    // Calls `action` with the input of an attend or its backward pass.
    template <typename Action>
    void with_input(const Operation& operation, Action action) {
        const Range heads = buffers_.plan(BufferRole::queries, operation.query_buffer).heads;
        const HeadMasks masks = input_.masks.part(heads);
        const LocalMask mask(masks, buffers_.token_set(operation.queries), buffers_.token_set(operation.keys));
        action(attend_input(operation, mask, heads));
    }

    void attend(const Operation& operation) {
        with_input(operation, [&](const AttendInput& input) {
            input_.kernel.attend(input, buffers_.partial(operation.partial), hooks(operation));
        });
    }

    void compute_with_scores(const Operation& operation) {
        const int threads = input_.kernel.host_threads();
        if (threads < 1) {
            throw Error(ErrorKind::unsupported,
                        fmt::format("{} computes with score rows, which this backend does not (backend.name): {}",
                                    input_.schedule.strategy, input_.kernel.description()));
        }
        longscope::compute_with_scores(operation, buffers_, {input_.masks, input_.scoring, threads}, hooks(operation));
    }

    void delta(const Operation& operation) {
        const HeadView output_gradients = buffers_.output_gradients(operation.output_gradients);
        const HeadView output = std::as_const(buffers_.partial(operation.partial)).output();
        const HeadMatrix<float> delta = buffers_.delta(operation.into);
        for (const std::int64_t heads : {output_gradients.heads, delta.heads}) {
            require(heads == output.heads, operation);
        }
        for (const std::int64_t tokens : {output_gradients.tokens, delta.tokens}) {
            require(tokens == output.tokens, operation);
        }
        // As merges, which are as short.
        ThreadTeam(1).run([&] { compute_delta(output_gradients, output, delta.data); });
        const Range heads = buffers_.plan(BufferRole::partial, operation.partial).heads;
        if (const float* sinks = input_.scoring.sinks_of_heads(heads.begin)) {
            std::vector<float>& gradients = result_.gradients.sinks;
            gradients.resize(static_cast<std::size_t>(input_.shape.query_heads));
            add_sink_gradients(sinks, buffers_.lse(operation.partial).data, delta.data, delta.heads, delta.tokens,
                               gradients.data() + heads.begin);
        }
    }

    void attend_backward(const Operation& operation) {
        with_input(operation, [&](const AttendInput& input) {
            const HeadView output_gradients = buffers_.output_gradients(operation.output_gradients);
            const HeadMatrix<float> delta = buffers_.delta(operation.delta);
            const AttendGradients out{buffers_.query_gradients(operation.query_gradients),
                                      buffers_.key_gradients(operation.into, operation.keys),
                                      buffers_.value_gradients(operation.into, operation.keys)};
            for (const std::int64_t heads : {output_gradients.heads, delta.heads, out.queries.heads}) {
                require(heads == input.queries.heads, operation);
            }
            for (const std::int64_t tokens : {output_gradients.tokens, delta.tokens, out.queries.tokens}) {
                require(tokens == input.queries.tokens, operation);
            }
            require(out.keys.heads == input.keys.heads, operation);
            const std::span<float> replaced = buffers_.key_value_gradients(operation.into, operation.keys);
            std::fill(replaced.begin(), replaced.end(), 0.0F);
            const float* lse = buffers_.lse(operation.partial).data;
            input_.kernel.attend_backward({input, output_gradients, lse, delta.data}, out, hooks(operation));
        });
    }

    void reduce(const Operation& operation) {
        const std::span<const float> added = buffers_.key_value_gradients(operation.buffer, operation.keys);
        const std::span<float> sum = buffers_.key_value_gradients(operation.into, operation.keys);
        require(added.size() == sum.size(), operation);
        std::transform(added.begin(), added.end(), sum.begin(), sum.begin(), std::plus<>());
    }

    static Error misfit(const Operation& operation) {
        return failed(
            fmt::format("schedule: operation {}: queries, keys and result do not fit together", operation.id));
    }
    static void require(bool fits, const Operation& operation) {
        if (!fits) {
            throw misfit(operation);
        }
    }

    std::shared_ptr<const ReadAhead> read_ahead() {
        const StreamState& compute = stream(Stream::compute);
        const Operation* next = next_attend(input_.schedule, compute.operations, compute.next, completed_);
        if (next == nullptr) {
            return nullptr;
        }
        announced_operation_ = next->id;
        announced_ = std::make_shared<const ReadAhead>(ReadAhead{buffers_.queries(next->query_buffer, next->queries),
                                                                 buffers_.keys(next->buffer, next->keys),
                                                                 buffers_.values(next->buffer, next->keys)});
        return announced_;
    }

    AttendHooks hooks(const Operation& operation) {
        AttendHooks hooks;
        hooks.next = [this] { return read_ahead(); };
        if (announced_operation_ == operation.id) {
            hooks.announced = announced_;
        }
        hooks.poll = [this] { progress_now_and_then(); };
        hooks.head_pairs_done = hooks_.head_pairs_done;
        hooks.cancelled = hooks_.cancelled;
        hooks.device = [this, &operation, begun_ns = Nanoseconds{0}](const DeviceCommand& command) mutable {
            events_.add(operation, command, begun_ns);
            begun_ns = std::max(begun_ns, command.start_ns);
        };
        return hooks;
    }

    // From the tile loop, where a tile may take a microsecond: often enough to keep transfers moving, rarely enough to
    // cost nothing.
    void progress_now_and_then() {
        constexpr Nanoseconds interval_ns = 200'000;
        if (const Nanoseconds now = now_ns(); now - last_progress_ns_ >= interval_ns) {
            last_progress_ns_ = now;
            progress();
        }
    }

    const ExecuteInput& input_;
    Communicator& communicator_;
    const ExecuteHooks& hooks_;
    std::vector<unsigned char> completed_;
    std::shared_ptr<BufferMemory> memory_;
    RankBuffers buffers_;
    std::array<StreamState, stream_count> streams_;  // with transfers, which end before the buffers do
    OperationEvents events_;
    ExecuteResult result_;
    Nanoseconds last_progress_ns_ = 0;
    std::shared_ptr<const ReadAhead> announced_;  // to the kernel, of this operation
    std::int64_t announced_operation_ = -1;
};

}  // namespace

ExecuteResult execute(const ExecuteInput& input, Communicator& communicator, const ExecuteHooks& hooks) {
    return Executor(input, communicator, hooks).run();
}

}  // namespace longscope
