// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/density_grid.h"

#include <algorithm>

#include "engine/mask/placed_mask.h"

namespace longscope {

namespace {

// Ranges of cells, not of tokens.
struct Block {
    Range rows;
    Range columns;
};

class Filler {
  public:
    Filler(const Mask& mask, DensityGrid& grid) : mask_(mask), grid_(grid) {}

    void fill(const Block& block, std::int64_t pairs) {
        if (pairs == 0) {
            return;
        }
        const std::int64_t all = box_of(block).pairs();
        if (pairs == all || (block.rows.size() == 1 && block.columns.size() == 1)) {
            write(block, static_cast<float>(static_cast<double>(pairs) / static_cast<double>(all)));
            return;
        }
        Block first = block;
        Block second = block;
        if (block.rows.size() >= block.columns.size()) {
            first.rows.end = second.rows.begin = block.rows.begin + block.rows.size() / 2;
        } else {
            first.columns.end = second.columns.begin = block.columns.begin + block.columns.size() / 2;
        }
        const std::int64_t pairs_in_first = mask_.pairs_in(box_of(first));
        fill(first, pairs_in_first);
        fill(second, pairs - pairs_in_first);
    }

    [[nodiscard]] Box box_of(const Block& block) const {
        return {{edge(grid_.q_edges, block.rows.begin), edge(grid_.q_edges, block.rows.end)},
                {edge(grid_.k_edges, block.columns.begin), edge(grid_.k_edges, block.columns.end)}};
    }

  private:
    static std::int64_t edge(const std::vector<std::int64_t>& edges, std::int64_t cell) {
        return edges[static_cast<std::size_t>(cell)];
    }

    void write(const Block& block, float value) {
        for (std::int64_t row = block.rows.begin; row < block.rows.end; ++row) {
            const auto begin = grid_.values.begin() + row * grid_.columns();
            std::fill(begin + block.columns.begin, begin + block.columns.end, value);
        }
    }

    const Mask& mask_;
    DensityGrid& grid_;
};

// Row of cells by row of cells from the zones there, where halving would ask for the same zones again and again.
void fill_by_rows(const Mask& mask, DensityGrid& grid) {
    ZoneSet set;
    std::vector<std::int64_t> sums(static_cast<std::size_t>(grid.columns()));
    constexpr std::int64_t rows_at_once = 1024;
    for (std::size_t row = 0; row + 1 < grid.q_edges.size(); ++row) {
        std::fill(sums.begin(), sums.end(), 0);
        const Range q{grid.q_edges[row], grid.q_edges[row + 1]};
        const auto add = [&](Range keys, const auto& count) {
            const auto first = std::upper_bound(grid.k_edges.begin(), grid.k_edges.end(), keys.begin) - 1;
            for (auto edge = std::max(first, grid.k_edges.begin()); edge + 1 < grid.k_edges.end() && *edge < keys.end;
                 ++edge) {
                sums[static_cast<std::size_t>(edge - grid.k_edges.begin())] +=
                    count(box_zone({q, {*edge, *(edge + 1)}}));
            }
        };
        for (std::int64_t begin = q.begin; begin < q.end; begin += rows_at_once) {
            mask.zones_in({begin, std::min(begin + rows_at_once, q.end)}, set);
            for (const Zone& zone : set.zones) {
                add(zone.k, [&](const Zone& cell) { return pairs(intersect(zone, cell)); });
            }
            for (const StripedZone& striped : set.striped) {
                add(striped.zone.k, [&](const Zone& cell) { return pairs(striped, cell); });
            }
        }
        for (std::size_t column = 0; column < sums.size(); ++column) {
            const double all = static_cast<double>(q.size() * (grid.k_edges[column + 1] - grid.k_edges[column]));
            grid.values[row * sums.size() + column] =
                sums[column] == 0 ? 0.0F : static_cast<float>(static_cast<double>(sums[column]) / all);
        }
    }
}

}  // namespace

std::vector<std::int64_t> cell_edges(Range tokens, std::int32_t cells) {
    std::vector<std::int64_t> edges;
    edges.reserve(static_cast<std::size_t>(cells) + 1);
    for (std::int64_t i = 0; i <= cells; ++i) {
        edges.push_back(tokens.begin + tokens.size() * i / cells);
    }
    return edges;
}

DensityGrid density_grid(const Mask& mask, const Box& region, std::int32_t rows, std::int32_t columns) {
    DensityGrid grid{cell_edges(region.q, rows), cell_edges(region.k, columns), {}, mask.pairs_in(region)};
    grid.values.assign(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns), 0.0F);
    if (has_zones_at_hand(mask)) {
        fill_by_rows(mask, grid);
    } else {
        Filler(mask, grid).fill({{0, rows}, {0, columns}}, grid.pairs);
    }
    return grid;
}

}  // namespace longscope
