// SPDX-License-Identifier: GPL-3.0-or-later
// What rows of a tile see: local columns, as runs or, where these would take more memory, as bits. Rows that see the
// same one after the other are kept once.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/mask/bit_words.h"
#include "engine/mask/zone.h"

namespace longscope {

class SeenColumns {
  public:
    SeenColumns() = default;
    // Of at most so many rows and columns.
    SeenColumns(std::int64_t rows, std::int64_t columns) : rows_(rows), words_(words_of(columns)) {}

    // The next row: ascending, disjoint runs.
    void add(const std::vector<Range>& runs);
    // As the row before.
    void add_same() { kept_.push_back(kept_.back()); }
    // Gives back what was reserved for more rows.
    void finish();

    // The same number for rows of which the later ones were told to be as those before them.
    [[nodiscard]] std::size_t alike(std::int64_t row) const { return kept_[static_cast<std::size_t>(row)]; }

    // Calls body(Range) for what a row sees of `columns`, ascending.
    template <typename Body>
    void for_each(std::int64_t row, Range columns, const Body& body) const {
        const std::size_t kept = kept_[static_cast<std::size_t>(row)];
        if (words_in_use()) {
            for_each_bit_run(bits_.data() + kept * static_cast<std::size_t>(words_), columns, body);
            return;
        }
        const Range* const end = runs_.data() + starts_[kept + 1];
        const Range* run = std::partition_point(runs_.data() + starts_[kept], end,
                                                [&](const Range& one) { return one.end <= columns.begin; });
        for (; run != end && run->begin < columns.end; ++run) {
            body(intersect(*run, columns));
        }
    }
    // Sets the bits of what a row sees of `columns`, which begin at a word, in words that are 0.
    void set_seen(std::int64_t row, Range columns, std::span<std::uint64_t> words) const;
    [[nodiscard]] std::int64_t bytes() const;

  private:
    [[nodiscard]] bool words_in_use() const { return !bits_.empty(); }
    void add_bits(const Range* begin, const Range* end);
    template <typename Body>
    void for_each_bit_run(const std::uint64_t* bits, Range columns, const Body& body) const;

    std::int64_t rows_ = 0;
    std::int64_t words_ = 0;                 // 64-bit words of a row of bits
    std::vector<std::uint32_t> kept_;        // of each row
    std::vector<std::size_t> starts_ = {0};  // of the runs of those that are kept, and their end
    std::vector<Range> runs_;
    std::vector<std::uint64_t> bits_;  // of those that are kept, in place of runs
};

template <typename Body>
void SeenColumns::for_each_bit_run(const std::uint64_t* bits, Range columns, const Body& body) const {
    // The first position from `at` on whose bit is `value`, at most `columns.end`.
    const auto next = [&](std::int64_t at, bool value) {
        while (at < columns.end) {
            const std::int64_t word = at / bits_a_word;
            const std::uint64_t left = (value ? bits[word] : ~bits[word]) >> (at % bits_a_word);
            if (left != 0) {
                return std::min<std::int64_t>(at + std::countr_zero(left), columns.end);
            }
            at = (word + 1) * bits_a_word;
        }
        return columns.end;
    };
    columns.end = std::min(columns.end, words_ * bits_a_word);
    for (std::int64_t begin = next(columns.begin, true); begin < columns.end;) {
        const std::int64_t end = next(begin, false);
        body(Range{begin, end});
        begin = next(end, true);
    }
}

}  // namespace longscope
