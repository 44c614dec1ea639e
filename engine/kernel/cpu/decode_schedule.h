// SPDX-License-Identifier: GPL-3.0-or-later
// How the keys of a call with few query rows are shared out: as pieces, each of consecutive tiles of one key/value
// head, whose partial results are merged in order.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope::cpu {

enum class DecodeSplit {
    unsplit,  // a piece for each head
    fixed,    // so many pieces of about one length for each head (split-KV; FlashDecoding)
    stream,   // the tiles of all heads as one list, cut into so many parts of one length, and at heads
              // (stream-K; LeanAttention, Sanovar et al. 2024)
};

struct DecodePiece {
    std::int64_t part = 0;  // the pieces of a part are computed by one thread, one after the other
    std::int64_t kv_head = 0;
    Range tiles;  // positions in the list of tiles that are seen
    [[nodiscard]] bool operator==(const DecodePiece&) const = default;
};

// Pieces in the order of heads and tiles; none is empty. `tiles` are so many of each key/value head. `parts` counts
// from 1 and means nothing where it is not split.
[[nodiscard]] std::vector<DecodePiece> decode_pieces(DecodeSplit split, std::int64_t parts,
                                                     const std::vector<std::int64_t>& tiles);

// The largest share of tiles that one of `workers` has to compute over an even share, when each takes the next piece as
// it becomes free; 1 when there is nothing to do.
[[nodiscard]] double decode_imbalance(const std::vector<DecodePiece>& pieces, int workers);

}  // namespace longscope::cpu
