// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/seen_columns.h"

#include <algorithm>

namespace longscope {

namespace {

constexpr auto bytes_a_word = static_cast<std::int64_t>(sizeof(std::uint64_t));

}  // namespace

void SeenColumns::add(const std::vector<Range>& runs) {
    kept_.push_back(static_cast<std::uint32_t>(kept_.empty() ? 0 : kept_.back() + 1));
    if (words_in_use()) {
        add_bits(runs.data(), runs.data() + runs.size());
        return;
    }
    runs_.insert(runs_.end(), runs.begin(), runs.end());
    starts_.push_back(runs_.size());
    // Not for the first row that sees much: those behind it may see little.
    const auto taken = static_cast<std::int64_t>(runs_.size() * sizeof(Range));
    const std::int64_t rows = std::max(static_cast<std::int64_t>(starts_.size()) - 1, rows_ / 8);
    if (taken > rows * words_ * bytes_a_word) {
        bits_.reserve(static_cast<std::size_t>(rows_ * words_));
        for (std::size_t kept = 0; kept + 1 < starts_.size(); ++kept) {
            add_bits(runs_.data() + starts_[kept], runs_.data() + starts_[kept + 1]);
        }
        runs_ = {};
        starts_ = {};
    }
}

void SeenColumns::add_bits(const Range* begin, const Range* end) {
    const std::size_t first = bits_.size();
    bits_.resize(first + static_cast<std::size_t>(words_));
    const std::span<std::uint64_t> row = std::span(bits_).subspan(first);
    for (const Range* run = begin; run != end; ++run) {
        set_bits(row, *run);
    }
}

void SeenColumns::set_seen(std::int64_t row, Range columns, std::span<std::uint64_t> words) const {
    if (words_in_use()) {
        const std::int64_t first = columns.begin / bits_a_word;
        const auto kept = static_cast<std::int64_t>(kept_[static_cast<std::size_t>(row)]);
        const std::int64_t count = std::min(words_of(columns.size()), words_ - first);
        std::copy_n(bits_.data() + kept * words_ + first, count, words.begin());
        return;
    }
    for_each(row, columns, [&](Range seen) {
        set_bits(words, {seen.begin - columns.begin, seen.end - columns.begin});
    });
}

void SeenColumns::finish() {
    kept_.shrink_to_fit();
    starts_.shrink_to_fit();
    runs_.shrink_to_fit();
    bits_.shrink_to_fit();
}

std::int64_t SeenColumns::bytes() const {
    return static_cast<std::int64_t>(kept_.size() * sizeof(kept_[0]) + starts_.size() * sizeof(starts_[0]) +
                                     runs_.size() * sizeof(runs_[0]) + bits_.size() * sizeof(bits_[0]));
}

}  // namespace longscope
