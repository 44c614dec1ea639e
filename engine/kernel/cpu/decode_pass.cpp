// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/decode_pass.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>
#include <thread>
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/decode_rows.h"
#include "engine/kernel/cpu/plain_row.h"
#include "engine/kernel/cpu/scratch.h"

namespace longscope::cpu {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

std::int64_t group_of(const AttendInput& input) {
    return input.queries.heads / input.keys.heads;
}

std::int64_t rounded_up(std::int64_t count, std::int64_t to) {
    return (count + to - 1) / to * to;
}

// What the pieces of a call leave behind: output not normalised, maximum and sum of each row.
class DecodeStates {
  public:
    DecodeStates(std::int64_t pieces, std::int64_t rows, std::int64_t output_stride, SpareBuffers& spare)
        : rows_(rows), output_stride_(output_stride), scratch_(pieces * piece_floats(), spare) {
        memory_ = scratch_.take(pieces * piece_floats());
    }
    [[nodiscard]] float* output(std::size_t piece) const {
        return memory_ + static_cast<std::int64_t>(piece) * piece_floats();
    }
    [[nodiscard]] float* maximum(std::size_t piece) const { return output(piece) + rows_ * output_stride_; }
    [[nodiscard]] float* sums(std::size_t piece) const { return maximum(piece) + rows_; }
    void reset(std::size_t piece) const {
        std::fill_n(output(piece), rows_ * output_stride_, 0.0F);
        std::fill_n(maximum(piece), rows_, minus_infinity);
        std::fill_n(sums(piece), rows_, 0.0F);
    }

  private:
    [[nodiscard]] std::int64_t piece_floats() const { return Scratch::whole_vectors(rows_ * (output_stride_ + 2)); }

    std::int64_t rows_;
    std::int64_t output_stride_;
    Scratch scratch_;
    float* memory_ = nullptr;
};

class DecodePass {
  public:
    DecodePass(const AttendInput& input, Partial& out, const AttendHooks& hooks, const DecodePlan& plan,
               const TileFunctions& functions, int threads, SpareBuffers& spare)
        : input_(input),
          out_(out),
          hooks_(hooks),
          functions_(functions),
          threads_(threads),
          spare_(spare),
          rows_(input),
          queries_(input.queries.tokens),
          block_rows_(rounded_up(group_of(input) * queries_, decode_rows)),
          query_stride_(rounded_up(input.queries.dim, functions.geometry.lanes)),
          output_stride_(functions.geometry.padded_to_panels(input.values.dim)),
          pieces_(decode_pieces(plan.split, plan.parts, rows_.tile_counts())),
          states_(static_cast<std::int64_t>(pieces_.size()), block_rows_, output_stride_, spare),
          scale_(input.scale == 0.0 ? 1.0F : static_cast<float>(std::abs(input.scale) * std::numbers::log2e)) {}

    void run() {
        if (hooks_.poll) {
            hooks_.poll();  // also where the other threads are so fast that none is left for this one
        }
        const auto caller = std::this_thread::get_id();
        // Where each part begins, and the end.
        std::vector<std::size_t> parts;
        for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
            if (piece == 0 || pieces_[piece].part != pieces_[piece - 1].part) {
                parts.push_back(piece);
            }
        }
        parts.push_back(pieces_.size());
        std::atomic<std::size_t> next{0};
        ThreadTeam team(threads_);
        team.for_each(threads_, [&](std::int64_t) {
            Worker worker(*this);
            const bool polls = hooks_.poll && std::this_thread::get_id() == caller;
            for (std::size_t part = next++; part + 1 < parts.size(); part = next++) {
                for (std::size_t piece = parts[part]; piece < parts[part + 1] && !cancelled(); ++piece) {
                    worker.attend(piece, polls);
                }
            }
        });
        if (!cancelled()) {
            merge_pieces();
        }
    }

  private:
    // One thread's queries and scratch. Row r of a block is query r % queries of head r / queries of a group.
    class Worker {
      public:
        explicit Worker(const DecodePass& pass)
            : pass_(pass),
              scratch_(pass.block_rows_ * (pass.query_stride_ + decode_keys) + 2 * Scratch::whole_vectors(1),
                       pass.spare_),
              visible_(static_cast<std::size_t>(pass.block_rows_) + 1, 0) {
            const AttendInput& input = pass.input_;
            block_.rows = pass.block_rows_;
            block_.dim_qk = input.queries.dim;
            block_.dim_v = input.values.dim;
            block_.dtype = input.keys.dtype;
            block_.key_stride = input.keys.token_stride;
            block_.value_stride = input.values.token_stride;
            block_.scale = pass.scale_;
            block_.query_stride = pass.query_stride_;
            block_.output_stride = pass.output_stride_;
            block_.queries = queries_ = scratch_.take(pass.block_rows_ * pass.query_stride_);
            block_.scores = scratch_.take(pass.block_rows_ * decode_keys);
            block_.visible = visible_.data();
        }

        void attend(std::size_t piece, bool polls) {
            const DecodePiece& asked = pass_.pieces_[piece];
            load_queries(asked.kv_head);
            pass_.states_.reset(piece);
            block_.output = pass_.states_.output(piece);
            block_.maximum = pass_.states_.maximum(piece);
            block_.sums = pass_.states_.sums(piece);
            const std::vector<std::int64_t>& tiles = pass_.rows_.tiles(asked.kv_head);
            for (std::int64_t i = asked.tiles.begin; i < asked.tiles.end && !pass_.cancelled(); ++i) {
                const std::int64_t tile = tiles[static_cast<std::size_t>(i)];
                point(asked.kv_head, tile);
                const bool goes_on = i + 1 < asked.tiles.end && tiles[static_cast<std::size_t>(i + 1)] == tile + 1;
                block_.keys_left =
                    goes_on ? std::min(2 * decode_keys, pass_.input_.keys.tokens - tile * decode_keys) : block_.count;
                pass_.functions_.decode_tile(block_);
                if (polls) {
                    pass_.hooks_.poll();
                }
            }
            if (!finite()) {
                attend_plainly(piece);
            }
        }

      private:
        void load_queries(std::int64_t kv_head) {
            const AttendInput& input = pass_.input_;
            const std::int64_t group = group_of(input);
            std::fill_n(queries_, block_.rows * block_.query_stride, 0.0F);
            const float sign = input.scale == 0.0 ? 0.0F : static_cast<float>(std::copysign(1.0, input.scale));
            for (std::int64_t row = 0; row < group * pass_.queries_; ++row) {
                float* query = queries_ + row * block_.query_stride;
                load_row(input.queries, kv_head * group + row / pass_.queries_, row % pass_.queries_, query);
                std::for_each(query, query + input.queries.dim, [&](float& element) { element *= sign; });
            }
        }

        void point(std::int64_t kv_head, std::int64_t tile) {
            const AttendInput& input = pass_.input_;
            block_.count = std::min(decode_keys, input.keys.tokens - tile * decode_keys);
            block_.keys = input.keys.row(kv_head, tile * decode_keys);
            block_.values = input.values.row(kv_head, tile * decode_keys);
            for (std::int64_t head = 0; head < group_of(input); ++head) {
                const std::int64_t kind = input.mask->kind_of(kv_head * group_of(input) + head);
                for (std::int64_t query = 0; query < pass_.queries_; ++query) {
                    visible_[static_cast<std::size_t>(head * pass_.queries_ + query)] =
                        pass_.rows_.bits(kind, query, tile);
                }
            }
        }

        // An infinity or a NaN that some row does not see makes NaN of its product with a weight of 0.
        [[nodiscard]] bool finite() const {
            const auto all = [](const float* values, std::int64_t count) {
                return std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
            };
            return all(block_.output, block_.rows * block_.output_stride) && all(block_.sums, block_.rows);
        }

        void attend_plainly(std::size_t piece) {
            const DecodePiece& asked = pass_.pieces_[piece];
            const std::vector<std::int64_t>& tiles = pass_.rows_.tiles(asked.kv_head);
            const std::int64_t group = group_of(pass_.input_);
            PlainRows plain(pass_.input_, pass_.scale_);
            pass_.states_.reset(piece);
            for (std::int64_t row = 0; row < group * pass_.queries_; ++row) {
                const std::int64_t head = asked.kv_head * group + row / pass_.queries_;
                const std::int64_t kind = pass_.input_.mask->kind_of(head);
                const RowState state{block_.output + row * block_.output_stride, block_.maximum + row,
                                     block_.sums + row, 1};
                for (std::int64_t i = asked.tiles.begin; i < asked.tiles.end; ++i) {
                    const std::int64_t first = tiles[static_cast<std::size_t>(i)] * decode_keys;
                    pass_.rows_.visit(kind, row % pass_.queries_, {first, first + decode_keys},
                                      [&](Range seen) { plain.add(head, row % pass_.queries_, seen, state); });
                }
            }
        }

        const DecodePass& pass_;
        Scratch scratch_;
        float* queries_ = nullptr;
        std::vector<std::uint64_t> visible_;  // of each row; a vector's bits are read eight bytes at a time
        DecodeBlock block_;
    };

    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }

    // Rows in order of heads, pieces in order of keys: in float64, which costs nothing beside reading the keys.
    void merge_pieces() {
        const std::int64_t group = group_of(input_);
        std::vector<double> output(static_cast<std::size_t>(out_.dim()));
        std::size_t first = 0;
        for (std::int64_t kv_head = 0; kv_head < input_.keys.heads; ++kv_head) {
            std::size_t last = first;
            while (last < pieces_.size() && pieces_[last].kv_head == kv_head) {
                ++last;
            }
            for (std::int64_t row = 0; row < group * queries_; ++row) {
                merge_row(first, last, row, kv_head * group + row / queries_, output);
            }
            first = last;
        }
        if (hooks_.head_pairs_done != nullptr) {
            *hooks_.head_pairs_done += rows_.head_pairs();
        }
    }

    void merge_row(std::size_t first, std::size_t last, std::int64_t row, std::int64_t head,
                   std::vector<double>& output) {
        float maximum = minus_infinity;
        for (std::size_t piece = first; piece < last; ++piece) {
            maximum = std::max(maximum, states_.maximum(piece)[row]);
        }
        std::fill(output.begin(), output.end(), 0.0);
        double sum = 0.0;
        for (std::size_t piece = first; piece < last; ++piece) {
            const float own = states_.maximum(piece)[row];
            if (own == minus_infinity && states_.sums(piece)[row] == 0.0F) {
                continue;
            }
            const double weight = std::exp2(double{scale_} * (double{own} - double{maximum}));
            sum += weight * double{states_.sums(piece)[row]};
            const float* part = states_.output(piece) + row * output_stride_;
            for (std::size_t d = 0; d < output.size(); ++d) {
                output[d] += weight * double{part[d]};
            }
        }
        float* into = out_.output().row(head, row % queries_);
        for (std::size_t d = 0; d < output.size(); ++d) {
            into[d] = sum == 0.0 ? 0.0F : static_cast<float>(output[d] / sum);
        }
        out_.lse(head)[row % queries_] =
            sum == 0.0 ? minus_infinity : static_cast<float>(double{maximum} * std::abs(input_.scale) + std::log(sum));
    }

    const AttendInput& input_;
    Partial& out_;
    const AttendHooks& hooks_;
    const TileFunctions& functions_;
    int threads_;
    SpareBuffers& spare_;
    DecodeRows rows_;
    std::int64_t queries_;
    std::int64_t block_rows_;
    std::int64_t query_stride_;
    std::int64_t output_stride_;
    std::vector<DecodePiece> pieces_;
    DecodeStates states_;
    float scale_;
};

}  // namespace

bool is_decode(const AttendInput& input) {
    // Its softmax takes products as they are: the rows of a block are of several heads, of which each has its own slope
    // and bias.
    return input.scoring.is_plain() && group_of(input) * input.queries.tokens <= max_decode_rows;
}

DecodePlan default_decode_plan(const AttendInput& input) {
    constexpr std::int64_t part_bytes = 512 << 10;
    constexpr std::int64_t most_parts = 256;
    const std::int64_t bytes =
        input.keys.heads * input.keys.tokens * (input.keys.dim + input.values.dim) * size_bytes(input.keys.dtype);
    return {DecodeSplit::stream, std::clamp<std::int64_t>(bytes / part_bytes, 1, most_parts)};
}

void attend_decode(const AttendInput& input, Partial& out, const AttendHooks& hooks, const DecodePlan& plan,
                   const TileFunctions& functions, int threads, SpareBuffers& spare) {
    DecodePass(input, out, hooks, plan, functions, threads, spare).run();
}

}  // namespace longscope::cpu
