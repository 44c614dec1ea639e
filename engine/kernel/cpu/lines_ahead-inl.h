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

// The next tile in two or four streams side by side: keys and values, or halves of each in turns; or parts of the keys
// where values are their first elements.
class NextRows {
  public:
    static constexpr int most_streams = 4;

    HWY_INLINE NextRows(const DecodeBlock& block, std::int64_t element_bytes) {
        const DecodeTile& next = *block.next;
        if (next.count == 0) {
            return;
        }
        const bool are_one = next.values[0] == next.keys[0] && block.dim_v <= block.dim_qk;
        const std::int64_t key_bytes = block.dim_qk * element_bytes;
        const std::int64_t value_bytes = are_one ? key_bytes : block.dim_v * element_bytes;
        const DecodeTileRows* values = are_one ? &next.keys : &next.values;
        streams_used_ = block.reading.streams;
        const std::int64_t rows = 2 * decode_keys / (are_one ? 2 * streams_used_ : streams_used_);
        const std::int64_t of_values = are_one ? decode_keys / 2 : 0;
        streams_[0] = {&next.keys, 0, rows, key_bytes};
        streams_[1] = {values, of_values, of_values + rows, value_bytes};
        if (streams_used_ == most_streams) {
            streams_[2] = {&next.keys, rows, 2 * rows, key_bytes};
            streams_[3] = {values, of_values + rows, of_values + 2 * rows, value_bytes};
        }
        lines_ = rows * lines_of(key_bytes > value_bytes ? key_bytes : value_bytes);
    }

    [[nodiscard]] HWY_INLINE std::int64_t streams() const { return streams_used_; }
    // Of the longest stream.
    [[nodiscard]] HWY_INLINE std::int64_t lines() const { return lines_; }
    // The next rows of a stream at one distance; at its end the last one again. Out of line: it is rare, and loops
    // shall not carry its code along.
    [[nodiscard]] HWY_NOINLINE LineRun take(int stream) {
        Stream& rows = streams_[stream];
        if (rows.next == rows.end) {
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
    Stream streams_[most_streams];
    std::int64_t streams_used_ = 0;
    std::int64_t lines_ = 0;
};

// Fetches the next tile while one is computed, into the second-level cache: the first would lose what is read now.
// Evenly over the arithmetic, because lines that are on their way take the buffers that every read beside the
// first-level cache needs as well, and there are too few of them to wait for memory at the rate that it could be read
// at. The processor's own fetching ahead, which needs none, does the rest: it follows the order of memory as far as a
// page. Side by side in several pages each of them has more time for it; of four streams the last lines are left to it.
class LinesAhead {
  public:
    // `cycles`: what the whole tile takes, about, where nothing waits for memory.
    HWY_INLINE LinesAhead(NextRows& next, std::int64_t cycles)
        : next_(&next),
          streams_(next.streams()),
          left_(next.lines() - (next.streams() == NextRows::most_streams ? left_out(next.lines()) : 0)) {
        if (left_ > 0) {
            per_cycle_ = left_ * one_line / cycles + 1;
            for (int s = 0; s < streams_; ++s) {
                runs_[s] = next.take(s);
            }
            find_whole();
        }
    }

    // What belongs to so many cycles.
    HWY_INLINE void fetch(std::int64_t cycles) {
        due_ += cycles * per_cycle_;
        const std::int64_t count = due_ >> line_bits;
        due_ &= one_line - 1;
        if (HWY_LIKELY(count < whole_)) {
            whole_ -= count;
            const std::int64_t end = at_ + count * cache_line_bytes;
            if (streams_ == NextRows::most_streams) {
                for (; at_ != end; at_ += cache_line_bytes) {
                    __builtin_prefetch(runs_[0].begin + at_, 0, 2);
                    __builtin_prefetch(runs_[1].begin + at_, 0, 2);
                    __builtin_prefetch(runs_[2].begin + at_, 0, 2);
                    __builtin_prefetch(runs_[3].begin + at_, 0, 2);
                }
            } else {
                for (; at_ != end; at_ += cache_line_bytes) {
                    __builtin_prefetch(runs_[0].begin + at_, 0, 2);
                    __builtin_prefetch(runs_[1].begin + at_, 0, 2);
                }
            }
        } else {
            fetch_across_rows(count);
        }
    }

  private:
    static constexpr int line_bits = 16;
    static constexpr std::int64_t one_line = std::int64_t{1} << line_bits;
    static_assert(NextRows::most_streams == 4);

    // More than these, or fewer, took longer.
    static constexpr std::int64_t left_out(std::int64_t lines) {
        constexpr std::int64_t most = 8;
        return lines / 8 < most ? lines / 8 : most;
    }

    // Where rows end.
    HWY_NOINLINE void fetch_across_rows(std::int64_t count) {
        leave_whole();
        for (; count > 0 && left_ > 0; --count, --left_) {
            for (int s = 0; s < streams_; ++s) {
                __builtin_prefetch(runs_[s].begin, 0, 2);
                if (!runs_[s].advance()) {
                    runs_[s] = next_->take(s);
                }
            }
        }
        find_whole();
    }

    // Lines of every stream of which none is the last of its row; of no line at all where all are fetched.
    HWY_INLINE void find_whole() {
        whole_ = left_;
        for (int s = 0; s < streams_; ++s) {
            const std::int64_t lines = lines_of(runs_[s].end - runs_[s].begin);
            whole_ = lines < whole_ ? lines : whole_;
        }
        of_whole_ = whole_;
        if (left_ <= 0) {
            per_cycle_ = 0;
            due_ = 0;
            whole_ = 1;
        }
    }

    HWY_INLINE void leave_whole() {
        for (int s = 0; s < streams_; ++s) {
            runs_[s].begin += at_;
        }
        at_ = 0;
        left_ -= of_whole_ - whole_;
    }

    NextRows* next_;
    std::int64_t streams_;
    std::int64_t left_;           // lines of the longest stream to fetch, at the beginning of the runs
    std::int64_t per_cycle_ = 0;  // lines of each stream times one_line
    std::int64_t due_ = 0;
    std::int64_t whole_ = 1;     // lines before the end of a row
    std::int64_t of_whole_ = 0;  // so many they were
    std::int64_t at_ = 0;        // bytes behind the beginning of every run
    LineRun runs_[NextRows::most_streams];
};

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
