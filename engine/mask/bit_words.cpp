// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/bit_words.h"

namespace longscope {

void append_bit_runs(std::span<const std::uint64_t> words, std::int64_t first, std::vector<Range>& runs) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::int64_t base = first + static_cast<std::int64_t>(i) * bits_a_word;
        std::uint64_t rest = words[i];
        std::int64_t at = 0;
        while (rest != 0) {
            const int skipped = std::countr_zero(rest);
            rest >>= static_cast<unsigned>(skipped);
            at += skipped;
            const int length = std::countr_one(rest);
            append_joined({base + at, base + at + length}, runs);
            at += length;
            rest = length == bits_a_word ? 0 : rest >> static_cast<unsigned>(length);
        }
    }
}

// Halves that lie across the diagonal change places, then their quarters, down to single bits.
void transpose_words(std::span<std::uint64_t, 64> rows) {
    std::uint64_t low = 0x0000'0000'FFFF'FFFF;
    for (std::size_t side = 32; side != 0; side /= 2, low ^= low << side) {
        for (std::size_t row = 0; row < 64; row = (row + side + 1) & ~side) {
            const std::uint64_t changed = (rows[row] >> side ^ rows[row + side]) & low;
            rows[row] ^= changed << side;
            rows[row + side] ^= changed;
        }
    }
}

}  // namespace longscope
