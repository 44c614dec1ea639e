// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/peers/backend_peer.h"

#include <algorithm>
#include <optional>

#include "engine/base/registry.h"
#include "engine/base/version.h"
#include "engine/kernel/kernel.h"

namespace longscope {

namespace {

// A task with what the backend reads and writes for it.
struct PreparedTask {
    explicit PreparedTask(const PeerTask& asked)
        : task(asked),
          rows({{0, asked.queries.tokens}}),
          columns({{0, asked.keys.tokens}}),
          mask(*asked.mask, rows, columns),
          out(asked.shape.query_heads, asked.queries.tokens, asked.shape.head_dim_v) {}

    [[nodiscard]] AttendInput input() const { return {task.queries, task.keys, task.values, &mask, task.scale}; }
    [[nodiscard]] AttendGradients gradients() {
        const AttentionShape& shape = task.shape;
        return {{of_queries.data(), shape.query_heads, task.queries.tokens, shape.head_dim_qk},
                {of_keys.data(), shape.key_value_heads, task.keys.tokens, shape.head_dim_qk},
                {of_values.data(), shape.key_value_heads, task.keys.tokens, shape.head_dim_v}};
    }

    PeerTask task;
    TokenSet rows;
    TokenSet columns;
    LocalMask mask;
    Partial out;
    std::vector<float> delta;
    std::vector<float> of_queries;
    std::vector<float> of_keys;
    std::vector<float> of_values;
};

class BackendPeer final : public Peer {
  public:
    explicit BackendPeer(const PeerSettings& settings)
        : kernel_(make_kernel(settings.backend, {.threads = settings.threads,
                                                 .program_cache = settings.program_cache,
                                                 .tile_choices = settings.tile_choices})),
          threads_(settings.threads) {}

    [[nodiscard]] PeerFacts facts() const override {
        return {"longscope " + std::string(version_text()), kernel_->description(), threads_};
    }

    [[nodiscard]] bool reads_any_view() const override { return true; }

    void prepare(const PeerTask& task) override {
        prepared_.emplace(task);
        kernel_->attend(prepared_->input(), prepared_->out, {});
        if (task.direction == Direction::backward) {
            const AttentionShape& shape = task.shape;
            const auto count = [](std::int64_t heads, std::int64_t tokens, std::int64_t dim) {
                return static_cast<std::size_t>(heads * tokens * dim);
            };
            prepared_->delta.resize(count(shape.query_heads, task.queries.tokens, 1));
            prepared_->of_queries.resize(count(shape.query_heads, task.queries.tokens, shape.head_dim_qk));
            prepared_->of_keys.resize(count(shape.key_value_heads, task.keys.tokens, shape.head_dim_qk));
            prepared_->of_values.resize(count(shape.key_value_heads, task.keys.tokens, shape.head_dim_v));
        }
    }

    [[nodiscard]] Nanoseconds repeat() override {
        PreparedTask& one = *prepared_;
        const Nanoseconds begin_ns = now_ns();
        if (one.task.direction == Direction::forward) {
            kernel_->attend(one.input(), one.out, {});
            return now_ns() - begin_ns;
        }
        compute_delta(one.task.output_gradients, static_cast<const Partial&>(one.out).output(), one.delta.data());
        for (std::vector<float>* gradients : {&one.of_queries, &one.of_keys, &one.of_values}) {
            std::fill(gradients->begin(), gradients->end(), 0.0F);
        }
        kernel_->attend_backward({one.input(), one.task.output_gradients, one.out.lse(0), one.delta.data(), nullptr},
                                 one.gradients(), {});
        return now_ns() - begin_ns;
    }

    [[nodiscard]] PeerResults results() override {
        const PreparedTask& one = *prepared_;
        if (one.task.direction == Direction::backward) {
            return {one.of_queries, one.of_keys, one.of_values};
        }
        const HeadMatrix<const float> output = one.out.output();
        return {std::vector<float>(output.data, output.data + output.size())};
    }

    void release() noexcept override { prepared_.reset(); }

  private:
    std::unique_ptr<Kernel> kernel_;
    int threads_;
    std::optional<PreparedTask> prepared_;
};

std::unique_ptr<Peer> make_backend_peer(const PeerSettings& settings) {
    return std::make_unique<BackendPeer>(settings);
}

}  // namespace

PeerEntry backend_as_peer(std::string_view backend) {
    const KernelEntry& entry = find_entry(kernels(), backend, "--backend", "a backend");
    return {entry.name, entry.meaning, true, true, make_backend_peer};
}

}  // namespace longscope
