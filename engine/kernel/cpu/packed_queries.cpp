// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/packed_queries.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "engine/kernel/cpu/source_rows.h"

namespace longscope::cpu {

PackedQueries::PackedQueries(const AttendBackwardInput& input, bool scored, const TileFunctions& functions,
                             SpareBuffers& spare)
    : input_(&input), functions_(functions), spare_(&spare), scored_(scored) {
    const TileGeometry& geometry = functions.geometry;
    const std::int64_t dim_qk = input.forward.queries.dim;
    const std::int64_t dim_v = input.output_gradients.dim;
    tiles_ = (input.forward.queries.tokens + geometry.backward_q_tile - 1) / geometry.backward_q_tile;
    query_groups_ = geometry.backward_q_tile * geometry.units(dim_qk);
    query_rows_ = geometry.units(geometry.backward_q_tile) * geometry.padded_to_panels(dim_qk);
    gradient_groups_ = geometry.backward_q_tile * geometry.units(dim_v);
    gradient_rows_ = geometry.units(geometry.backward_q_tile) * geometry.padded_to_panels(dim_v);
    slot_floats_ = query_groups_ + query_rows_ + gradient_groups_ + gradient_rows_ + 2 * geometry.backward_q_tile;
}

PackedQueries::~PackedQueries() {
    spare_->give_back(std::move(packed_));
}

void PackedQueries::choose(std::int64_t heads, Range tiles) {
    heads_ = heads;
    chosen_ = tiles;
    const std::int64_t slots = heads * tiles.size();
    finite_.assign(static_cast<std::size_t>(slots), 0);
    if (const std::int64_t floats = slots * slot_floats_; floats > packed_.size()) {
        spare_->give_back(std::move(packed_));
        packed_ = spare_->take(floats);
    }
}

void PackedQueries::pack(std::int64_t head, std::int64_t tile) {
    const std::int64_t q_tile = functions_.geometry.backward_q_tile;
    const std::int64_t slot = slot_of(head, tile);
    const std::int64_t total = input_->forward.queries.tokens;
    const std::int64_t first = tile * q_tile;
    const Range rows{first, std::min(first + q_tile, total)};
    std::vector<float> scratch;
    float* out = packed_.data() + slot * slot_floats_;

    const SourceRows queries = source_rows(input_->forward.queries, head, rows, scratch);
    functions_.pack_groups(queries, 1.0F, out);
    functions_.pack_rows(queries, q_tile, out + query_groups_);
    bool finite = are_exact(queries, functions_.geometry);
    out += query_groups_ + query_rows_;

    const SourceRows gradients = source_rows(input_->output_gradients, head, rows, scratch);
    functions_.pack_groups(gradients, 1.0F, out);
    functions_.pack_rows(gradients, q_tile, out + gradient_groups_);
    finite = finite && are_exact(gradients, functions_.geometry);
    out += gradient_groups_ + gradient_rows_;

    // The weights of a row that sees nothing, and of padding, are 2^-inf = 0.
    std::fill_n(out, q_tile, std::numeric_limits<float>::infinity());
    std::fill_n(out + q_tile, q_tile, 0.0F);
    const double unit = scored_ ? 1.0 : std::numbers::log2e;
    for (std::int64_t row = rows.begin; row < rows.end && !input_->forward.scoring.is_sigmoid(); ++row) {
        const float lse = input_->lse[head * total + row];
        const float delta = input_->delta[head * total + row];
        if (lse == -std::numeric_limits<float>::infinity()) {
            continue;
        }
        finite = finite && std::isfinite(lse) && std::isfinite(delta);
        out[row - rows.begin] = static_cast<float>(double{lse} * unit);
        out[q_tile + row - rows.begin] = delta;
    }
    finite_[static_cast<std::size_t>(slot)] = static_cast<unsigned char>(finite);
}

void PackedQueries::point(BackwardBlock& block, std::int64_t head, std::int64_t tile) const {
    const float* at = packed_.data() + slot_of(head, tile) * slot_floats_;
    block.queries = at;
    block.query_rows = block.queries + query_groups_;
    block.output_gradients = block.query_rows + query_rows_;
    block.output_gradient_rows = block.output_gradients + gradient_groups_;
    block.lse = block.output_gradient_rows + gradient_rows_;
    block.delta = block.lse + functions_.geometry.backward_q_tile;
}

}  // namespace longscope::cpu
