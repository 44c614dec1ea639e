// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/row_block.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "engine/kernel/cpu/finite.h"

namespace longscope::cpu {

namespace {

constexpr double log2_e = std::numbers::log2e;
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

// Sets bits [begin, end) of a row of 64-bit words.
void set_bits(std::uint64_t* words, std::int64_t begin, std::int64_t end) {
    for (std::int64_t word = begin / 64; word * 64 < end; ++word) {
        const std::int64_t low = std::max<std::int64_t>(begin - word * 64, 0);
        const std::int64_t high = std::min<std::int64_t>(end - word * 64, 64);
        const std::uint64_t upto = high == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << high) - 1;
        words[word] |= upto & ~((std::uint64_t{1} << low) - 1);
    }
}

}  // namespace

RowBlockWorker::RowBlockWorker(const AttendInput& input, const PackedKeys& packed, const TileGeometry& geometry)
    : input_(&input),
      packed_(&packed),
      geometry_(geometry),
      queries_(geometry.q_tile * input.queries.dim),
      scores_(geometry.q_tile * geometry.k_tile),
      output_(geometry.q_tile * packed.dim_v_padded()),
      statistics_((2 + geometry.panel / 2) * geometry.q_tile),
      cursors_(static_cast<std::size_t>(geometry.q_tile)),
      // LoadMaskBits may read eight bytes from any byte of a row.
      visible_(static_cast<std::size_t>(geometry.q_tile * geometry.k_tile / 64 + 1)),
      group_panels_(static_cast<std::size_t>(2 * geometry.q_tile / geometry.row_group)) {
    block_.dim_qk = input.queries.dim;
    block_.dim_v_padded = packed.dim_v_padded();
    block_.queries = queries_.data();
    block_.scores = scores_.data();
    block_.output = output_.data();
    block_.maximum = statistics_.data();
    block_.rescale = statistics_.data() + geometry.q_tile;
    block_.sums = statistics_.data() + 2 * geometry.q_tile;
}

void RowBlockWorker::load_queries(Range rows, std::int64_t head) {
    const std::int64_t dim = input_->queries.dim;
    const float* source = input_->queries.row(head, rows.begin);
    const auto scale = static_cast<float>(input_->scale * log2_e);
    finite_queries_ = all_finite(source, rows.size() * dim);
    block_.row_groups = (rows.size() + geometry_.row_group - 1) / geometry_.row_group;
    const std::int64_t padded_rows = block_.row_groups * geometry_.row_group;
    const std::int64_t group = geometry_.row_group;
    for (std::int64_t row = 0; row < padded_rows; ++row) {
        float* packed = queries_.data() + row / group * group * dim + row % group;
        for (std::int64_t d = 0; d < dim; ++d) {
            packed[d * group] = row < rows.size() ? source[row * dim + d] * scale : 0.0F;
        }
    }
    std::fill_n(block_.output, padded_rows * block_.dim_v_padded, 0.0F);
    std::fill_n(block_.maximum, padded_rows, minus_infinity);
    std::fill_n(block_.sums, padded_rows * geometry_.panel / 2, 0.0F);
}

void RowBlockWorker::find_visible(const TilePlan& plan, std::int64_t tile) {
    const std::int64_t words = geometry_.k_tile / 64;
    const Range columns{tile * geometry_.k_tile, (tile + 1) * geometry_.k_tile};
    std::fill(visible_.begin(), visible_.end(), 0);
    for (std::int64_t group = 0; group < block_.row_groups; ++group) {
        Range touched{geometry_.k_tile, 0};
        const std::int64_t end_row = std::min((group + 1) * geometry_.row_group, plan.rows.size());
        for (std::int64_t row = group * geometry_.row_group; row < end_row; ++row) {
            const auto r = static_cast<std::size_t>(row);
            std::size_t& cursor = cursors_[r];
            while (cursor < plan.starts[r + 1] && plan.runs[cursor].end <= columns.begin) {
                ++cursor;
            }
            for (std::size_t i = cursor; i < plan.starts[r + 1] && plan.runs[i].begin < columns.end; ++i) {
                const Range seen = intersect(plan.runs[i], columns);
                set_bits(visible_.data() + row * words, seen.begin - columns.begin, seen.end - columns.begin);
                touched = {std::min(touched.begin, seen.begin - columns.begin),
                           std::max(touched.end, seen.end - columns.begin)};
            }
        }
        const auto g = static_cast<std::size_t>(2 * group);
        group_panels_[g] = static_cast<std::int32_t>(touched.empty() ? 0 : touched.begin / geometry_.panel);
        group_panels_[g + 1] =
            static_cast<std::int32_t>(touched.empty() ? 0 : (touched.end + geometry_.panel - 1) / geometry_.panel);
    }
}

void RowBlockWorker::attend_tile_plainly(const TilePlan& plan, std::int64_t head, std::int64_t tile) {
    const std::int64_t kv_head = head / (input_->queries.heads / input_->keys.heads);
    const Range columns{tile * geometry_.k_tile, (tile + 1) * geometry_.k_tile};
    for (std::int64_t row = 0; row < plan.rows.size(); ++row) {
        const std::int64_t group = geometry_.row_group;
        const float* query = queries_.data() + row / group * group * block_.dim_qk + row % group;
        float* output = block_.output + row * block_.dim_v_padded;
        const std::int64_t lanes = geometry_.panel / 2;
        float* sums = block_.sums + row * lanes;
        for (std::size_t i = plan.starts[static_cast<std::size_t>(row)];
             i < plan.starts[static_cast<std::size_t>(row) + 1]; ++i) {
            const Range seen = intersect(plan.runs[i], columns);
            for (std::int64_t column = seen.begin; column < seen.end; ++column) {
                const float* key = input_->keys.row(kv_head, column);
                const float* value = input_->values.row(kv_head, column);
                float score = 0.0F;
                for (std::int64_t d = 0; d < block_.dim_qk; ++d) {
                    score += query[d * group] * key[d];
                }
                if (score == minus_infinity) {
                    continue;
                }
                float& maximum = block_.maximum[row];
                if (score > maximum) {
                    const float shrink = std::exp2(maximum - score);
                    for (std::int64_t lane = 0; lane < lanes; ++lane) {
                        sums[lane] *= shrink;
                    }
                    for (std::int64_t d = 0; d < input_->values.dim; ++d) {
                        output[d] *= shrink;
                    }
                    maximum = score;
                }
                const float weight = std::exp2(score - maximum);
                sums[0] += weight;
                for (std::int64_t d = 0; d < input_->values.dim; ++d) {
                    output[d] += weight * value[d];
                }
            }
        }
    }
}

void RowBlockWorker::store(Range rows, std::int64_t head, Partial& out) const {
    for (std::int64_t row = 0; row < rows.size(); ++row) {
        float* output = out.output().row(head, rows.begin + row);
        const float* source = block_.output + row * block_.dim_v_padded;
        const float* sums = block_.sums + row * geometry_.panel / 2;
        const float sum = std::accumulate(sums, sums + geometry_.panel / 2, 0.0F);
        const float inverse = sum == 0.0F ? 0.0F : 1.0F / sum;
        for (std::int64_t d = 0; d < out.dim(); ++d) {
            output[d] = source[d] * inverse;
        }
        out.lse(head)[rows.begin + row] =
            sum == 0.0F ? minus_infinity : static_cast<float>(double{block_.maximum[row]} / log2_e + std::log(double{sum}));
    }
}

void RowBlockWorker::attend(const TilePlan& plan, std::int64_t head, Partial& out,
                            const std::function<void()>& after_tile) {
    const std::int64_t kv_head = head / (input_->queries.heads / input_->keys.heads);
    load_queries(plan.rows, head);
    std::copy_n(plan.starts.begin(), plan.rows.size(), cursors_.begin());
    for (const TileRun& run : plan.tiles) {
        for (std::int64_t tile = run.tiles.begin; tile < run.tiles.end; ++tile) {
            if (!finite_queries_ || !packed_->finite(kv_head, tile)) {
                attend_tile_plainly(plan, head, tile);
            } else if (run.tile_class == TileClass::full) {
                attend_tile(block_, {packed_->keys(kv_head, tile), packed_->values(kv_head, tile), nullptr, nullptr});
            } else {
                find_visible(plan, tile);
                attend_tile(block_, {packed_->keys(kv_head, tile), packed_->values(kv_head, tile), visible_.data(),
                                     group_panels_.data()});
            }
            after_tile();
        }
    }
    store(plan.rows, head, out);
}

}  // namespace longscope::cpu
