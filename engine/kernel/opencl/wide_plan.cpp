// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/wide_plan.h"

#include "engine/kernel/cpu/visible_columns.h"

namespace longscope::opencl {

namespace {

cl_int4 four(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
    return {{static_cast<cl_int>(a), static_cast<cl_int>(b), static_cast<cl_int>(c), static_cast<cl_int>(d)}};
}

// Returns where it begins.
std::int64_t append_seen(const cpu::VisibleColumns& visible, const cpu::TileGeometry& geometry,
                         std::vector<std::uint32_t>& seen) {
    const auto begin = static_cast<std::int64_t>(seen.size());
    for (std::int64_t group = 0; group < geometry.q_tile / geometry.row_group; ++group) {
        const cpu::GroupColumns& columns = visible.groups()[group];
        for (const std::int32_t number : {columns.begin, columns.end, columns.masked}) {
            seen.push_back(static_cast<std::uint32_t>(number));
        }
    }
    for (std::int64_t word = 0; word < geometry.q_tile * geometry.k_tile / 64; ++word) {
        const std::uint64_t bits = visible.bits()[word];
        seen.push_back(static_cast<std::uint32_t>(bits));
        seen.push_back(static_cast<std::uint32_t>(bits >> 32U));
    }
    return begin;
}

}  // namespace

void WidePlan::clear() {
    row_tiles.clear();
    runs.clear();
    seen.clear();
    pairs.clear();
    tiles.clear();
}

std::int64_t WidePlan::bytes() const {
    return static_cast<std::int64_t>((row_tiles.size() + runs.size()) * sizeof(cl_int4) +
                                     seen.size() * sizeof(std::uint32_t));
}

std::size_t append(std::span<const TilePlan> plans, const cpu::TileGeometry& geometry, std::int64_t most_bytes,
                   WidePlan& out) {
    cpu::VisibleColumns visible(geometry, geometry.q_tile, geometry.k_tile);
    std::size_t taken = 0;
    for (const TilePlan& plan : plans) {
        if (taken > 0 && out.bytes() >= most_bytes) {
            break;
        }
        const auto first = static_cast<std::int64_t>(out.runs.size());
        std::int64_t tiles = 0;
        for (const TileRun& run : plan.tiles) {
            tiles += run.tiles.size();
            if (run.tile_class == TileClass::full) {
                out.runs.push_back(four(run.tiles.begin, run.tiles.end, -1, 0));
                continue;
            }
            for (std::int64_t tile = run.tiles.begin; tile < run.tiles.end; ++tile) {
                visible.find(plan, tile);
                out.runs.push_back(four(tile, tile + 1, append_seen(visible, geometry, out.seen), 0));
            }
        }
        out.row_tiles.push_back(
            four(plan.rows.begin, plan.rows.size(), first, static_cast<std::int64_t>(out.runs.size()) - first));
        out.pairs.push_back(plan.pairs);
        out.tiles.push_back(tiles);
        ++taken;
    }
    return taken;
}

}  // namespace longscope::opencl
