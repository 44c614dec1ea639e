// SPDX-License-Identifier: GPL-3.0-or-later
// Fetches keys and values of a decode call from memory while those before them are computed.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_LINES_AHEAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_LINES_AHEAD_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_LINES_AHEAD_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_LINES_AHEAD_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "engine/kernel/cpu/tile_functions.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

constexpr std::int64_t cache_line_bytes = 64;

// Of a row that begins at one.
constexpr std::int64_t lines_of(std::int64_t row_bytes) {
    return (row_bytes + cache_line_bytes - 1) / cache_line_bytes;
}

// Lines of the cache that lie one behind the other.
struct Lines {
    const char* begin;
    const char* end;
};

// What is read a little later than the tile that is computed, in that order: the rest of its keys, its values, the
// first keys of the next tile. So much ahead: more than memory takes to answer, less than the cache holds.
class LinesToCome {
  public:
    HWY_INLINE LinesToCome(const DecodeBlock& block, std::int64_t element_bytes) {
        constexpr std::int64_t distance_bytes = 24 << 10;
        const std::int64_t key_bytes = block.dim_qk * element_bytes;
        const std::int64_t value_bytes = block.dim_v * element_bytes;
        const std::int64_t rows = distance_bytes / (key_bytes > value_bytes ? key_bytes : value_bytes);
        const std::int64_t skipped = rows < decode_keys ? rows : decode_keys;
        parts_[0] = {block.tile->keys + skipped, decode_keys - skipped, key_bytes};
        parts_[1] = {block.tile->values, decode_keys, value_bytes};
        parts_[2] = {block.next->keys, block.next->count > 0 ? skipped : 0, key_bytes};
        count_ = decode_keys * (lines_of(key_bytes) + lines_of(value_bytes));
    }

    // About so many of them.
    [[nodiscard]] HWY_INLINE std::int64_t count() const { return count_; }
    // The next rows without a gap; null at the end. Out of line: it is rare, and loops shall not carry its code along.
    [[nodiscard]] HWY_NOINLINE Lines take() {
        while (part_ < 3 && parts_[part_].count == 0) {
            ++part_;
        }
        if (part_ == 3) {
            return {nullptr, nullptr};
        }
        Rows& rows = parts_[part_];
        Lines lines{static_cast<const char*>(*rows.first), static_cast<const char*>(*rows.first)};
        do {
            lines.end += rows.row_bytes;
            ++rows.first;
            --rows.count;
        } while (rows.count > 0 && *rows.first == lines.end);
        return lines;
    }

  private:
    struct Rows {
        const void* const* first;
        std::int64_t count;
        std::int64_t row_bytes;
    };
    Rows parts_[3];
    int part_ = 0;
    std::int64_t count_ = 0;
};

// Fetches lines to come into the second-level cache while a tile is computed. Evenly over the arithmetic, because lines
// that are on their way take the buffers that every read beside the first-level cache needs as well; and in the order
// of memory, because there the processor itself fetches ahead.
class LinesAhead {
  public:
    // `cycles`: what the whole tile takes, about, where nothing waits for memory.
    HWY_INLINE LinesAhead(LinesToCome& to_come, std::int64_t cycles)
        : to_come_(&to_come), lines_(to_come.take()), per_cycle_(to_come.count() * one_line / cycles + 1) {}

    // What belongs to so many cycles.
    HWY_INLINE void fetch(std::int64_t cycles) {
        for (due_ += cycles * per_cycle_; due_ >= one_line; due_ -= one_line) {
            __builtin_prefetch(lines_.begin, 0, 2);
            lines_.begin += cache_line_bytes;
            if (HWY_UNLIKELY(lines_.begin >= lines_.end)) {
                lines_ = to_come_->take();
                if (lines_.begin == nullptr) {
                    per_cycle_ = 0;
                    due_ = 0;
                }
            }
        }
    }

  private:
    static constexpr std::int64_t one_line = 1024;

    LinesToCome* to_come_;
    Lines lines_;
    std::int64_t due_ = 0;
    std::int64_t per_cycle_;  // lines times one_line
};

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
