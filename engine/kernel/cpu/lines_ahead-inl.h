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

// Rows at one distance: the next line, the end of its row, and the rows behind that.
struct LineRun {
    const char* begin = nullptr;
    const char* end = nullptr;
    std::int64_t rows_left = 0;
    std::int64_t row_bytes = 0;
    std::int64_t gap_bytes = 0;  // between rows

    // To the next line. False at the end.
    HWY_INLINE bool advance() {
        begin += cache_line_bytes;
        if (HWY_UNLIKELY(begin >= end)) {
            begin = end + gap_bytes;
            end = begin + row_bytes;
            return --rows_left >= 0;
        }
        return true;
    }
};

// The next tile in two streams: keys and values, or two halves of the keys where values are their first elements.
class NextRows {
  public:
    HWY_INLINE NextRows(const DecodeBlock& block, std::int64_t element_bytes) {
        const DecodeTile& next = *block.next;
        if (next.count == 0) {
            return;
        }
        const bool are_one = next.values[0] == next.keys[0] && block.dim_v <= block.dim_qk;
        const std::int64_t half = decode_keys / 2;
        const std::int64_t key_bytes = block.dim_qk * element_bytes;
        const std::int64_t value_bytes = block.dim_v * element_bytes;
        if (are_one) {
            streams_[0] = {&next.keys, 0, half, key_bytes};
            streams_[1] = {&next.keys, half, decode_keys, key_bytes};
            lines_ = half * lines_of(key_bytes);
        } else {
            streams_[0] = {&next.keys, 0, decode_keys, key_bytes};
            streams_[1] = {&next.values, 0, decode_keys, value_bytes};
            lines_ = decode_keys * lines_of(key_bytes > value_bytes ? key_bytes : value_bytes);
        }
    }

    // Of the longer stream.
    [[nodiscard]] HWY_INLINE std::int64_t lines() const { return lines_; }
    // The next rows of a stream at one distance; at its end the last one again, and null where both have ended. Out of
    // line: it is rare, and loops shall not carry its code along.
    [[nodiscard]] HWY_NOINLINE LineRun take(int stream) {
        Stream& rows = streams_[stream];
        if (rows.next == rows.end) {
            if (streams_[1 - stream].next == streams_[1 - stream].end) {
                return {};
            }
            --rows.next;
        }
        const auto at = [&](std::int64_t row) { return static_cast<const char*>((*rows.of)[row]); };
        LineRun run;
        run.begin = at(rows.next);
        run.end = run.begin + rows.row_bytes;
        run.row_bytes = rows.row_bytes;
        ++rows.next;
        if (rows.next != rows.end) {
            const std::int64_t stride = at(rows.next) - at(rows.next - 1);
            run.gap_bytes = stride - rows.row_bytes;
            // A last row at that distance as well speaks for all in between, which saves looking at each of them;
            // should it be wrong, what is fetched is not needed.
            const std::int64_t left = rows.end - rows.next;
            if (rows.of->is_strided || at(rows.end - 1) - run.begin == left * stride) {
                rows.next = rows.end;
                run.rows_left = left;
            }
            while (rows.next != rows.end && at(rows.next) - at(rows.next - 1) == stride) {
                ++rows.next;
                ++run.rows_left;
            }
            if (run.gap_bytes == 0) {
                run.end += run.rows_left * rows.row_bytes;
                run.rows_left = 0;
            }
        }
        return run;
    }

  private:
    struct Stream {
        const DecodeTileRows* of = nullptr;
        std::int64_t next = 0;
        std::int64_t end = 0;
        std::int64_t row_bytes = 0;
    };
    Stream streams_[2];
    std::int64_t lines_ = 0;
};

// Fetches the next tile while one is computed, into the second-level cache: the first would lose what is read now.
// Evenly over the arithmetic, because lines that are on their way take the buffers that every read beside the
// first-level cache needs as well; in the order of memory, because there the processor itself fetches ahead, as far as
// a page; and two streams side by side, so that one goes on where a page of the other ends.
class LinesAhead {
  public:
    // `cycles`: what the whole tile takes, about, where nothing waits for memory.
    HWY_INLINE LinesAhead(NextRows& next, std::int64_t cycles) : next_(&next) {
        if (next.lines() > 0) {
            per_cycle_ = next.lines() * one_line / cycles + 1;
            first_ = next.take(0);
            second_ = next.take(1);
        }
    }

    // What belongs to so many cycles.
    HWY_INLINE void fetch(std::int64_t cycles) {
        due_ += cycles * per_cycle_;
        std::int64_t count = due_ >> line_bits;
        due_ &= one_line - 1;
        if (HWY_LIKELY(first_.begin + count * cache_line_bytes < first_.end &&
                       second_.begin + count * cache_line_bytes < second_.end)) {
            const char* first = first_.begin;
            const char* second = second_.begin;
            first_.begin += count * cache_line_bytes;
            second_.begin += count * cache_line_bytes;
            for (; count > 0; --count, first += cache_line_bytes, second += cache_line_bytes) {
                __builtin_prefetch(first, 0, 2);
                __builtin_prefetch(second, 0, 2);
            }
        } else if (per_cycle_ != 0) {
            fetch_across_rows(count);
        }
    }

  private:
    static constexpr int line_bits = 10;
    static constexpr std::int64_t one_line = std::int64_t{1} << line_bits;

    // Where rows end.
    HWY_NOINLINE void fetch_across_rows(std::int64_t count) {
        for (; count > 0 && per_cycle_ > 0; --count) {
            __builtin_prefetch(first_.begin, 0, 2);
            if (!first_.advance()) {
                first_ = next_->take(0);
                stop_at_end(first_);
            }
            __builtin_prefetch(second_.begin, 0, 2);
            if (!second_.advance()) {
                second_ = next_->take(1);
                stop_at_end(second_);
            }
        }
    }

    HWY_INLINE void stop_at_end(const LineRun& run) {
        if (run.begin == nullptr) {
            per_cycle_ = 0;
            due_ = 0;
        }
    }

    NextRows* next_;
    std::int64_t per_cycle_ = 0;  // lines of the longer stream times one_line
    std::int64_t due_ = 0;
    LineRun first_;
    LineRun second_;
};

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
