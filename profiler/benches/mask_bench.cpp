// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/mask_bench.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/mask/expression.h"
#include "engine/workload/packing.h"
#include "profiler/benches/peak_memory.h"

namespace longscope {

LengthSource bench_lengths() {
    std::vector<LengthBin> bins;
    for (std::int64_t begin = 16; begin < 16'384; begin *= 2) {
        bins.push_back({begin, 2 * begin, 1.0});
    }
    return LengthSource::histogram(std::move(bins), "lengths from 16 to 16,383, as many in each doubling");
}

MaskBenchResult measure(const MaskBenchCase& asked, const MaskBenchOptions& options) {
    MaskBenchResult result;
    result.asked = asked;
    MaskDomain domain{asked.tokens, asked.tokens, {}};
    if (asked.documents) {
        domain.cu_seqlens = cu_seqlens(draw_documents(options.lengths, asked.tokens, options.seed, 0));
        result.documents = static_cast<std::int64_t>(domain.cu_seqlens.size()) - 1;
    }
    std::vector<double> compile;
    std::vector<double> area;
    std::vector<double> tile_count;
    std::vector<double> all;
    try {
        for (std::int64_t i = 0; i < options.repetitions; ++i) {
            const PeakMemory memory;
            const Nanoseconds begin_ns = now_ns();
            const auto mask = compile_mask(parse_mask(parse_json(asked.expression, "mask"), "mask"), domain);
            const Nanoseconds compiled_ns = now_ns();
            result.pairs = mask->pairs();
            const Nanoseconds area_ns = now_ns();
            result.tiles = count_tiles(*mask, bench_tile, bench_tile);
            const Nanoseconds end_ns = now_ns();
            result.peak_bytes = std::max(result.peak_bytes, memory.grown_bytes());
            compile.push_back(static_cast<double>(compiled_ns - begin_ns));
            area.push_back(static_cast<double>(area_ns - compiled_ns));
            tile_count.push_back(static_cast<double>(end_ns - area_ns));
            all.push_back(static_cast<double>(end_ns - begin_ns));
        }
    } catch (const Error& error) {
        result.refused = error.what();
        return result;
    }
    result.compile = summarize(std::move(compile));
    result.area = summarize(std::move(area));
    result.tile_count = summarize(std::move(tile_count));
    result.all = summarize(std::move(all));
    return result;
}

}  // namespace longscope
