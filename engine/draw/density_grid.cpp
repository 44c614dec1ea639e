// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/draw/density_grid.h"

#include <algorithm>

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
    Filler(mask, grid).fill({{0, rows}, {0, columns}}, grid.pairs);
    return grid;
}

}  // namespace longscope
