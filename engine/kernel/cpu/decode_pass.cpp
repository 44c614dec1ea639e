// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/decode_pass.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/decode_rows.h"
#include "engine/kernel/cpu/decode_states.h"
#include "engine/kernel/cpu/plain_row.h"
#include "engine/kernel/cpu/scratch.h"
#include "engine/kernel/cpu/task_shares.h"
#include "engine/kernel/cpu/tile_scoring.h"

namespace longscope::cpu {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

std::int64_t group_of(const AttendInput& input) {
    return input.queries.heads / input.keys.heads;
}

std::int64_t rounded_up(std::int64_t count, std::int64_t to) {
    return (count + to - 1) / to * to;
}

// Measured (bench attention, decode): processors of Intel read fastest in four streams, which took one of AMD a quarter
// to a half longer than two. Elsewhere nothing was measured.
DecodeReading best_reading() {
#if defined(__x86_64__)
    if (__builtin_cpu_is("intel") != 0) {
        return {4, 16};
    }
#endif
    return {2, 32};
}

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
          output_stride_(functions.geometry.padded_to_panels(input.values.dim)),
          pieces_(decode_pieces(plan.split, plan.parts, rows_.tile_counts())),
          states_(static_cast<std::int64_t>(pieces_.size()), block_rows_, output_stride_, functions.geometry.lanes,
                  spare),
          scored_(TileScoring::is_needed(input)),
          scale_(
              static_cast<float>((scored_ || input.scale == 0.0 ? 1.0 : std::abs(input.scale)) * std::numbers::log2e)) {
    }

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
        // Neighbouring parts to one thread: its reading goes on from one to the next.
        TaskShares shares(static_cast<std::int64_t>(parts.size()) - 1, threads_);
        ThreadTeam team(threads_);
        team.for_each(threads_, [&](std::int64_t share) {
            Worker worker(*this);
            const bool polls = hooks_.poll && std::this_thread::get_id() == caller;
            // The pieces of a part one after the other, then those of another part that nobody has taken; none:
            // pieces_.size().
            std::size_t piece = 0;
            std::size_t end = 0;
            const auto take = [&] {
                if (++piece >= end) {
                    const auto part = static_cast<std::size_t>(
                        shares.take(share).value_or(static_cast<std::int64_t>(parts.size()) - 1));
                    piece = parts[part];
                    end = parts[std::min(part + 1, parts.size() - 1)];
                }
                return piece;
            };
            std::size_t next = take();
            while (next < pieces_.size() && !cancelled()) {
                next = worker.attend(next, polls, take);
            }
        });
        if (!cancelled()) {
            merge_pieces(team);
        }
    }

  private:
    // One thread's queries and scratch. Row r of a block is query r % queries of head r / queries of a group.
    class Worker {
      public:
        explicit Worker(const DecodePass& pass)
            : pass_(pass),
              scratch_(decode_query_floats(pass.block_rows_, pass.input_.queries.dim) + pass.block_rows_ * decode_keys +
                           decode_scratch(pass.block_rows_, pass.input_.queries.dim) + 3 * Scratch::whole_vectors(1),
                       pass.spare_),
              rows_(static_cast<std::size_t>(pass.block_rows_ * pass.input_.queries.dim), 0.0F),
              visible_(static_cast<std::size_t>(pass.block_rows_) + 1, 0),
              scoring_(pass.input_, std::abs(pass.input_.scale), pass.queries_, decode_keys) {
            const AttendInput& input = pass.input_;
            block_.rows = pass.block_rows_;
            block_.dim_qk = input.queries.dim;
            block_.dim_v = input.values.dim;
            block_.dtype = input.keys.dtype;
            block_.reading = best_reading();
            block_.scale = pass.scale_;
            block_.output_stride = pass.output_stride_;
            block_.queries = queries_ = scratch_.take(decode_query_floats(block_.rows, block_.dim_qk));
            block_.scores = scratch_.take(block_.rows * decode_keys);
            block_.converted = scratch_.take(decode_scratch(block_.rows, block_.dim_qk));
            block_.visible = visible_.data();
            if (pass.scored_) {
                score_tiles_.resize(static_cast<std::size_t>(group_of(input)));
                block_.scoring = score_tiles_.data();
                block_.scoring_rows = pass.queries_;
                block_.scoring_heads = group_of(input);
            }
        }

        // Returns the piece that is to be computed next, which it asks for where it reaches its last tile: its first
        // rows are fetched meanwhile.
        template <typename Take>
        std::size_t attend(std::size_t piece, bool polls, const Take& take) {
            const DecodePiece& asked = pass_.pieces_[piece];
            load_queries(asked.kv_head);
            pass_.states_.reset(piece);
            block_.output = pass_.states_.output(piece);
            block_.maximum = pass_.states_.maximum(piece);
            block_.sums = pass_.states_.sums(piece);
            DecodeTile* tile = &tiles_[0];
            DecodeTile* next = &tiles_[1];
            std::size_t next_piece = pass_.pieces_.size();
            find_rows(asked, asked.tiles.begin, *tile);
            for (std::int64_t i = asked.tiles.begin; i < asked.tiles.end && !pass_.cancelled(); ++i) {
                next->count = 0;
                if (i + 1 < asked.tiles.end) {
                    find_rows(asked, i + 1, *next);
                } else if (next_piece = take(); next_piece < pass_.pieces_.size()) {
                    const DecodePiece& following = pass_.pieces_[next_piece];
                    find_rows(following, following.tiles.begin, *next);
                }
                block_.tile = tile;
                block_.next = next;
                choose_tile(asked.kv_head, pass_.rows_.tiles(asked.kv_head)[static_cast<std::size_t>(i)]);
                pass_.functions_.decode_tile(block_);
                std::swap(tile, next);
                // A tile takes a few microseconds.
                if (polls && i % 16 == 0) {
                    pass_.hooks_.poll();
                }
            }
            // An infinity or a NaN that some row does not see makes NaN of its product with a weight of 0.
            if (!pass_.states_.finite(piece)) {
                attend_plainly(piece);
            }
            return next_piece;
        }

      private:
        void load_queries(std::int64_t kv_head) {
            if (kv_head == loaded_kv_head_) {
                return;
            }
            loaded_kv_head_ = kv_head;
            const AttendInput& input = pass_.input_;
            const std::int64_t group = group_of(input);
            const float sign = input.scale == 0.0 ? 0.0F : static_cast<float>(std::copysign(1.0, input.scale));
            for (std::int64_t row = 0; row < group * pass_.queries_; ++row) {
                float* query = rows_.data() + row * block_.dim_qk;
                load_row(input.queries, kv_head * group + row / pass_.queries_, row % pass_.queries_, query);
                std::for_each(query, query + block_.dim_qk, [&](float& element) { element *= sign; });
            }
            pass_.functions_.pack_decode_queries(rows_.data(), block_.rows, block_.dim_qk, queries_);
        }

        // Of the tile at a position of the list of those that are seen.
        void find_rows(const DecodePiece& piece, std::int64_t position, DecodeTile& tile) const {
            const AttendInput& input = pass_.input_;
            const std::int64_t first =
                pass_.rows_.tiles(piece.kv_head)[static_cast<std::size_t>(position)] * decode_keys;
            tile.count = std::min(decode_keys, input.keys.tokens - first);
            find_rows(input.keys, piece.kv_head, first, tile.count, tile.keys);
            find_rows(input.values, piece.kv_head, first, tile.count, tile.values);
        }

        static void find_rows(const HeadView& view, std::int64_t head, std::int64_t first, std::int64_t count,
                              DecodeTileRows& rows) {
            rows.is_strided = count == decode_keys && view.is_strided(first, first + count - 1);
            if (rows.is_strided) {
                rows.first = static_cast<const char*>(view.row(head, first));
                rows.stride_bytes = view.token_stride * size_bytes(view.dtype);
                return;
            }
            row_addresses(view, head, first, first + count, rows.at);
            std::fill(rows.at + count, rows.at + decode_keys, rows.at[count - 1]);
        }

        void choose_tile(std::int64_t kv_head, std::int64_t tile) {
            const AttendInput& input = pass_.input_;
            for (std::int64_t head = 0; head < group_of(input); ++head) {
                const std::int64_t first_head = kv_head * group_of(input);
                const std::int64_t kind = input.mask->kind_of(first_head + head);
                std::uint64_t* const visible = visible_.data() + head * pass_.queries_;
                if (head > 0 && input.mask->kind_of(first_head + head - 1) == kind) {
                    for (std::int64_t query = 0; query < pass_.queries_; ++query) {
                        visible[query] = visible[query - pass_.queries_];
                    }
                    continue;
                }
                for (std::int64_t query = 0; query < pass_.queries_; ++query) {
                    visible[query] = pass_.rows_.bits(kind, query, tile);
                }
            }
            if (!score_tiles_.empty()) {
                scoring_.choose_columns({tile * decode_keys, tile * decode_keys + block_.tile->count});
                for (std::int64_t head = 0; head < group_of(input); ++head) {
                    // The positions of rows are the same for all heads.
                    scoring_.choose_rows(kv_head * group_of(input) + head, {0, pass_.queries_});
                    score_tiles_[static_cast<std::size_t>(head)] = *scoring_.tile();
                }
            }
        }

        void attend_plainly(std::size_t piece) {
            const DecodePiece& asked = pass_.pieces_[piece];
            const std::vector<std::int64_t>& tiles = pass_.rows_.tiles(asked.kv_head);
            const std::int64_t group = group_of(pass_.input_);
            const std::int64_t lanes = pass_.functions_.geometry.lanes;
            PlainRows plain(pass_.input_, pass_.scale_);
            pass_.states_.reset(piece);
            for (std::int64_t row = 0; row < group * pass_.queries_; ++row) {
                const std::int64_t head = asked.kv_head * group + row / pass_.queries_;
                const std::int64_t kind = pass_.input_.mask->kind_of(head);
                const RowState state{block_.output + row * block_.output_stride, block_.maximum + row,
                                     block_.sums + row * lanes, lanes};
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
        std::int64_t loaded_kv_head_ = -1;    // whose queries they are
        std::vector<float> rows_;             // of queries, before they are packed
        std::vector<std::uint64_t> visible_;  // of each row; a vector's bits are read eight bytes at a time
        TileScoring scoring_;
        std::vector<ScoreTile> score_tiles_;  // of each head of the group; none where scores are products
        std::array<DecodeTile, 2> tiles_;
        DecodeBlock block_;
    };

    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }

    void merge_pieces(ThreadTeam& team) {
        // The pieces of each key/value head.
        std::vector<Range> pieces(static_cast<std::size_t>(input_.keys.heads));
        for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
            Range& own = pieces[static_cast<std::size_t>(pieces_[piece].kv_head)];
            own = {own.empty() ? static_cast<std::int64_t>(piece) : own.begin, static_cast<std::int64_t>(piece) + 1};
        }
        const std::int64_t group = group_of(input_);
        team.for_each_range(input_.queries.heads * queries_, 1, [&](std::int64_t begin, std::int64_t end) {
            DecodedRow merged;
            merged.output.resize(static_cast<std::size_t>(out_.dim()));
            for (std::int64_t i = begin; i < end; ++i) {
                const std::int64_t head = i / queries_;
                states_.merge(pieces[static_cast<std::size_t>(head / group)], i - head / group * group * queries_,
                              scale_, !input_.scoring.is_sigmoid(), merged);
                store_row(head, i % queries_, merged);
            }
        });
        if (hooks_.head_pairs_done != nullptr) {
            *hooks_.head_pairs_done += rows_.head_pairs();
        }
    }

    void store_row(std::int64_t head, std::int64_t query, const DecodedRow& merged) {
        const bool sigmoid = input_.scoring.is_sigmoid();
        float* into = out_.output().row(head, query);
        const double divisor = sigmoid ? 1.0 : merged.sum;
        for (std::size_t d = 0; d < merged.output.size(); ++d) {
            into[d] = divisor == 0.0 ? 0.0F : static_cast<float>(merged.output[d] / divisor);
        }
        const double scale = scored_ ? 1.0 : std::abs(input_.scale);
        out_.lse(head)[query] = sigmoid || merged.sum == 0.0
                                    ? minus_infinity
                                    : static_cast<float>(merged.maximum * scale + std::log(merged.sum));
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
    std::int64_t output_stride_;
    std::vector<DecodePiece> pieces_;
    DecodeStates states_;
    bool scored_;
    float scale_;
};

}  // namespace

bool is_decode(const AttendInput& input) {
    // A tile is told one type of keys and values.
    return group_of(input) * input.queries.tokens <= max_decode_rows && input.keys.dtype == input.values.dtype;
}

DecodePlan default_decode_plan(const AttendInput& input) {
    // A part begins with keys that nothing has fetched ahead: of long sequences they are longer.
    constexpr std::int64_t least_bytes = 512 << 10;
    constexpr std::int64_t most_bytes = 4 << 20;
    const std::int64_t bytes =
        input.keys.heads * input.keys.tokens * (input.keys.dim + input.values.dim) * size_bytes(input.keys.dtype);
    return {DecodeSplit::stream, std::clamp<std::int64_t>(bytes / least_bytes, 1, 64 + bytes / most_bytes)};
}

void attend_decode(const AttendInput& input, Partial& out, const AttendHooks& hooks, const DecodePlan& plan,
                   const TileFunctions& functions, int threads, SpareBuffers& spare) {
    DecodePass(input, out, hooks, plan, functions, threads, spare).run();
}

}  // namespace longscope::cpu
