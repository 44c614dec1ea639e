// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/executor.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>
#include <thread>

#include "engine/base/error.h"

namespace longscope {

namespace {

class Executor {
  public:
    Executor(const ExecuteInput& input, Communicator& communicator, const ExecuteHooks& hooks)
        : input_(input), communicator_(communicator), hooks_(hooks), completed_(input.schedule.operations.size(), 0) {
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
            progress();
        }
        drain();
        result_.end_ns = now_ns();
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
        for (const Stream which : {Stream::receive, Stream::send}) {
            StreamState& state = stream(which);
            while (state.next < state.operations.size()) {
                const Operation& operation = *state.operations[state.next];
                if (state.transfer == nullptr) {
                    if (first_missing(operation) != nullptr) {
                        break;
                    }
                    state.started_ns = now_ns();
                    state.transfer = start(operation);
                }
                if (!state.transfer->done()) {
                    break;
                }
                state.transfer.reset();
                completed_[static_cast<std::size_t>(operation.id)] = 1;
                record(operation, operation.kind == OperationKind::send ? Category::send : Category::receive,
                       state.started_ns, now_ns());
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
        record(waiting, Category::wait, start_ns, now_ns());
    }

    // Sends that nothing waited for.
    void drain() {
        for (const Stream which : {Stream::receive, Stream::send}) {
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

    void record(const Operation& operation, Category category, Nanoseconds start_ns, Nanoseconds end_ns) {
        TraceEvent event;
        event.rank = communicator_.rank();
        event.stream = category == Category::wait ? Stream::compute : operation.stream;
        event.category = category;
        event.start_ns = start_ns;
        event.duration_ns = end_ns - start_ns;
        event.bytes = category == Category::send || category == Category::receive ? operation.bytes : 0;
        event.flops = operation.flops;
        event.operation = operation.id;
        event.flow = operation.flow;
        event.step = operation.step;
        result_.events.push_back(event);
    }

    std::unique_ptr<Transfer> start(const Operation& operation) {
        const auto peer = static_cast<int>(operation.peer);
        const auto count = static_cast<std::size_t>(operation.bytes) / sizeof(float);
        if (operation.kind == OperationKind::send) {
            return communicator_.send(peer, std::as_bytes(key_values(operation.buffer).first(count)));
        }
        AlignedBuffer<float>& buffer = key_value_buffers_.at(operation.buffer);
        return communicator_.receive(peer, std::as_writable_bytes(buffer.span().first(count)));
    }

    std::span<const float> key_values(std::int64_t buffer) const {
        return buffer == own_key_values ? input_.inputs.key_values : key_value_buffers_.at(buffer).span();
    }

    void perform(const Operation& operation) {
        switch (operation.kind) {
            case OperationKind::alloc:
                allocate(operation);
                break;
            case OperationKind::free:
                key_value_buffers_.erase(operation.buffer);
                partials_.erase(operation.buffer);
                break;
            case OperationKind::attend:
                timed(operation, Category::attend, [&] { attend(operation); });
                break;
            case OperationKind::merge:
                timed(operation, Category::merge,
                      [&] { merge(*partials_.at(operation.into), *partials_.at(operation.partial)); });
                break;
            case OperationKind::finalize:
                // Softmax partials are kept normalised: there is nothing left to scale.
                timed(operation, Category::finalize,
                      [&] { result_.output = std::move(partials_.at(operation.partial)); });
                break;
            case OperationKind::send:
            case OperationKind::recv:
                throw failed(fmt::format("schedule: operation {}: a transfer on the compute stream", operation.id));
        }
    }

    template <typename Action>
    void timed(const Operation& operation, Category category, Action action) {
        const Nanoseconds start_ns = now_ns();
        action();
        record(operation, category, start_ns, now_ns());
    }

    void allocate(const Operation& operation) {
        if (operation.role == BufferRole::key_values) {
            key_value_buffers_.emplace(operation.buffer,
                                       AlignedBuffer<float>(operation.bytes / std::int64_t{sizeof(float)}));
            return;
        }
        const std::int64_t rows = input_.tokens[static_cast<std::size_t>(input_.schedule.rank)].size();
        auto partial = std::make_unique<Partial>(input_.shape.query_heads, rows, input_.shape.head_dim_v);
        partial->reset();
        partials_.emplace(operation.buffer, std::move(partial));
    }

    void attend(const Operation& operation) {
        const TokenSet& queries = input_.tokens[static_cast<std::size_t>(operation.queries)];
        const TokenSet& keys = input_.tokens[static_cast<std::size_t>(operation.keys)];
        const std::span<const float> buffer = key_values(operation.buffer);
        const LocalMask mask(input_.mask, queries, keys);
        input_.kernel.attend({input_.inputs.queries, keys_in(buffer, input_.shape, keys.size()),
                              values_in(buffer, input_.shape, keys.size()), &mask,
                              1.0 / std::sqrt(static_cast<double>(input_.shape.head_dim_qk))},
                             *partials_.at(operation.partial),
                             {[this] { progress_now_and_then(); }, hooks_.head_pairs_done, hooks_.cancelled});
    }

    // From the tile loop, where a tile may take a microsecond: often enough to keep transfers moving, rarely enough to
    // cost nothing.
    void progress_now_and_then() {
        constexpr Nanoseconds interval_ns = 50'000;
        if (const Nanoseconds now = now_ns(); now - last_progress_ns_ >= interval_ns) {
            last_progress_ns_ = now;
            progress();
        }
    }

    const ExecuteInput& input_;
    Communicator& communicator_;
    const ExecuteHooks& hooks_;
    std::array<StreamState, 3> streams_;
    std::vector<unsigned char> completed_;
    std::map<std::int64_t, AlignedBuffer<float>> key_value_buffers_;
    std::map<std::int64_t, std::unique_ptr<Partial>> partials_;
    ExecuteResult result_;
    Nanoseconds last_progress_ns_ = 0;
};

}  // namespace

HeadMatrix<const float> keys_in(std::span<const float> buffer, const AttentionShape& shape, std::int64_t tokens) {
    return {buffer.data(), shape.key_value_heads, tokens, shape.head_dim_qk};
}

HeadMatrix<const float> values_in(std::span<const float> buffer, const AttentionShape& shape, std::int64_t tokens) {
    return {buffer.data() + shape.key_value_heads * tokens * shape.head_dim_qk, shape.key_value_heads, tokens,
            shape.head_dim_v};
}

ExecuteResult execute(const ExecuteInput& input, Communicator& communicator, const ExecuteHooks& hooks) {
    return Executor(input, communicator, hooks).run();
}

}  // namespace longscope
