// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/stored_tiles.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "engine/kernel/cpu/tile_plan.h"
#include "engine/tensor/huge_pages.h"

namespace longscope::cpu {

StoredTiles::StoredTiles(const AttendInput& input, const TileFunctions& functions, ThreadTeam& team)
    : geometry_(functions.geometry),
      rows_(input.mask->rows()),
      columns_(input.mask->columns()),
      row_units_(geometry_.backward_k_tile / geometry_.unit),
      weight_floats_(geometry_.backward_q_tile * row_units_),
      slot_floats_(weight_floats_ + 2 * geometry_.backward_q_tile),
      kinds_(static_cast<std::size_t>(input.mask->kinds())),
      first_slots_{0} {
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
        plan(kinds_[kind], static_cast<std::int64_t>(kind), *input.mask, team);
    }
    for (std::int64_t head = 0; head < input.queries.heads; ++head) {
        kind_of_head_.push_back(input.mask->kind_of(head));
        first_slots_.push_back(first_slots_.back() + kinds_[static_cast<std::size_t>(kind_of_head_.back())].tiles);
    }
}

std::string StoredTiles::refusal(const AttendInput& input) {
    if (input.scoring.is_sigmoid()) {
        return "the gradients of sigmoid attention need more of a weight than is kept";
    }
    if (input.scoring.soft_cap != 0.0) {
        return "the slope of a soft cap follows from the scores only";
    }
    return {};
}

void StoredTiles::plan(Kind& kind, std::int64_t number, const LocalMask& mask, ThreadTeam& team) const {
    const std::int64_t q_tile = geometry_.backward_q_tile;
    const std::int64_t tiles = (rows_ + q_tile - 1) / q_tile;
    std::vector<std::vector<TileRun>> runs(static_cast<std::size_t>(tiles));
    team.for_each(tiles, [&](std::int64_t i) {
        runs[static_cast<std::size_t>(i)] =
            plan_tile_row(mask, {i * q_tile, std::min((i + 1) * q_tile, rows_)}, geometry_.backward_k_tile, number)
                .tiles;
    });
    for (std::vector<TileRun>& row : runs) {
        kind.before.push_back(kind.tiles);
        kind.tiles += kind.met.emplace_back(std::move(row)).count();
    }
}

std::int64_t StoredTiles::bytes() const {
    return slots() * slot_floats_ * static_cast<std::int64_t>(sizeof(float));
}

void StoredTiles::make_room(StoredTiles* other) {
    const std::int64_t floats = slots() * slot_floats_;
    if (other != nullptr && other->kept_.size() == floats) {
        kept_ = std::move(other->kept_);
    } else {
        if (other != nullptr) {
            other->kept_ = {};
        }
        kept_ = AlignedBuffer<float>(floats);
        advise_huge_pages(kept_);
    }
    left_out_.assign(static_cast<std::size_t>(slots()), 0);
    // Rows behind the last are computed as well, and must weigh nothing.
    const std::int64_t q_tile = geometry_.backward_q_tile;
    const std::int64_t present = rows_ % q_tile;
    for (std::int64_t head = 0; present != 0 && std::cmp_less(head, kind_of_head_.size()); ++head) {
        const Kind& kind = kinds_[static_cast<std::size_t>(kind_of_head_[static_cast<std::size_t>(head)])];
        for (std::int64_t i = kind.before.back(); i < kind.tiles; ++i) {
            const std::int64_t slot = first_slots_[static_cast<std::size_t>(head)] + i;
            std::fill(weights(slot) + present * row_units_, weights(slot) + weight_floats_, 0.0F);
            for (const std::int64_t side : {0, 1}) {
                std::fill(exponents(slot, side) + present, exponents(slot, side) + q_tile, 0.0F);
            }
        }
    }
}

bool StoredTiles::fits(const AttendInput& input, const TileFunctions& functions) const {
    const TileGeometry& geometry = functions.geometry;
    const auto heads = static_cast<std::int64_t>(kind_of_head_.size());
    bool same_kinds = heads == input.queries.heads && std::cmp_equal(kinds_.size(), input.mask->kinds());
    for (std::int64_t head = 0; same_kinds && head < heads; ++head) {
        same_kinds = kind_of_head_[static_cast<std::size_t>(head)] == input.mask->kind_of(head);
    }
    return same_kinds && rows_ == input.mask->rows() && columns_ == input.mask->columns() &&
           geometry.unit == geometry_.unit && geometry.k_tile == geometry_.k_tile &&
           geometry.backward_q_tile == geometry_.backward_q_tile &&
           geometry.backward_k_tile == geometry_.backward_k_tile;
}

std::int64_t StoredTiles::slot(std::int64_t head, std::int64_t q_tile, std::int64_t k_tile) const {
    const Kind& kind = kinds_[static_cast<std::size_t>(kind_of_head_[static_cast<std::size_t>(head)])];
    const std::int64_t rank = kind.met[static_cast<std::size_t>(q_tile)].rank(k_tile);
    return rank < 0
               ? nowhere
               : first_slots_[static_cast<std::size_t>(head)] + kind.before[static_cast<std::size_t>(q_tile)] + rank;
}

std::int64_t StoredTiles::split(std::int64_t k_tile) const {
    const std::int64_t first = k_tile * geometry_.backward_k_tile;
    const std::int64_t boundary = (first / geometry_.k_tile + 1) * geometry_.k_tile;
    return std::min(boundary - first, geometry_.backward_k_tile);
}

void StoredTiles::leave_out(std::int64_t slot) {
    std::atomic_ref(left_out_[static_cast<std::size_t>(slot)]).store(1, std::memory_order_relaxed);
}

}  // namespace longscope::cpu
