// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/wide_plan.h"

#include <algorithm>
#include <utility>

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

void WidePlan::split(std::int64_t parts) {
    const WidePlan whole = std::move(*this);
    clear();
    seen = whole.seen;
    for (std::size_t i = 0; i < whole.row_tiles.size(); ++i) {
        const cl_int4& row_tile = whole.row_tiles[i];
        for (std::int64_t part = 0; part < parts; ++part) {
            // Of the tiles that are met, counted from 0.
            const std::int64_t begin = whole.tiles[i] * part / parts;
            const std::int64_t end = whole.tiles[i] * (part + 1) / parts;
            const auto first = static_cast<std::int64_t>(runs.size());
            std::int64_t at = 0;
            for (cl_int run = row_tile.s[2]; run < row_tile.s[2] + row_tile.s[3]; ++run) {
                const cl_int4& of = whole.runs[static_cast<std::size_t>(run)];
                const std::int64_t from = std::max(begin - at, std::int64_t{0});
                const std::int64_t to = std::min(end - at, std::int64_t{of.s[1]} - of.s[0]);
                if (from < to) {
                    runs.push_back(four(of.s[0] + from, of.s[0] + to, of.s[2], 0));
                }
                at += of.s[1] - of.s[0];
            }
            row_tiles.push_back(
                four(row_tile.s[0], row_tile.s[1], first, static_cast<std::int64_t>(runs.size()) - first));
            pairs.push_back(part == 0 ? whole.pairs[i] : 0);
            tiles.push_back(end - begin);
        }
    }
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
