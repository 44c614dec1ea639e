// SPDX-License-Identifier: GPL-3.0-or-later
// Cuts the rows that see a tile of keys into groups of a register tile. Rows of a group are computed over the same
// columns: those that any of them sees.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernel/cpu/key_major_plan.h"
#include "engine/kernel/cpu/tile_functions.h"

namespace longscope::cpu {

struct GatheredRow {
    const TileVisit* visit = nullptr;
    std::int64_t row = 0;  // of the slab
};

class RowGroups {
  public:
    explicit RowGroups(const TileGeometry& geometry) : row_group_(geometry.row_group), panel_(geometry.panel) {
        rows_.reserve(static_cast<std::size_t>(row_group_));
    }

    // Adds a row; calls emit(rows, columns) whenever a group is complete. Visits come in the order of their plan.
    template <typename Emit>
    void add(const GatheredRow& row, const Emit& emit) {
        const Range seen{row.visit->begin / panel_ * panel_, (row.visit->end + panel_ - 1) / panel_ * panel_};
        if (!rows_.empty() && !(seen == columns_)) {
            const Range both{std::min(columns_.begin, seen.begin), std::max(columns_.end, seen.end)};
            const auto count = static_cast<std::int64_t>(rows_.size());
            // All rows of the group over more columns, or rows that stay empty?
            if (row_group_ * (both.size() - columns_.size()) > (row_group_ - count) * seen.size()) {
                finish(emit);
            } else {
                columns_ = both;
                masked_ = true;
            }
        }
        if (rows_.empty()) {
            columns_ = seen;
            masked_ = false;
        }
        masked_ = masked_ || !sees_whole_panels(*row.visit, panel_);
        rows_.push_back(row);
        if (static_cast<std::int64_t>(rows_.size()) == row_group_) {
            finish(emit);
        }
    }

    // Emits what is left.
    template <typename Emit>
    void finish(const Emit& emit) {
        if (!rows_.empty()) {
            emit(std::span<const GatheredRow>(rows_),
                 GroupColumns{static_cast<std::int32_t>(columns_.begin), static_cast<std::int32_t>(columns_.end),
                              masked_ ? 1 : 0});
            rows_.clear();
        }
    }

  private:
    std::int64_t row_group_;
    std::int64_t panel_;
    std::vector<GatheredRow> rows_;
    Range columns_;
    bool masked_ = false;
};

}  // namespace longscope::cpu
