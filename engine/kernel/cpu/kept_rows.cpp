// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/kept_rows.h"

#include <hwy/cache_control.h>

#include <algorithm>

namespace longscope::cpu {

KeptRows::KeptRows(StoredTiles& stored, const TileGeometry& geometry)
    : stored_(&stored),
      geometry_(geometry),
      places_(static_cast<std::size_t>(geometry.q_tile * (geometry.k_tile / kept_columns))) {}

void KeptRows::choose(std::int64_t head, Range rows, std::int64_t tile) {
    const Range columns{tile * geometry_.k_tile, (tile + 1) * geometry_.k_tile};
    const std::int64_t of_row = geometry_.k_tile / kept_columns;
    parts_.clear();
    std::fill(places_.begin(), places_.end(), nullptr);
    const std::int64_t q = geometry_.backward_q_tile;
    const std::int64_t k = geometry_.backward_k_tile;
    for (std::int64_t i = rows.begin / q; i * q < rows.end; ++i) {
        for (std::int64_t j = columns.begin / k; j * k < columns.end; ++j) {
            const std::int64_t slot = j * k < stored_->columns() ? stored_->slot(head, i, j) : StoredTiles::nowhere;
            if (slot == StoredTiles::nowhere) {
                continue;
            }
            const Range shared_rows = intersect(rows, {i * q, (i + 1) * q});
            const Range shared = intersect(columns, {j * k, (j + 1) * k});
            parts_.push_back({slot,
                              {shared_rows.begin - rows.begin, shared_rows.end - rows.begin},
                              {shared.begin - columns.begin, shared.end - columns.begin},
                              shared_rows.begin - i * q,
                              shared.begin - j * k,
                              shared.begin - j * k < stored_->split(j) ? 0 : 1});
        }
    }
    for (const Part& part : parts_) {
        for (std::int64_t row = part.rows.begin; row < part.rows.end; ++row) {
            const std::int64_t kept_row = part.first_row + row - part.rows.begin;
            float* to =
                stored_->weights(part.slot) + kept_row * stored_->row_units() + part.first_column / geometry_.unit;
            for (std::int64_t c = part.columns.begin; c < part.columns.end; c += kept_columns) {
                places_[static_cast<std::size_t>(row * of_row + c / kept_columns)] = to;
                to += kept_columns / geometry_.unit;
            }
        }
    }
}

void KeptRows::set_exponents(const float* maximum, float scale) {
    for (const Part& part : parts_) {
        float* const exponents = stored_->exponents(part.slot, part.side) + part.first_row;
        for (std::int64_t row = part.rows.begin; row < part.rows.end; ++row) {
            exponents[row - part.rows.begin] = maximum[row] * scale;
        }
    }
}

void KeptRows::leave_out() {
    for (const Part& part : parts_) {
        stored_->leave_out(part.slot);
    }
}

void KeptRows::finish() {
    hwy::FlushStream();
}

}  // namespace longscope::cpu
