// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/permutation.h"

#include <algorithm>
#include <cstdlib>

#include "engine/mask/stripe.h"

namespace longscope {

Range PermutationPiece::tokens() const {
    const std::int64_t last = first + (count - 1) * step;
    return {std::min(first, last), std::max(first, last) + 1};
}

Range PermutationPiece::positions_of(Range tokens) const {
    Range steps =
        step > 0 ? Range{ceil_divided(tokens.begin - first, step), ceil_divided(tokens.end - first, step)}
                 : Range{floor_divided(first - tokens.end, -step) + 1, floor_divided(first - tokens.begin, -step) + 1};
    steps = intersect(steps, {0, count});
    return {begin + steps.begin, begin + steps.end};
}

Permutation::Permutation(const std::vector<std::int64_t>& order) {
    // A step makes a piece where it is taken twice; so that a list without any order does not fall into pairs.
    std::size_t at = 0;
    while (at < order.size()) {
        std::size_t end = at + 1;
        const std::int64_t step = end < order.size() ? order[end] - order[at] : 1;
        while (end < order.size() && order[end] - order[end - 1] == step) {
            ++end;
        }
        const bool is_run = end - at > 2 || std::abs(step) == 1;
        end = is_run ? end : at + 1;
        append({tokens_, order[at], is_run ? step : 1, static_cast<std::int64_t>(end - at)});
        at = end;
    }
}

void Permutation::append(const PermutationPiece& piece) {
    if (piece.count <= 0) {
        return;
    }
    tokens_ += piece.count;
    if (!pieces_.empty()) {
        PermutationPiece& last = pieces_.back();
        const bool same_step = (last.step == piece.step || piece.count == 1) && last.token(piece.begin) == piece.first;
        if (same_step) {
            last.count += piece.count;
            return;
        }
    }
    pieces_.push_back(piece);
}

Permutation::Place Permutation::piece_at(std::int64_t position) const {
    const auto after =
        std::upper_bound(pieces_.begin(), pieces_.end(), position,
                         [](std::int64_t value, const PermutationPiece& piece) { return value < piece.begin; });
    return after == pieces_.begin() ? after : std::prev(after);
}

Permutation Permutation::inverse() const {
    std::vector<std::int64_t> places(static_cast<std::size_t>(tokens_));
    for (const PermutationPiece& piece : pieces_) {
        for (std::int64_t position = piece.begin; position < piece.begin + piece.count; ++position) {
            places[static_cast<std::size_t>(piece.token(position))] = position;
        }
    }
    return Permutation(places);
}

}  // namespace longscope
