// SPDX-License-Identifier: GPL-3.0-or-later
// What it takes to answer the first questions about a mask: to compile it, to count its pairs and to count its tiles.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/mask/mask.h"
#include "engine/workload/length_source.h"
#include "profiler/statistics.h"

namespace longscope {

// Tiles of a side of this are counted.
inline constexpr std::int64_t bench_tile = 128;

enum class MaskBenchPart { goals, presets, edits, growth };

struct MaskBenchCase {
    MaskBenchPart part = MaskBenchPart::goals;
    std::string name;
    std::string expression;  // JSON
    std::int64_t tokens = 0;
    bool documents = true;  // packed from documents; otherwise one
    std::optional<Nanoseconds> limit_ns = {};
    std::optional<std::int64_t> limit_bytes = {};
};

struct MaskBenchResult {
    MaskBenchCase asked;
    std::int64_t documents = 1;
    std::int64_t pairs = 0;
    TileCounts tiles;
    // Over repetitions, in nanoseconds of wall-clock time.
    Summary compile;
    Summary area;
    Summary tile_count;
    Summary all;  // of a repetition together, from the text of the expression on
    // How far the process grew in the largest repetition, as the operating system counts it; 0 where it does not.
    std::int64_t peak_bytes = 0;
    std::string refused;  // why there is no measurement; empty otherwise

    [[nodiscard]] bool within_limits() const {
        return refused.empty() && (!asked.limit_ns || all.median <= static_cast<double>(*asked.limit_ns)) &&
               (!asked.limit_bytes || peak_bytes <= *asked.limit_bytes);
    }
};

struct MaskBenchOptions {
    LengthSource lengths;  // of the documents
    std::uint64_t seed = 1;
    std::int64_t repetitions = 7;
    bool quick = false;  // without the slowest cases
};

// Lengths from 16 to 16,383, as many in each doubling.
[[nodiscard]] LengthSource bench_lengths();

// In the order in which they are reported: goals; all presets at 65,536 tokens; all presets with one parameter changed
// at 1,048,576 tokens; masks of a few kinds over three decades of tokens.
[[nodiscard]] std::vector<MaskBenchCase> mask_bench_cases(bool quick);

// The expression with the first of its numbers that can be one more, or one less, so changed; itself without such.
[[nodiscard]] std::string edited(const std::string& expression, std::int64_t tokens);

[[nodiscard]] MaskBenchResult measure(const MaskBenchCase& asked, const MaskBenchOptions& options);

}  // namespace longscope
