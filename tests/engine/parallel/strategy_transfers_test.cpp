// SPDX-License-Identifier: GPL-3.0-or-later
// What moves at 4, 6 and 8 ranks, from whom to whom in which step, as the papers have it: each list is written from the
// method's description. Strategies with lists in tests of their own are double_ring, light_seq, dist_ca, rsa and
// tensor_parallel.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <ostream>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr std::int64_t own = 100;   // tokens of a rank
constexpr std::int64_t heads = 24;  // of queries, and of keys and values

// Bytes of so many heads of so many tokens: dimensions 16 and 24, float32.
std::int64_t queries(std::int64_t tokens, std::int64_t of_heads) {
    return tokens * of_heads * 16 * 4;
}
std::int64_t keys_and_values(std::int64_t tokens, std::int64_t of_heads) {
    return tokens * of_heads * (16 + 24) * 4;
}
std::int64_t output_with_lse(std::int64_t tokens, std::int64_t of_heads) {
    return tokens * of_heads * (24 + 1) * 4;
}

struct Move {
    std::int64_t step;
    std::int64_t from;
    std::int64_t to;
    std::int64_t bytes;

    [[nodiscard]] auto operator<=>(const Move&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Move& move) {
        return out << "step " << move.step << ": " << move.from << " to " << move.to << ", " << move.bytes << " bytes";
    }
};

class Moves {
  public:
    void add(std::int64_t step, std::int64_t from, std::int64_t to, std::int64_t bytes) {
        list_.push_back({step, from, to, bytes});
    }
    [[nodiscard]] std::vector<Move> sorted() const {
        std::vector<Move> moves = list_;
        std::sort(moves.begin(), moves.end());
        return moves;
    }

  private:
    std::vector<Move> list_;
};

// Forward, tokens in order, 100 to a rank.
void expect_moves(const char* strategy, std::int64_t ranks, const Moves& expected, const char* mask,
                  const StrategyOptions& options, std::int64_t of_heads) {
    DispatchedCase c(self_attention({1, of_heads, of_heads, 16, 24, DType::float32}, own * ranks, {}, mask),
                     "contiguous", ranks);
    c.options = options;
    Moves moves;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        for (const Operation& operation : find_strategy(strategy).write(Pass::forward, c.input(rank)).operations) {
            if (operation.kind == OperationKind::send) {
                moves.add(operation.step, rank, operation.peer, operation.bytes);
            }
            for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
                if (static_cast<std::int64_t>(peer) != rank && operation.sent_bytes[peer] > 0) {
                    moves.add(operation.step, rank, static_cast<std::int64_t>(peer), operation.sent_bytes[peer]);
                }
            }
        }
    }
    EXPECT_EQ(moves.sorted(), expected.sorted()) << strategy << " over " << ranks << " ranks";
}

constexpr const char* causal = R"({"causal": {}})";
// The first token of a rank sees 150 before it: all of one rank and half of another.
constexpr const char* window = R"({"window": {"left": 150, "right": 0}})";
constexpr std::array<std::int64_t, 3> rank_counts{4, 6, 8};

// Calls `action` for each two different ranks.
void for_pairs(std::int64_t ranks, const std::function<void(std::int64_t from, std::int64_t to)>& action) {
    for (std::int64_t from = 0; from < ranks; ++from) {
        for (std::int64_t to = 0; to < ranks; ++to) {
            if (from != to) {
                action(from, to);
            }
        }
    }
}

// Liu, Zaharia, Abbeel 2023, "Ring Attention": N - 1 times every rank sends a block to the next.
TEST(TransfersOfPapers, Ring) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for (std::int64_t step = 0; step < ranks - 1; ++step) {
            for (std::int64_t rank = 0; rank < ranks; ++rank) {
                moves.add(step, rank, (rank + 1) % ranks, keys_and_values(own, heads));
            }
        }
        expect_moves("ring", ranks, moves, causal, {}, heads);
    }
}

TEST(TransfersOfPapers, AllGather) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for_pairs(ranks,
                  [&](std::int64_t from, std::int64_t to) { moves.add(0, from, to, keys_and_values(own, heads)); });
        expect_moves("all_gather", ranks, moves, causal, {}, heads);
    }
}

// As ring-flash-attention does what Llama 3 was trained with: keys and values of a few heads at a time, those of the
// next piece while one is computed.
TEST(TransfersOfPapers, AllGatherOfFourHeadsAtATime) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for (const std::int64_t step : {0, 0, 1, 2, 3, 4}) {
            for_pairs(ranks,
                      [&](std::int64_t from, std::int64_t to) { moves.add(step, from, to, keys_and_values(own, 4)); });
        }
        StrategyOptions options;
        options.head_stride = 4;
        expect_moves("llama3_all_gather", ranks, moves, causal, options, heads);
    }
}

// Jacobs et al. 2023, "DeepSpeed Ulysses": each rank gets N-th of the heads of all tokens, and returns
// theirs.
TEST(TransfersOfPapers, Ulysses) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for_pairs(ranks, [&](std::int64_t from, std::int64_t to) {
            moves.add(0, from, to, queries(own, heads / ranks));
            moves.add(0, from, to, keys_and_values(own, heads / ranks));
            moves.add(2, from, to, output_with_lse(own, heads / ranks));
        });
        expect_moves("ulysses", ranks, moves, causal, {}, heads);
    }
}

// 10 heads: 3 3 2 2, or 2 2 2 2 1 1, or 2 2 1 1 1 1 1 1.
TEST(TransfersOfPapers, UlyssesWithUnevenHeads) {
    for (const std::vector<std::int64_t>& shares :
         std::vector<std::vector<std::int64_t>>{{3, 3, 2, 2}, {2, 2, 2, 2, 1, 1}, {2, 2, 1, 1, 1, 1, 1, 1}}) {
        const auto ranks = static_cast<std::int64_t>(shares.size());
        Moves moves;
        for_pairs(ranks, [&](std::int64_t from, std::int64_t to) {
            const std::int64_t theirs = shares[static_cast<std::size_t>(to)];
            moves.add(0, from, to, queries(own, theirs));
            moves.add(0, from, to, keys_and_values(own, theirs));
            moves.add(2, to, from, output_with_lse(own, theirs));
        });
        expect_moves("ulysses_uneven", ranks, moves, causal, {}, 10);
    }
}

// Fang and Zhao 2024, "USP": pairs exchange half of the heads, then the tokens of a pair go round among
// those who compute the same heads.
TEST(TransfersOfPapers, UspInPairs) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        const std::int64_t pairs = ranks / 2;
        for (std::int64_t pair = 0; pair < pairs; ++pair) {
            for (const auto& [from, to] : {std::pair{2 * pair, 2 * pair + 1}, {2 * pair + 1, 2 * pair}}) {
                moves.add(0, from, to, queries(own, heads / 2));
                moves.add(0, from, to, keys_and_values(own, heads / 2));
                for (std::int64_t hop = 0; hop < pairs - 1; ++hop) {
                    moves.add(1 + hop, from, (from + 2) % ranks, keys_and_values(2 * own, heads / 2));
                }
                moves.add(1 + pairs, from, to, output_with_lse(own, heads / 2));
            }
        }
        StrategyOptions options;
        options.ulysses = 2;
        expect_moves("usp", ranks, moves, causal, options, heads);
    }
}

// Wang et al. 2024, "TokenRing": queries go on, results straight back to where their queries came from.
TEST(TransfersOfPapers, TokenRing) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            for (std::int64_t hop = 1; hop < ranks; ++hop) {
                moves.add(hop - 1, rank, (rank + 1) % ranks, queries(own, heads));
                moves.add(hop, rank, (rank + ranks - hop) % ranks, output_with_lse(own, heads));
            }
        }
        expect_moves("token_ring", ranks, moves, causal, {}, heads);
    }
}

// What the window of 150 reaches: the rank before, and the later half of the one before that, which goes on with it.
TEST(TransfersOfPapers, RingThatCarriesOnlyWhatIsSeen) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for (std::int64_t rank = 0; rank + 1 < ranks; ++rank) {
            moves.add(0, rank, rank + 1, keys_and_values(own, heads));
            if (rank > 0) {
                moves.add(1, rank, rank + 1, keys_and_values(50, heads));
            }
        }
        expect_moves("pruned_ring", ranks, moves, window, {}, heads);
    }
}

// The halo of Tan et al. 2024, "Video-Infinity": the same, each from its owner.
TEST(TransfersOfPapers, GroupCastOfAHalo) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for (std::int64_t rank = 0; rank + 1 < ranks; ++rank) {
            moves.add(0, rank, rank + 1, keys_and_values(own, heads));
            if (rank + 2 < ranks) {
                moves.add(0, rank, rank + 2, keys_and_values(50, heads));
            }
        }
        StrategyOptions options;
        options.stages = 1;
        expect_moves("group_cast", ranks, moves, window, options, heads);
    }
}

// Flash-decoding (Dao, Haziza, Massa, Sizov 2023) over ranks: queries to all, and a partial result of each back from
// everyone.
TEST(TransfersOfPapers, SplitKv) {
    for (const std::int64_t ranks : rank_counts) {
        Moves moves;
        for_pairs(ranks, [&](std::int64_t from, std::int64_t to) {
            moves.add(0, from, to, queries(own, heads));
            moves.add(2, from, to, output_with_lse(own, heads));
        });
        expect_moves("split_kv", ranks, moves, causal, {}, heads);
    }
}

}  // namespace
}  // namespace longscope
