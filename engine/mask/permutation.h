// SPDX-License-Identifier: GPL-3.0-or-later
// Tokens in another order: which token stands at each position. Kept as pieces in which tokens follow one another in
// equal steps, so that reversing, interleaving and tiling a long sequence take no more than they have of these.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

// The positions begin, begin + 1, ... hold the tokens first, first + step, ...: `count` of them.
struct PermutationPiece {
    std::int64_t begin = 0;
    std::int64_t first = 0;
    std::int64_t step = 1;  // may be negative; not 0
    std::int64_t count = 0;

    [[nodiscard]] std::int64_t token(std::int64_t position) const { return first + (position - begin) * step; }
    [[nodiscard]] Range positions() const { return {begin, begin + count}; }
    // From the least to the greatest token.
    [[nodiscard]] Range tokens() const;
    // The positions whose tokens lie in the range.
    [[nodiscard]] Range positions_of(Range tokens) const;
};

class Permutation {
  public:
    // More take more memory than a mask is worth.
    static constexpr std::int64_t max_pieces = std::int64_t{1} << 24;

    explicit Permutation(std::int64_t tokens) { append_run(0, tokens); }  // as they are
    // Holds each number below the size once.
    explicit Permutation(const std::vector<std::int64_t>& order);
    // To be appended to.
    Permutation() = default;

    // The next positions hold these tokens, in ascending order, or step by step. In the end each token stands once.
    void append_run(std::int64_t first, std::int64_t count) { append({tokens_, first, 1, count}); }
    void append_steps(std::int64_t first, std::int64_t step, std::int64_t count) {
        append({tokens_, first, step, count});
    }

    [[nodiscard]] std::int64_t tokens() const { return tokens_; }
    // Ascending and without gaps.
    [[nodiscard]] const std::vector<PermutationPiece>& pieces() const { return pieces_; }
    [[nodiscard]] bool is_identity() const { return pieces_.empty() || (pieces_.size() == 1 && pieces_[0].step == 1); }
    [[nodiscard]] std::int64_t token(std::int64_t position) const { return piece_at(position)->token(position); }
    // Calls visit(piece, positions) for the pieces that hold some of the positions.
    template <typename Visit>
    void visit_pieces(Range positions, Visit visit) const {
        for (auto piece = piece_at(positions.begin); piece != pieces_.end() && piece->begin < positions.end; ++piece) {
            visit(*piece, intersect(piece->positions(), positions));
        }
    }

    // At which position each token stands. Takes memory in proportion to the tokens for a while.
    [[nodiscard]] Permutation inverse() const;

  private:
    using Place = std::vector<PermutationPiece>::const_iterator;
    [[nodiscard]] Place piece_at(std::int64_t position) const;
    void append(const PermutationPiece& piece);

    std::vector<PermutationPiece> pieces_;
    std::int64_t tokens_ = 0;
};

}  // namespace longscope
