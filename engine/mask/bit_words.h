// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a matrix as bits, 64 keys a word: key k is bit k % 64, counted from the lowest, of word k / 64.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

inline constexpr std::int64_t bits_a_word = 64;

[[nodiscard]] inline std::int64_t words_of(std::int64_t bits) {
    return (bits + bits_a_word - 1) / bits_a_word;
}

// The lowest `bits` of a word, 0 to 64.
[[nodiscard]] inline std::uint64_t low_bits(std::int64_t bits) {
    return bits == 0 ? 0 : ~std::uint64_t{0} >> static_cast<unsigned>(bits_a_word - bits);
}

// Of the word with this index, the bits in a range of bits.
[[nodiscard]] inline std::uint64_t bits_of_word(std::int64_t word, Range bits) {
    const Range part{std::max<std::int64_t>(bits.begin - word * bits_a_word, 0),
                     std::min<std::int64_t>(bits.end - word * bits_a_word, bits_a_word)};
    return part.empty() ? 0 : low_bits(part.end) & ~low_bits(part.begin);
}

// Calls visit(word index, bits) for the words that share bits with a range; those between the ends have all.
template <typename Visit>
void visit_words(Range bits, const Visit& visit) {
    if (bits.empty()) {
        return;
    }
    const std::int64_t first = bits.begin / bits_a_word;
    const std::int64_t last = (bits.end - 1) / bits_a_word;
    if (first == last) {
        visit(first, bits_of_word(first, bits));
        return;
    }
    visit(first, bits_of_word(first, bits));
    for (std::int64_t word = first + 1; word < last; ++word) {
        visit(word, ~std::uint64_t{0});
    }
    visit(last, bits_of_word(last, bits));
}

inline void set_bits(std::span<std::uint64_t> words, Range bits) {
    visit_words(bits, [&](std::int64_t word, std::uint64_t those) { words[static_cast<std::size_t>(word)] |= those; });
}

// Appends the runs of ones, of words that begin with bit `first`; a run that begins where the last one of `runs` ends
// goes on with it.
void append_bit_runs(std::span<const std::uint64_t> words, std::int64_t first, std::vector<Range>& runs);

// Appends a run likewise.
inline void append_joined(Range run, std::vector<Range>& runs) {
    if (!runs.empty() && runs.back().end == run.begin) {
        runs.back().end = run.end;
    } else {
        runs.push_back(run);
    }
}

// The mirror image of 64 rows of one word each.
void transpose_words(std::span<std::uint64_t, 64> rows);

}  // namespace longscope
