// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/row_block.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/kernel/cpu/plain_row.h"
#include "engine/kernel/cpu/source_rows.h"

namespace longscope::cpu {

namespace {

constexpr double log2_e = std::numbers::log2e;

// No less than all parts of the worker take together.
std::int64_t scratch_floats(const TileGeometry& geometry, std::int64_t depth, std::int64_t dim_v_padded) {
    constexpr std::int64_t parts = 6;
    return geometry.q_tile * (depth + dim_v_padded + geometry.lanes + 2) + geometry.row_group * geometry.score_stride +
           parts * Scratch::whole_vectors(1);
}

}  // namespace

RowBlockWorker::RowBlockWorker(const AttendInput& input, const PackedKeys& packed, const TileFunctions& functions,
                               SpareBuffers& spare, StoredTiles* stored)
    : input_(&input),
      packed_(&packed),
      functions_(functions),
      geometry_(functions.geometry),
      scratch_(scratch_floats(geometry_, geometry_.units(input.queries.dim), packed.dim_v_padded()), spare),
      visible_(geometry_, geometry_.q_tile, geometry_.k_tile),
      scoring_(input, std::abs(input.scale), geometry_.q_tile, geometry_.k_tile),
      scored_(TileScoring::is_needed(input)) {
    if (stored != nullptr) {
        kept_.emplace(*stored, geometry_);
    }
    block_.scale = static_cast<float>((scored_ || input.scale == 0.0 ? 1.0 : std::abs(input.scale)) * log2_e);
    block_.depth = geometry_.units(input.queries.dim);
    block_.dim_v_padded = packed.dim_v_padded();
    block_.queries = queries_ = scratch_.take(geometry_.q_tile * block_.depth);
    block_.scores = scratch_.take(geometry_.row_group * geometry_.score_stride);
    block_.output = scratch_.take(geometry_.q_tile * block_.dim_v_padded);
    block_.sums = scratch_.take(geometry_.q_tile * geometry_.lanes);
    block_.maximum = scratch_.take(geometry_.q_tile);
    block_.rescale = scratch_.take(geometry_.q_tile);
}

void RowBlockWorker::load_queries(Range rows, std::int64_t head) {
    const SourceRows source = source_rows(input_->queries, head, rows, rows_scratch_);
    finite_queries_ = all_finite(source);
    block_.row_groups = (rows.size() + geometry_.row_group - 1) / geometry_.row_group;
    // The scale itself enters in float32 with the exponential; only its sign can be multiplied without rounding.
    const double sign = input_->scale == 0.0 ? 0.0 : std::copysign(1.0, input_->scale);
    functions_.pack_groups(source, static_cast<float>(sign), queries_);
}

RowState RowBlockWorker::state(std::int64_t row) const {
    return {block_.output + row * block_.dim_v_padded, block_.maximum + row, block_.sums + row * geometry_.lanes,
            geometry_.lanes};
}

void RowBlockWorker::begin_state(Range rows, std::int64_t head, const KeyPart& part, const Partial& out) {
    for (std::int64_t row = 0; row < block_.row_groups * geometry_.row_group; ++row) {
        // Rows of padding begin as if there were nothing before.
        const bool padding = row >= rows.size();
        begin_row(padding ? KeyPart{} : part, out, head, rows.begin + row, block_.dim_v_padded, state(row));
    }
}

void RowBlockWorker::end_state(Range rows, std::int64_t head, const KeyPart& part, Partial& out) const {
    const double score_scale = scored_ ? 1.0 : std::abs(input_->scale);
    for (std::int64_t row = 0; row < rows.size(); ++row) {
        end_row(part, out, head, rows.begin + row, score_scale, state(row));
    }
}

void RowBlockWorker::attend_tile_plainly(const TilePlan& plan, std::int64_t head, std::int64_t tile) {
    const Range columns{tile * geometry_.k_tile, (tile + 1) * geometry_.k_tile};
    PlainRows plain(*input_, block_.scale);
    for (std::int64_t row = 0; row < plan.rows.size(); ++row) {
        plan.seen.for_each(row, columns, [&](Range seen) { plain.add(head, plan.rows.begin + row, seen, state(row)); });
    }
}

void RowBlockWorker::attend(const TilePlan& plan, std::int64_t head, const KeyPart& part, Partial& out,
                            const std::function<void()>& after_tile) {
    const std::int64_t kv_head = head / (input_->queries.heads / input_->keys.heads);
    load_queries(plan.rows, head);
    begin_state(plan.rows, head, part, out);
    scoring_.choose_rows(head, plan.rows);
    for (const TileRun& run : plan.tiles) {
        const Range tiles = intersect(run.tiles, part.tiles);
        for (std::int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
            scoring_.choose_columns(
                {tile * geometry_.k_tile, std::min((tile + 1) * geometry_.k_tile, input_->keys.tokens)});
            block_.scoring = scoring_.tile();
            if (kept_) {
                kept_->choose(head, plan.rows, tile);
                block_.kept = kept_->places();
            }
            if (!finite_queries_ || !packed_->finite(kv_head, tile)) {
                attend_tile_plainly(plan, head, tile);
                if (kept_) {
                    kept_->leave_out();
                }
            } else if (run.tile_class == TileClass::full) {
                functions_.attend_tile(
                    block_, {packed_->keys(kv_head, tile), packed_->values(kv_head, tile), nullptr, nullptr});
            } else {
                visible_.find(plan, tile);
                functions_.attend_tile(block_, {packed_->keys(kv_head, tile), packed_->values(kv_head, tile),
                                                visible_.groups(), visible_.bits()});
            }
            if (kept_) {
                kept_->set_exponents(block_.maximum, scored_ ? 1.0F : block_.scale);
            }
            after_tile();
        }
    }
    if (kept_) {
        KeptRows::finish();
    }
    end_state(plan.rows, head, part, out);
}

}  // namespace longscope::cpu
