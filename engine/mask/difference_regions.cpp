// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/difference_regions.h"

#include <algorithm>
#include <map>
#include <utility>

namespace longscope {

namespace {

constexpr std::int64_t most_cells = 64;  // along a side
constexpr std::int64_t widest = 8;       // cells of a place

bool differs_in(const MaskDifference& difference, const Box& box) {
    return difference.only_a->pairs_in(box) > 0 || difference.only_b->pairs_in(box) > 0;
}

// Places of cells, from the first to behind the last.
Box joined(const Box& a, const Box& b) {
    return {{std::min(a.q.begin, b.q.begin), std::max(a.q.end, b.q.end)},
            {std::min(a.k.begin, b.k.begin), std::max(a.k.end, b.k.end)}};
}

class Cells {
  public:
    explicit Cells(const MaskDifference& difference)
        : tokens_(difference.both->box()),
          rows_(std::min(most_cells, tokens_.q.size())),
          columns_(std::min(most_cells, tokens_.k.size())),
          differ_(static_cast<std::size_t>(rows_ * columns_)) {
        for (std::int64_t row = 0; row < rows_; ++row) {
            const Range q = tokens_of({{row, row + 1}, {0, 1}}).q;
            const bool any = std::any_of(difference.rows.begin(), difference.rows.end(), [&](const Range& range) {
                return range.begin < q.end && q.begin < range.end;
            });
            for (std::int64_t column = 0; any && column < columns_; ++column) {
                differ_[at(row, column)] = differs_in(difference, tokens_of({{row, row + 1}, {column, column + 1}}));
            }
        }
    }

    [[nodiscard]] Box tokens_of(const Box& cells) const {
        const auto edge = [](std::int64_t cell, std::int64_t count, std::int64_t tokens) {
            return cell * tokens / count;
        };
        const std::int64_t q = tokens_.q.size();
        const std::int64_t k = tokens_.k.size();
        return {{edge(cells.q.begin, rows_, q), edge(cells.q.end, rows_, q)},
                {edge(cells.k.begin, columns_, k), edge(cells.k.end, columns_, k)}};
    }

    // Cells that touch one another, also at a corner; each once. Leaves no cell that differs behind.
    std::vector<std::pair<std::int64_t, std::int64_t>> take_place(std::int64_t row, std::int64_t column) {
        std::vector<std::pair<std::int64_t, std::int64_t>> place{{row, column}};
        differ_[at(row, column)] = false;
        for (std::size_t next = 0; next < place.size(); ++next) {
            const auto [q, k] = place[next];
            for (std::int64_t r = std::max<std::int64_t>(0, q - 1); r < std::min(rows_, q + 2); ++r) {
                for (std::int64_t c = std::max<std::int64_t>(0, k - 1); c < std::min(columns_, k + 2); ++c) {
                    if (differ_[at(r, c)]) {
                        differ_[at(r, c)] = false;
                        place.emplace_back(r, c);
                    }
                }
            }
        }
        return place;
    }

    [[nodiscard]] std::int64_t rows() const { return rows_; }
    [[nodiscard]] std::int64_t columns() const { return columns_; }
    [[nodiscard]] bool differs(std::int64_t row, std::int64_t column) const { return differ_[at(row, column)]; }

  private:
    [[nodiscard]] std::size_t at(std::int64_t row, std::int64_t column) const {
        return static_cast<std::size_t>(row * columns_ + column);
    }

    Box tokens_;
    std::int64_t rows_;
    std::int64_t columns_;
    std::vector<bool> differ_;
};

// Of a place that is too large: what lies in one block of cells is one.
std::vector<Box> pieces_of(const std::vector<std::pair<std::int64_t, std::int64_t>>& place) {
    const auto box_of = [](const std::pair<std::int64_t, std::int64_t>& cell) {
        return Box{{cell.first, cell.first + 1}, {cell.second, cell.second + 1}};
    };
    Box whole = box_of(place.front());
    std::map<std::pair<std::int64_t, std::int64_t>, Box> blocks;
    for (const auto& cell : place) {
        whole = joined(whole, box_of(cell));
        const auto [block, added] = blocks.try_emplace({cell.first / widest, cell.second / widest}, box_of(cell));
        block->second = joined(block->second, box_of(cell));
    }
    if (whole.q.size() <= widest && whole.k.size() <= widest) {
        return {whole};
    }
    std::vector<Box> pieces;
    for (const auto& [key, box] : blocks) {
        pieces.push_back(box);
    }
    return pieces;
}

// The first number in (begin, end] for which `holds`; it holds for `end`, and from the first on.
template <typename Holds>
std::int64_t first_of(std::int64_t begin, std::int64_t end, const Holds& holds) {
    while (end - begin > 1) {
        const std::int64_t middle = begin + (end - begin) / 2;
        (holds(middle) ? end : begin) = middle;
    }
    return end;
}

}  // namespace

std::vector<Box> difference_regions(const MaskDifference& difference) {
    if (difference.equal()) {
        return {};
    }
    Cells cells(difference);
    std::vector<Box> regions;
    for (std::int64_t row = 0; row < cells.rows(); ++row) {
        for (std::int64_t column = 0; column < cells.columns(); ++column) {
            if (cells.differs(row, column)) {
                for (const Box& piece : pieces_of(cells.take_place(row, column))) {
                    regions.push_back(cells.tokens_of(piece));
                }
            }
        }
    }
    std::sort(regions.begin(), regions.end(), [](const Box& a, const Box& b) {
        return std::pair(a.q.begin, a.k.begin) < std::pair(b.q.begin, b.k.begin);
    });
    return regions;
}

Box tight_region(const MaskDifference& difference, const Box& box) {
    Box tight = box;
    tight.q.end = first_of(tight.q.begin, tight.q.end, [&](std::int64_t end) {
        return !differs_in(difference, {{end, tight.q.end}, tight.k});
    });
    tight.q.begin = first_of(tight.q.begin, tight.q.end,
                             [&](std::int64_t end) {
                                 return differs_in(difference, {{tight.q.begin, end}, tight.k});
                             }) -
                    1;
    tight.k.end = first_of(tight.k.begin, tight.k.end, [&](std::int64_t end) {
        return !differs_in(difference, {tight.q, {end, tight.k.end}});
    });
    tight.k.begin = first_of(tight.k.begin, tight.k.end,
                             [&](std::int64_t end) {
                                 return differs_in(difference, {tight.q, {tight.k.begin, end}});
                             }) -
                    1;
    return tight;
}

}  // namespace longscope
