// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/key_block.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/kernel/cpu/source_rows.h"
#include "engine/kernel/reference/reference_pair.h"

namespace longscope::cpu {

namespace {

// out row += row of a padded matrix.
void add_rows(const float* padded, std::int64_t padded_dim, const HeadMatrix<float>& out, std::int64_t head,
              Range rows) {
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        float* into = out.row(head, row);
        const float* from = padded + (row - rows.begin) * padded_dim;
        for (std::int64_t d = 0; d < out.dim; ++d) {
            into[d] += from[d];
        }
    }
}

// What is the same for all tiles.
BackwardBlock block_of(const AttendBackwardInput& input, const TileGeometry& geometry) {
    BackwardBlock block;
    block.depth_qk = geometry.units(input.forward.queries.dim);
    block.depth_v = geometry.units(input.output_gradients.dim);
    block.dim_qk_padded = geometry.padded_to_panels(input.forward.queries.dim);
    block.dim_v_padded = geometry.padded_to_panels(input.output_gradients.dim);
    block.scale = static_cast<float>(input.forward.scale * std::numbers::log2e);
    block.gradient_scale = static_cast<float>(input.forward.scale);
    return block;
}

// No less than all parts take together.
std::int64_t scratch_floats(const BackwardBlock& block, const TileGeometry& geometry) {
    const std::int64_t k_tile = geometry.backward_k_tile;
    const std::int64_t of_keys =
        k_tile * (block.depth_qk + block.depth_v) + geometry.units(k_tile) * block.dim_qk_padded;
    const std::int64_t of_gradients =
        2 * geometry.backward_q_tile * block.dim_qk_padded + k_tile * (block.dim_qk_padded + block.dim_v_padded);
    constexpr std::int64_t parts = 13;
    return of_keys + of_gradients + 3 * backward_scratch(geometry) + 3 * geometry.row_group * k_tile +
           parts * Scratch::whole_vectors(1);
}

}  // namespace

KeyBlockWorker::KeyBlockWorker(const AttendBackwardInput& input, const HeadMatrix<float>& bias_gradients,
                               const PackedQueries& queries, const TileFunctions& functions, SpareBuffers& spare,
                               const StoredTiles* stored)
    : input_(&input),
      bias_gradients_(bias_gradients),
      queries_(&queries),
      functions_(functions),
      geometry_(functions.geometry),
      stored_(stored),
      block_(block_of(input, functions.geometry)),
      visible_(geometry_, geometry_.backward_q_tile, geometry_.backward_k_tile),
      scoring_(input.forward, input.forward.scale, geometry_.backward_q_tile, geometry_.backward_k_tile,
               bias_gradients),
      scratch_(scratch_floats(block_, geometry_), spare) {
    const std::int64_t k_tile = geometry_.backward_k_tile;
    block_.keys = keys_ = scratch_.take(k_tile * block_.depth_qk);
    block_.key_rows = key_rows_ = scratch_.take(geometry_.units(k_tile) * block_.dim_qk_padded);
    block_.values = values_ = scratch_.take(k_tile * block_.depth_v);
    block_.weights = scratch_.take(backward_scratch(geometry_));
    block_.gradients = scratch_.take(backward_scratch(geometry_));
    block_.gradient_rows = scratch_.take(backward_scratch(geometry_));
    block_.scores = scratch_.take(geometry_.row_group * k_tile);
    block_.products = scratch_.take(geometry_.row_group * k_tile);
    block_.score_slopes = input.forward.scoring.soft_cap == 0.0 ? nullptr : scratch_.take(geometry_.row_group * k_tile);
    block_.query_gradients = scratch_.take(geometry_.backward_q_tile * block_.dim_qk_padded);
    other_query_gradients_ = scratch_.take(geometry_.backward_q_tile * block_.dim_qk_padded);
    block_.key_gradients = scratch_.take(k_tile * block_.dim_qk_padded);
    block_.value_gradients = scratch_.take(k_tile * block_.dim_v_padded);
}

void KeyBlockWorker::begin(std::int64_t kv_head, std::int64_t tile) {
    const std::int64_t k_tile = geometry_.backward_k_tile;
    kv_head_ = kv_head;
    columns_ = {tile * k_tile, std::min((tile + 1) * k_tile, input_->forward.keys.tokens)};
    const SourceRows keys = source_rows(input_->forward.keys, kv_head, columns_, rows_scratch_);
    functions_.pack_columns(keys, k_tile, keys_);
    functions_.pack_rows(keys, k_tile, key_rows_);
    finite_ = are_exact(keys, geometry_);
    const SourceRows values = source_rows(input_->forward.values, kv_head, columns_, rows_scratch_);
    functions_.pack_columns(values, k_tile, values_);
    finite_ = finite_ && are_exact(values, geometry_);
    scoring_.choose_columns(columns_);
    std::fill_n(block_.key_gradients, k_tile * block_.dim_qk_padded, 0.0F);
    std::fill_n(block_.value_gradients, k_tile * block_.dim_v_padded, 0.0F);
}

void KeyBlockWorker::attend(const TilePlan& plan, TileClass tile_class, std::int64_t head, std::int64_t q_tile,
                            std::int64_t next_q_tile, const AttendGradients& out) {
    block_.row_groups = (plan.rows.size() + geometry_.row_group - 1) / geometry_.row_group;
    if (!finite_ || !queries_->finite(head, q_tile)) {
        attend_plainly(plan, head);
        return;
    }
    queries_->point(block_, head, q_tile);
    block_.visible = nullptr;
    block_.groups = nullptr;
    if (tile_class == TileClass::partial) {
        visible_.find(plan, columns_.begin / geometry_.backward_k_tile);
        block_.groups = visible_.groups();
        block_.visible = visible_.bits();
    }
    point_to_stored(head, q_tile, next_q_tile);
    block_.ahead[1] = {out.queries.row(head, plan.rows.begin), plan.rows.size() * out.queries.dim};
    scoring_.choose_rows(head, plan.rows);
    block_.scoring = scoring_.tile();
    functions_.attend_tile_backward(block_);
}

void KeyBlockWorker::point_to_stored(std::int64_t head, std::int64_t q_tile, std::int64_t next_q_tile) {
    block_.stored = nullptr;
    block_.ahead[0] = {};
    if (stored_ == nullptr) {
        return;
    }
    const std::int64_t tile = columns_.begin / geometry_.backward_k_tile;
    if (next_q_tile >= 0) {
        const std::int64_t next = stored_->slot(head, next_q_tile, tile);
        block_.ahead[0] = {stored_->weights(next), stored_->weight_floats()};
    }
    const std::int64_t slot = stored_->slot(head, q_tile, tile);
    if (slot == StoredTiles::nowhere || stored_->left_out(slot)) {
        return;
    }
    block_.stored = stored_->weights(slot);
    block_.stored_exponents[0] = stored_->exponents(slot, 0);
    block_.stored_exponents[1] = stored_->exponents(slot, 1);
    block_.stored_split = stored_->split(tile);
}

void KeyBlockWorker::attend_plainly(const TilePlan& plan, std::int64_t head) {
    const AttendInput& forward = input_->forward;
    const bool sigmoid = forward.scoring.is_sigmoid();
    std::vector<float> query(static_cast<std::size_t>(forward.queries.dim));
    std::vector<float> key(query.size());
    std::vector<float> value(static_cast<std::size_t>(forward.values.dim));
    std::vector<float> gradient(value.size());
    std::fill_n(block_.query_gradients, geometry_.backward_q_tile * block_.dim_qk_padded, 0.0F);
    for (std::int64_t row = 0; row < plan.rows.size(); ++row) {
        const std::int64_t at = head * forward.queries.tokens + plan.rows.begin + row;
        const float lse = sigmoid ? 0.0F : input_->lse[at];
        const float delta = sigmoid ? 0.0F : input_->delta[at];
        if (lse == -std::numeric_limits<float>::infinity()) {
            continue;
        }
        load_row(forward.queries, head, plan.rows.begin + row, query.data());
        load_row(input_->output_gradients, head, plan.rows.begin + row, gradient.data());
        float* query_gradient = block_.query_gradients + row * block_.dim_qk_padded;
        plan.seen.for_each(row, columns_, [&](Range seen) {
            for (std::int64_t column = seen.begin; column < seen.end; ++column) {
                const PairPlace place = place_of(forward, head, plan.rows.begin + row, column);
                if (forward.scoring.hides(place)) {
                    continue;
                }
                load_row(forward.keys, kv_head_, column, key.data());
                load_row(forward.values, kv_head_, column, value.data());
                const ReferencePair pair = reference_pair(forward.scoring, place, forward.scale * dot(query, key),
                                                          dot(gradient, value), {double{lse}, double{delta}});
                const auto weight = static_cast<float>(pair.weight);
                const auto product_gradient = static_cast<float>(forward.scale * pair.product_gradient);
                if (bias_gradients_.data != nullptr) {
                    bias_gradients_.row(bias_gradients_.heads == 1 ? 0 : head, place.row)[column] +=
                        static_cast<float>(pair.score_gradient);
                }
                float* key_gradient = block_.key_gradients + (column - columns_.begin) * block_.dim_qk_padded;
                float* value_gradient = block_.value_gradients + (column - columns_.begin) * block_.dim_v_padded;
                for (std::size_t d = 0; d < query.size(); ++d) {
                    query_gradient[d] += product_gradient * key[d];
                    key_gradient[d] += product_gradient * query[d];
                }
                for (std::size_t d = 0; d < value.size(); ++d) {
                    value_gradient[d] += weight * gradient[d];
                }
            }
        });
    }
}

void KeyBlockWorker::add_query_gradients(const float* gradients, Range rows, std::int64_t head,
                                         const AttendGradients& out) const {
    add_rows(gradients, block_.dim_qk_padded, out.queries, head, rows);
}

void KeyBlockWorker::add_key_gradients(const AttendGradients& out) const {
    add_rows(block_.key_gradients, block_.dim_qk_padded, out.keys, kv_head_, columns_);
    add_rows(block_.value_gradients, block_.dim_v_padded, out.values, kv_head_, columns_);
}

}  // namespace longscope::cpu
