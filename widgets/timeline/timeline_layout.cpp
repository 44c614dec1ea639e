// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/timeline/timeline_layout.h"

#include <algorithm>
#include <cmath>

namespace longscope {

namespace {

// Heights are multiples of a unit: what a rank computes matters most.
constexpr double min_unit = 6;
constexpr double max_unit = 24;
constexpr double name_unit = 12;  // from here on rows have names and wider gaps

double units(Stream stream) {
    return stream == Stream::compute ? 2 : 1;
}

double row_gap(double unit) {
    return unit >= name_unit ? 2 : 1;
}

double rank_gap(double unit) {
    return unit >= name_unit ? 10 : 4;
}

bool starts_rank(const std::vector<TimelineRow>& rows, std::size_t row) {
    return row == 0 || rows[row].rank != rows[row - 1].rank;
}

double total_height(const std::vector<TimelineRow>& rows, double unit) {
    double height = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        height += units(rows[row].stream) * unit + row_gap(unit);
        height += starts_rank(rows, row) ? rank_gap(unit) : 0;
    }
    return height;
}

}  // namespace

std::optional<std::size_t> TimelineLayout::row_at(double y) const {
    for (const RankArea& rank : ranks) {
        if (y >= rank.top && y < rank.top + rank.height) {
            std::size_t row = rank.first_row;
            while (row + 1 < rank.end_row && y >= rows[row + 1].top) {
                ++row;
            }
            return row;
        }
    }
    return std::nullopt;
}

TimelineLayout lay_out(const std::vector<TimelineRow>& rows, double height) {
    double unit = max_unit;
    while (unit > min_unit && total_height(rows, unit) > height) {
        unit -= 1;
    }
    TimelineLayout layout;
    layout.names_streams = unit >= name_unit;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (starts_rank(rows, row)) {
            layout.ranks.push_back({rows[row].rank, row, row, layout.height, 0});
            layout.height += rank_gap(unit) / 2;
        }
        layout.rows.push_back({layout.height, units(rows[row].stream) * unit});
        layout.height = layout.rows.back().bottom() + row_gap(unit);
        if (row + 1 == rows.size() || starts_rank(rows, row + 1)) {
            layout.height += rank_gap(unit) / 2;
            layout.ranks.back().end_row = row + 1;
            layout.ranks.back().height = layout.height - layout.ranks.back().top;
        }
    }
    return layout;
}

}  // namespace longscope
