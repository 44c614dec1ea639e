// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/peers/composition.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/thread_team.h"
#include "engine/base/units.h"
#include "engine/tensor/aligned_buffer.h"
#include "profiler/peers/softmax_loops.h"

namespace longscope {

namespace {

// The scores of a block of rows, in bytes: some of the second-level cache of today's processors; blocks of fewer rows
// than this make products slow.
constexpr std::int64_t score_bytes = 1 << 20;
constexpr std::int64_t fewest_rows = 64;
constexpr std::int64_t most_rows = 512;

constexpr float log2_e = std::numbers::log2e_v<float>;

const float* floats(const HeadView& view, std::int64_t head, std::int64_t token = 0) {
    return static_cast<const float*>(view.row(head, token));
}

// What one thread writes into, again and again.
struct Scratch {
    explicit Scratch(std::int64_t elements) : scores(elements), gradients(elements) {}
    AlignedBuffer<float> scores;
    AlignedBuffer<float> gradients;
    std::vector<Range> runs;
};

class Composition : public Peer {
  public:
    Composition(std::unique_ptr<GemmLibrary> library, BackwardWeights weights, int threads)
        : library_(std::move(library)), weights_(weights), threads_(threads), team_(threads) {}

    [[nodiscard]] PeerFacts facts() const override { return {library_->version(), library_->dispatch(), threads_}; }

    void prepare(const PeerTask& task) override {
        if (task.shape.dtype != DType::float32) {
            throw Error(ErrorKind::unsupported, "products of float32 only");
        }
        release();
        task_ = task;
        rows_ = std::min(task.queries.tokens, std::clamp(score_bytes / 4 / task.keys.tokens, fewest_rows, most_rows));
        for (int thread = 0; thread < threads_; ++thread) {
            scratch_.emplace_back(rows_ * task.keys.tokens);
        }
        output_ = AlignedBuffer<float>(task.shape.query_heads * task.queries.tokens * task.shape.head_dim_v);
        lse_ = AlignedBuffer<float>(task.shape.query_heads * task.queries.tokens);
        if (task.direction == Direction::forward) {
            return;
        }
        if (weights_ == BackwardWeights::stored) {
            const std::int64_t elements = task.shape.query_heads * task.queries.tokens * task.keys.tokens;
            const std::int64_t bytes = elements * static_cast<std::int64_t>(sizeof(float));
            if (bytes > available_memory_bytes() / 2) {
                throw Error(ErrorKind::unsupported, fmt::format("stored weights take {}", format_bytes(bytes)));
            }
            stored_ = AlignedBuffer<float>(elements);
        }
        forward();
        of_queries_ = AlignedBuffer<float>(task.shape.query_heads * task.queries.tokens * task.shape.head_dim_qk);
        of_keys_ = AlignedBuffer<float>(task.shape.key_value_heads * task.keys.tokens * task.shape.head_dim_qk);
        of_values_ = AlignedBuffer<float>(task.shape.key_value_heads * task.keys.tokens * task.shape.head_dim_v);
    }

    [[nodiscard]] Nanoseconds repeat() override {
        const Nanoseconds begin_ns = now_ns();
        if (task_.direction == Direction::forward) {
            forward();
        } else {
            backward();
        }
        return now_ns() - begin_ns;
    }

    [[nodiscard]] PeerResults results() override {
        const auto copy = [](const AlignedBuffer<float>& from) {
            return std::vector<float>(from.span().begin(), from.span().end());
        };
        if (task_.direction == Direction::forward) {
            return {copy(output_)};
        }
        return {copy(of_queries_), copy(of_keys_), copy(of_values_)};
    }

    void release() noexcept override {
        scratch_.clear();
        for (AlignedBuffer<float>* buffer : {&output_, &lse_, &stored_, &of_queries_, &of_keys_, &of_values_}) {
            *buffer = {};
        }
    }

  private:
    // Calls body(i, scratch) for each i below count; no two threads have one scratch.
    template <typename Body>
    void for_each(std::int64_t count, const Body& body) {
        std::atomic<std::int64_t> next{0};
        team_.for_each(threads_, [&](std::int64_t thread) {
            for (std::int64_t i = next++; i < count; i = next++) {
                body(i, scratch_.at(static_cast<std::size_t>(thread)));
            }
        });
    }

    [[nodiscard]] std::int64_t blocks() const { return (task_.queries.tokens + rows_ - 1) / rows_; }
    [[nodiscard]] Range block(std::int64_t index) const {
        return {index * rows_, std::min(task_.queries.tokens, (index + 1) * rows_)};
    }

    // Scores of these rows and keys, rows at the distance of `keys`.
    void scores(std::int64_t head, Range rows, Range keys, float* out, std::int64_t stride) const {
        const std::int64_t dim = task_.shape.head_dim_qk;
        const std::int64_t kv_head = head / task_.shape.heads_per_group();
        library_->multiply({false, true, rows.size(), keys.size(), dim, 1.0F, floats(task_.queries, head, rows.begin),
                            dim, floats(task_.keys, kv_head, keys.begin), dim, 0.0F, out, stride});
    }

    // Calls body(begin, count) for what the row sees of `keys`, from their beginning, and sets the rest of `row` to 0.
    template <typename Body>
    void visible(std::int64_t query, Range keys, float* row, std::vector<Range>& runs, const Body& body) const {
        task_.mask->row_runs(query, runs);
        std::int64_t at = keys.begin;
        for (const Range& run : runs) {
            std::fill(row + (at - keys.begin), row + (run.begin - keys.begin), 0.0F);
            body(run.begin - keys.begin, run.size());
            at = run.end;
        }
        std::fill(row + (at - keys.begin), row + keys.size(), 0.0F);
    }

    void forward() {
        const std::int64_t dim = task_.shape.head_dim_v;
        for_each(task_.shape.query_heads * blocks(), [&](std::int64_t item, Scratch& scratch) {
            const std::int64_t head = item / blocks();
            const Range rows = block(item % blocks());
            const Range keys = task_.mask->key_extent(rows);
            float* const out = output_.data() + (head * task_.queries.tokens + rows.begin) * dim;
            if (keys.size() <= 0) {
                std::fill_n(out, rows.size() * dim, 0.0F);
                std::fill_n(lse_.data() + head * task_.queries.tokens + rows.begin, rows.size(),
                            -std::numeric_limits<float>::infinity());
                return;
            }
            const bool keep = stored_.size() > 0;
            float* const weights = keep ? stored_weights(head, rows, keys) : scratch.scores.data();
            const std::int64_t stride = keep ? task_.keys.tokens : keys.size();
            scores(head, rows, keys, weights, stride);
            std::vector<float> sums(static_cast<std::size_t>(rows.size()));
            const float scale = static_cast<float>(task_.scale) * log2_e;
            for (std::int64_t r = 0; r < rows.size(); ++r) {
                float* const row = weights + r * stride;
                float largest = -std::numeric_limits<float>::infinity();
                visible(rows.begin + r, keys, row, scratch.runs, [&](std::int64_t begin, std::int64_t count) {
                    largest = std::max(largest, largest_of(row + begin, count));
                });
                float sum = 0.0F;
                for (const Range& run : scratch.runs) {
                    sum += powers_of_two(row + (run.begin - keys.begin), run.size(), scale, largest * scale);
                }
                sums[static_cast<std::size_t>(r)] = sum;
                lse_[head * task_.queries.tokens + rows.begin + r] =
                    largest * static_cast<float>(task_.scale) + std::log(sum);
                if (keep && sum > 0.0F) {
                    multiply_by(row, keys.size(), 1.0F / sum);
                }
            }
            library_->multiply({false, false, rows.size(), dim, keys.size(), 1.0F, weights, stride,
                                floats(task_.values, head / task_.shape.heads_per_group(), keys.begin), dim, 0.0F, out,
                                dim});
            for (std::int64_t r = 0; r < rows.size() && !keep; ++r) {
                const float sum = sums[static_cast<std::size_t>(r)];
                multiply_by(out + r * dim, dim, sum > 0.0F ? 1.0F / sum : 0.0F);
            }
        });
    }

    // Of the first key of the block.
    [[nodiscard]] float* stored_weights(std::int64_t head, Range rows, Range keys) {
        return stored_.data() + (head * task_.queries.tokens + rows.begin) * task_.keys.tokens + keys.begin;
    }

    // Weights anew from scores and lse.
    void recompute(std::int64_t head, Range rows, Range keys, Scratch& scratch) const {
        float* const weights = scratch.scores.data();
        scores(head, rows, keys, weights, keys.size());
        for (std::int64_t r = 0; r < rows.size(); ++r) {
            const float lse = lse_[head * task_.queries.tokens + rows.begin + r];
            float* const row = weights + r * keys.size();
            visible(rows.begin + r, keys, row, scratch.runs, [&](std::int64_t begin, std::int64_t count) {
                powers_of_two(row + begin, count, static_cast<float>(task_.scale) * log2_e, lse * log2_e);
            });
        }
    }

    void backward() {
        for_each(task_.shape.key_value_heads, [&](std::int64_t kv_head, Scratch& scratch) {
            const std::int64_t keys = task_.keys.tokens;
            std::fill_n(of_keys_.data() + kv_head * keys * task_.shape.head_dim_qk, keys * task_.shape.head_dim_qk,
                        0.0F);
            std::fill_n(of_values_.data() + kv_head * keys * task_.shape.head_dim_v, keys * task_.shape.head_dim_v,
                        0.0F);
            const std::int64_t group = task_.shape.heads_per_group();
            for (std::int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
                for (std::int64_t i = 0; i < blocks(); ++i) {
                    backward_block(head, kv_head, block(i), scratch);
                }
            }
        });
    }

    void backward_block(std::int64_t head, std::int64_t kv_head, Range rows, Scratch& scratch) {
        const std::int64_t dim_qk = task_.shape.head_dim_qk;
        const std::int64_t dim_v = task_.shape.head_dim_v;
        const std::int64_t first_row = head * task_.queries.tokens + rows.begin;
        float* const of_queries = of_queries_.data() + first_row * dim_qk;
        const Range keys = task_.mask->key_extent(rows);
        if (keys.size() <= 0) {
            std::fill_n(of_queries, rows.size() * dim_qk, 0.0F);
            return;
        }
        const bool kept = stored_.size() > 0;
        if (!kept) {
            recompute(head, rows, keys, scratch);
        }
        const float* const weights = kept ? stored_weights(head, rows, keys) : scratch.scores.data();
        const std::int64_t stride = kept ? task_.keys.tokens : keys.size();
        const float* const dout = floats(task_.output_gradients, head, rows.begin);
        const std::int64_t first_key = kv_head * task_.keys.tokens + keys.begin;
        const auto scale = static_cast<float>(task_.scale);
        library_->multiply({true, false, keys.size(), dim_v, rows.size(), 1.0F, weights, stride, dout, dim_v, 1.0F,
                            of_values_.data() + first_key * dim_v, dim_v});
        float* const gradients = scratch.gradients.data();
        library_->multiply({false, true, rows.size(), keys.size(), dim_v, 1.0F, dout, dim_v,
                            floats(task_.values, kv_head, keys.begin), dim_v, 0.0F, gradients, keys.size()});
        for (std::int64_t r = 0; r < rows.size(); ++r) {
            const float delta = dot_of(dout + r * dim_v, output_.data() + (first_row + r) * dim_v, dim_v);
            score_gradients(weights + r * stride, gradients + r * keys.size(), keys.size(), delta);
        }
        library_->multiply({false, false, rows.size(), dim_qk, keys.size(), scale, gradients, keys.size(),
                            floats(task_.keys, kv_head, keys.begin), dim_qk, 0.0F, of_queries, dim_qk});
        library_->multiply({true, false, keys.size(), dim_qk, rows.size(), scale, gradients, keys.size(),
                            floats(task_.queries, head, rows.begin), dim_qk, 1.0F, of_keys_.data() + first_key * dim_qk,
                            dim_qk});
    }

    std::unique_ptr<GemmLibrary> library_;
    BackwardWeights weights_;
    int threads_;
    ThreadTeam team_;
    PeerTask task_;
    std::int64_t rows_ = 0;  // of a block
    std::vector<Scratch> scratch_;
    AlignedBuffer<float> output_;
    AlignedBuffer<float> lse_;
    AlignedBuffer<float> stored_;  // weights: query heads x queries x keys, or none
    AlignedBuffer<float> of_queries_;
    AlignedBuffer<float> of_keys_;
    AlignedBuffer<float> of_values_;
};

}  // namespace

std::unique_ptr<Peer> make_composition(std::unique_ptr<GemmLibrary> library, BackwardWeights weights, int threads) {
    return std::make_unique<Composition>(std::move(library), weights, threads);
}

}  // namespace longscope
