// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/key_major_worker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/kernel/cpu/plain_row.h"
#include "engine/kernel/cpu/source_rows.h"
#include "engine/mask/bit_words.h"

namespace longscope::cpu {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
constexpr std::int64_t empty_slot = -1;

// No less than all parts of the worker take together.
std::int64_t scratch_floats(const TileGeometry& geometry, std::int64_t most_rows, std::int64_t dim,
                            std::int64_t dim_v_padded) {
    constexpr std::int64_t parts = 10;
    return most_rows * (geometry.units(dim) + dim_v_padded + geometry.lanes + 1) +
           geometry.q_tile * (geometry.units(dim) + dim_v_padded + geometry.lanes + 2) + geometry.units(dim) +
           geometry.row_group * geometry.score_stride + parts * Scratch::whole_vectors(1);
}

}  // namespace

KeyMajorWorker::KeyMajorWorker(const AttendInput& input, const PackedKeys& packed, const TileFunctions& functions,
                               std::int64_t most_rows, SpareBuffers& spare)
    : input_(&input),
      packed_(&packed),
      functions_(functions),
      geometry_(functions.geometry),
      scored_(TileScoring::is_needed(input)),
      scratch_(scratch_floats(geometry_, most_rows, input.queries.dim, packed.dim_v_padded()), spare),
      plan_(geometry_),
      groups_(geometry_),
      scoring_(input, std::abs(input.scale), geometry_.q_tile, geometry_.k_tile),
      finite_(static_cast<std::size_t>(most_rows)),
      // A load of a vector's bits may read eight bytes from any byte of a row.
      visible_(static_cast<std::size_t>(geometry_.q_tile * geometry_.k_tile / 64 + 1)) {
    block_.scale =
        static_cast<float>((scored_ || input.scale == 0.0 ? 1.0 : std::abs(input.scale)) * std::numbers::log2e);
    block_.depth = geometry_.units(input.queries.dim);
    block_.dim_v_padded = packed.dim_v_padded();
    block_.queries = packed_queries_ = scratch_.take(geometry_.q_tile * block_.depth);
    block_.scores = scratch_.take(geometry_.row_group * geometry_.score_stride);
    block_.output = output_ = scratch_.take(geometry_.q_tile * block_.dim_v_padded);
    block_.sums = sums_ = scratch_.take(geometry_.q_tile * geometry_.lanes);
    block_.maximum = maximum_ = scratch_.take(geometry_.q_tile);
    block_.rescale = scratch_.take(geometry_.q_tile);
    no_query_ = scratch_.take(block_.depth);
    std::fill_n(no_query_, block_.depth, 0.0F);
    slab_queries_ = scratch_.take(most_rows * block_.depth);
    slab_output_ = scratch_.take(most_rows * block_.dim_v_padded);
    slab_sums_ = scratch_.take(most_rows * geometry_.lanes);
    slab_maximum_ = scratch_.take(most_rows);
}

RowState KeyMajorWorker::state(std::int64_t row) const {
    return {slab_output_ + row * block_.dim_v_padded, slab_maximum_ + row, slab_sums_ + row * geometry_.lanes,
            geometry_.lanes};
}

void KeyMajorWorker::begin_slab(const Slab& slab, const KeyPart& part, const Partial& out) {
    // As in RowBlockWorker: only the sign of the scale can be multiplied without rounding.
    const float sign = input_->scale == 0.0 ? 0.0F : static_cast<float>(std::copysign(1.0, input_->scale));
    std::vector<float> scratch;
    const std::int64_t heads = slab.heads.size();
    for (std::int64_t head = 0; head < heads; ++head) {
        const SourceRows queries = source_rows(input_->queries, slab.heads.begin + head, slab.tokens, scratch);
        const bool all = all_finite(queries);
        for (std::int64_t token = 0; token < slab.tokens.size(); ++token) {
            const std::int64_t row = token * heads + head;
            const SourceRows one{queries.data + token * queries.stride, 1, queries.dim, queries.stride};
            finite_[static_cast<std::size_t>(row)] = static_cast<unsigned char>(all || all_finite(one));
            functions_.pack_units(one, sign, slab_queries_ + row * block_.depth);
            begin_row(part, out, slab.heads.begin + head, slab.tokens.begin + token, block_.dim_v_padded, state(row));
        }
    }
}

void KeyMajorWorker::end_slab(const Slab& slab, const KeyPart& part, Partial& out) const {
    const double score_scale = scored_ ? 1.0 : std::abs(input_->scale);
    const std::int64_t heads = slab.heads.size();
    for (std::int64_t head = 0; head < heads; ++head) {
        for (std::int64_t token = 0; token < slab.tokens.size(); ++token) {
            end_row(part, out, slab.heads.begin + head, slab.tokens.begin + token, score_scale,
                    state(token * heads + head));
        }
    }
}

std::int64_t KeyMajorWorker::attend(const Slab& whole, const KindPlans& plans, const KeyPart& part, Partial& out,
                                    const std::function<void()>& after_tile) {
    const std::vector<KindHeads> kinds = kinds_of_heads(*input_->mask, whole.heads);
    std::int64_t pairs = 0;
    for (std::int64_t begin = whole.tokens.begin; begin < whole.tokens.end;) {
        const std::int64_t end = plan_.plan(plans, kinds, {begin, whole.tokens.end}, {part.tiles});
        const Slab slab{whole.kv_head, whole.heads, {begin, end}};
        begin_slab(slab, part, out);
        const std::span<const TileVisit> visits = plan_.visits();
        for (std::size_t first = 0; first < visits.size();) {
            std::size_t last = first;
            while (last < visits.size() && visits[last].tile == visits[first].tile) {
                ++last;
            }
            attend_tile(slab, kinds, visits.subspan(first, last - first), after_tile);
            first = last;
        }
        end_slab(slab, part, out);
        pairs += plan_.head_pairs();
        begin = end;
    }
    return pairs;
}

void KeyMajorWorker::attend_tile(const Slab& slab, std::span<const KindHeads> kinds, std::span<const TileVisit> visits,
                                 const std::function<void()>& after_tile) {
    const std::int64_t tile = visits.front().tile;
    const bool finite_keys = packed_->finite(slab.kv_head, tile);
    const auto compute = [&] {
        compute_batch(slab, tile);
        after_tile();
    };
    const auto emit = [&](std::span<const GatheredRow> rows, const GroupColumns& columns) {
        add_group(rows, columns);
        if (static_cast<std::int64_t>(slots_.size()) == geometry_.q_tile) {
            compute();
        }
    };
    for (const TileVisit& visit : visits) {
        for (const std::int32_t head : kinds[visit.kind_heads].heads) {
            const GatheredRow row{&visit, visit.token * slab.heads.size() + head};
            if (finite_keys && finite_[static_cast<std::size_t>(row.row)] != 0) {
                groups_.add(row, emit);
            } else {
                attend_plainly(slab, row);
            }
        }
    }
    groups_.finish(emit);
    if (!slots_.empty()) {
        compute();
    }
}

void KeyMajorWorker::add_group(std::span<const GatheredRow> rows, const GroupColumns& columns) {
    const auto words = static_cast<std::size_t>(geometry_.k_tile / 64);
    const std::size_t first = slots_.size();
    slots_.resize(first + static_cast<std::size_t>(geometry_.row_group), empty_slot);
    columns_.push_back(columns);
    if (columns.masked != 0) {
        std::fill_n(visible_.begin() + static_cast<std::ptrdiff_t>(first * words),
                    static_cast<std::size_t>(geometry_.row_group) * words, 0);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        slots_[first + i] = rows[i].row;
        const TileVisit& visit = *rows[i].visit;
        const std::int64_t origin = visit.tile * geometry_.k_tile;
        for (std::uint16_t run = 0; columns.masked != 0 && run < visit.run_count; ++run) {
            const Range seen{std::max(visit.runs[run].begin - origin, std::int64_t{0}),
                             std::min(visit.runs[run].end - origin, geometry_.k_tile)};
            set_bits(std::span(visible_).subspan((first + i) * words, words), seen);
        }
    }
}

void KeyMajorWorker::gather() {
    const std::int64_t dim_v = block_.dim_v_padded;
    const std::int64_t lanes = geometry_.lanes;
    queries_.resize(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        const auto slot = static_cast<std::int64_t>(i);
        if (slots_[i] == empty_slot) {
            queries_[i] = no_query_;
            std::fill_n(output_ + slot * dim_v, dim_v, 0.0F);
            std::fill_n(sums_ + slot * lanes, lanes, 0.0F);
            maximum_[slot] = minus_infinity;
            continue;
        }
        queries_[i] = slab_queries_ + slots_[i] * block_.depth;
        const RowState from = state(slots_[i]);
        std::copy_n(from.output, dim_v, output_ + slot * dim_v);
        std::copy_n(from.sums, lanes, sums_ + slot * lanes);
        maximum_[slot] = *from.maximum;
    }
    functions_.gather_groups(queries_.data(), static_cast<std::int64_t>(queries_.size()), block_.depth,
                             packed_queries_);
}

void KeyMajorWorker::scatter() const {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i] == empty_slot) {
            continue;
        }
        const auto slot = static_cast<std::int64_t>(i);
        const RowState to = state(slots_[i]);
        std::copy_n(output_ + slot * block_.dim_v_padded, block_.dim_v_padded, to.output);
        std::copy_n(sums_ + slot * geometry_.lanes, geometry_.lanes, to.sums);
        *to.maximum = maximum_[slot];
    }
}

void KeyMajorWorker::choose_scores(const Slab& slab, std::int64_t tile) {
    // Where scores depend on the head, the slab has one.
    std::vector<std::int64_t> rows(slots_);
    for (std::int64_t& row : rows) {
        row = row == empty_slot ? row : slab.tokens.begin + row / slab.heads.size();
    }
    scoring_.choose_gathered_rows(slab.heads.begin, rows);
    scoring_.choose_columns({tile * geometry_.k_tile, std::min((tile + 1) * geometry_.k_tile, input_->keys.tokens)});
}

void KeyMajorWorker::compute_batch(const Slab& slab, std::int64_t tile) {
    gather();
    if (scored_) {
        choose_scores(slab, tile);
    }
    block_.row_groups = static_cast<std::int64_t>(columns_.size());
    block_.scoring = scoring_.tile();
    functions_.attend_tile(block_, {packed_->keys(slab.kv_head, tile), packed_->values(slab.kv_head, tile),
                                    columns_.data(), visible_.data()});
    scatter();
    slots_.clear();
    columns_.clear();
}

void KeyMajorWorker::attend_plainly(const Slab& slab, const GatheredRow& row) {
    const Range columns{row.visit->tile * geometry_.k_tile, (row.visit->tile + 1) * geometry_.k_tile};
    PlainRows plain(*input_, block_.scale);
    for (std::uint16_t run = 0; run < row.visit->run_count; ++run) {
        plain.add(slab.heads.begin + row.row % slab.heads.size(), slab.tokens.begin + row.visit->token,
                  intersect(row.visit->runs[run], columns), state(row.row));
    }
}

}  // namespace longscope::cpu
