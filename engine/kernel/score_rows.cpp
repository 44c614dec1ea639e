// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/score_rows.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/kernel/reference/pulse.h"
#include "engine/kernel/row_products.h"

namespace longscope {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
constexpr std::int64_t passes = 2;  // over the pairs, in each of the two ways
// Sums of so many terms are added to sums of sums, so that rounding errors grow slowly.
constexpr std::int64_t tile_columns = 64;
constexpr std::int64_t tile_rows = 64;

std::int64_t tiles(std::int64_t count, std::int64_t size) {
    return (count + size - 1) / size;
}
Range tile(std::int64_t i, std::int64_t size, std::int64_t count) {
    return {i * size, std::min((i + 1) * size, count)};
}

// Some rows of one head as float32.
class LoadedRows {
  public:
    explicit LoadedRows(const HeadView& view) : view_(&view) {}

    void load(std::int64_t head, Range rows) {
        if (head == head_ && rows == rows_) {
            return;
        }
        head_ = head;
        rows_ = rows;
        values_.resize(static_cast<std::size_t>(rows.size() * view_->dim));
        for (std::int64_t i = 0; i < rows.size(); ++i) {
            load_row(*view_, head, rows.begin + i, values_.data() + i * view_->dim);
        }
    }
    const float* load(std::int64_t head, std::int64_t row) {
        load(head, {row, row + 1});
        return values_.data();
    }
    [[nodiscard]] RowSpan<const float> of(Range rows) const {
        return {values_.data() + (rows.begin - rows_.begin) * view_->dim, rows.size(), view_->dim};
    }

  private:
    const HeadView* view_;
    std::int64_t head_ = -1;
    Range rows_{0, 0};
    std::vector<float> values_;
};

// Sums for some rows of a gradient or an output.
class RowSums {
  public:
    RowSums(std::int64_t rows, std::int64_t dim) : dim_(dim), sums_(static_cast<std::size_t>(rows * dim), 0.0F) {}

    [[nodiscard]] RowSpan<float> of(Range rows) { return {sums_.data() + rows.begin * dim_, rows.size(), dim_}; }
    // Adds factor times the first rows to what is there, and begins anew.
    void move_to(float* out, std::int64_t rows, float factor) {
        for (std::int64_t i = 0; i < rows * dim_; ++i) {
            out[i] += factor * sums_[static_cast<std::size_t>(i)];
        }
        std::fill(sums_.begin(), sums_.end(), 0.0F);
    }

  private:
    std::int64_t dim_;
    std::vector<float> sums_;
};

// The keys of some columns that a row sees; asked for again only where another mask holds.
class SeenKeys {
  public:
    explicit SeenKeys(const LocalMask& mask) : mask_(&mask) {}

    const std::vector<Range>& of(std::int64_t head, std::int64_t row, Range columns) {
        const std::int64_t kind = mask_->kind_of(head);
        if (row != row_ || kind != kind_ || !(columns == columns_)) {
            if (row != row_ || kind != kind_) {
                mask_->row_runs(row, whole_, kind);
            }
            row_ = row;
            kind_ = kind;
            columns_ = columns;
            parts_.clear();
            for (const Range run : whole_) {
                if (const Range part = intersect(run, columns); !part.empty()) {
                    parts_.push_back(part);
                }
            }
        }
        return parts_;
    }

  private:
    const LocalMask* mask_;
    std::int64_t row_ = -1;
    std::int64_t kind_ = -1;
    Range columns_{0, 0};
    std::vector<Range> whole_;
    std::vector<Range> parts_;
};

// Where a run of pairs stands.
struct RowRun {
    std::int64_t head = 0;
    std::int64_t row = 0;
    Range columns;
};

double score_at(const ScoreBlock& block, const RowRun& run, std::int64_t column) {
    const std::int64_t distance = block.scoring.slopes == nullptr ? 0 : block.mask->distance(run.row, column);
    return score_of(block.scoring, double{block.row(run.head, run.row)[column]}, {run.head, run.row, column, distance});
}

// The scores of a run: where they lie, or in `room`.
const float* scores_of(const ScoreBlock& block, const RowRun& run, std::vector<float>& room) {
    if (block.scoring.is_plain()) {
        return block.row(run.head, run.row) + run.columns.begin;
    }
    room.resize(static_cast<std::size_t>(run.columns.size()));
    for (std::int64_t i = 0; i < run.columns.size(); ++i) {
        room[static_cast<std::size_t>(i)] = static_cast<float>(score_at(block, run, run.columns.begin + i));
    }
    return room.data();
}

// All that the row sees has a score of -inf: it adds nothing anywhere, not even what is no number.
bool weighs_nothing(const ScoreBlock& block, float lse) {
    return !block.scoring.is_sigmoid() && lse == minus_infinity;
}

void weights_of(const ScoreBlock& block, const RowRun& run, float lse, std::vector<float>& out) {
    const std::int64_t count = run.columns.size();
    if (!block.scoring.is_sigmoid()) {
        const float* scores = scores_of(block, run, out);
        out.resize(static_cast<std::size_t>(count));
        weights_of_scores(scores, count, lse, out.data());
        return;
    }
    out.resize(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
        const double score = score_at(block, run, run.columns.begin + i) + *block.scoring.sigmoid_bias;
        out[static_cast<std::size_t>(i)] = static_cast<float>(sigmoid(score));
    }
}

// dS = P (dP - delta), or P (1 - P) dP; then through the soft cap. `products` are dP.
void replace_by_gradients(const ScoreBlock& block, const RowRun& run, const std::vector<float>& weights,
                          const std::vector<float>& products, float delta) {
    float* row = block.row(run.head, run.row) + run.columns.begin;
    for (std::int64_t i = 0; i < run.columns.size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        const double slope = score_slope(block.scoring, double{row[i]});
        float gradient = 0.0F;
        if (block.scoring.is_sigmoid()) {
            const double score = score_at(block, run, run.columns.begin + i) + *block.scoring.sigmoid_bias;
            gradient = static_cast<float>(sigmoid(score) * sigmoid(-score) * double{products[at]});
        } else {
            gradient = weights[at] * (products[at] - delta);
        }
        row[i] = static_cast<float>(slope * double{gradient});
    }
}

// Calls `action(run)` for what the query heads of one key/value head see of some columns in some rows; counts it where
// `pulse` is told to. False when the work is to end.
template <typename Action>
bool for_each_run(std::int64_t kv_head, std::int64_t group, Range rows, Range columns, SeenKeys& seen, Pulse& pulse,
                  bool counts, Action action) {
    std::int64_t pairs = 0;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        if (!pulse.beat()) {
            return false;
        }
        for (std::int64_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
            for (const Range run : seen.of(head, row, columns)) {
                action(RowRun{head, row, run});
                pairs += run.size();
            }
        }
    }
    if (counts) {
        pulse.add_pairs(pairs);
    }
    return true;
}

// Adds factor times the sum of weighted rows of `source` (keys or values) to the rows of `out`: a task has some rows of
// all query heads of a key/value head, so that what it adds to is its own. Weights may be null: there are none.
template <typename Weights>
void add_by_rows(const HeadView& source, const ScoreBlock& block, HeadMatrix<float> out, float factor,
                 const ScoreWork& work, Pulse& pulse, bool counts, Weights weights) {
    const std::int64_t group = out.heads / source.heads;
    const std::int64_t row_tiles = tiles(block.rows(), tile_rows);
    work.team.for_each(source.heads * row_tiles, [&](std::int64_t task) {
        const std::int64_t kv_head = task / row_tiles;
        const Range rows = tile(task % row_tiles, tile_rows, block.rows());
        LoadedRows loaded(source);
        SeenKeys seen(*block.mask);
        RowSums sum(1, source.dim);
        std::vector<float> room;
        for (std::int64_t i = 0; i < tiles(block.columns(), tile_columns); ++i) {
            const Range columns = tile(i, tile_columns, block.columns());
            if (!for_each_run(kv_head, group, rows, columns, seen, pulse, counts, [&](const RowRun& run) {
                    if (const float* weights_of_run = weights(run, room)) {
                        loaded.load(kv_head, columns);
                        add_weighted_rows(weights_of_run, loaded.of(run.columns), sum.of({0, 1}).data);
                        sum.move_to(out.row(run.head, run.row), 1, factor);
                    }
                })) {
                return;
            }
        }
    });
}

// Gradients of the rows of `out` (keys or values), which are replaced: a task has some columns of a key/value head.
// `add(run, sums)` adds what a run gives to those of its columns.
template <typename Add>
void sum_by_columns(const ScoreBlock& block, HeadMatrix<float> out, std::int64_t group, float factor,
                    const ScoreWork& work, Pulse& pulse, bool counts, Add make_add) {
    const std::int64_t column_tiles = tiles(block.columns(), tile_columns);
    work.team.for_each(out.heads * column_tiles, [&](std::int64_t task) {
        const std::int64_t kv_head = task / column_tiles;
        const Range columns = tile(task % column_tiles, tile_columns, block.columns());
        float* into = out.row(kv_head, columns.begin);
        std::fill(into, into + columns.size() * out.dim, 0.0F);
        RowSums sums(columns.size(), out.dim);
        SeenKeys seen(*block.mask);
        auto add = make_add(kv_head, columns);
        for (std::int64_t i = 0; i < tiles(block.rows(), tile_rows); ++i) {
            if (!for_each_run(
                    kv_head, group, tile(i, tile_rows, block.rows()), columns, seen, pulse, counts,
                    [&](const RowRun& run) {
                        add(run, sums.of({run.columns.begin - columns.begin, run.columns.end - columns.begin}));
                    })) {
                return;
            }
            sums.move_to(into, columns.size(), factor);
        }
    });
}

}  // namespace

void compute_scores(const HeadView& queries, const HeadView& keys, const ScoreBlock& block, const ScoreWork& work) {
    Pulse pulse(work.hooks, passes);
    const std::int64_t group = queries.heads / keys.heads;
    const std::int64_t column_tiles = tiles(block.columns(), tile_columns);
    work.team.for_each(keys.heads * column_tiles, [&](std::int64_t task) {
        const std::int64_t kv_head = task / column_tiles;
        const Range columns = tile(task % column_tiles, tile_columns, block.columns());
        LoadedRows loaded_keys(keys);
        LoadedRows query(queries);
        SeenKeys seen(*block.mask);
        (void)for_each_run(kv_head, group, {0, block.rows()}, columns, seen, pulse, true, [&](const RowRun& run) {
            loaded_keys.load(kv_head, columns);
            products_with_rows(query.load(run.head, run.row), loaded_keys.of(run.columns),
                               static_cast<float>(block.scale), block.row(run.head, run.row) + run.columns.begin);
        });
    });
    pulse.throw_if_cancelled();
}

namespace {

// Of one row of all blocks.
class RowLse {
  public:
    explicit RowLse(const std::vector<ScoreBlock>& blocks) : blocks_(&blocks) {
        for (const ScoreBlock& block : blocks) {
            seen_.emplace_back(*block.mask);
        }
    }

    float of(std::int64_t head, std::int64_t row) {
        float largest = minus_infinity;
        for_each_score(head, row, [&](const float* scores, std::int64_t count) {
            for (std::int64_t i = 0; i < count; ++i) {
                largest = scores[i] > largest ? scores[i] : largest;
            }
        });
        double sum = 0.0;
        for_each_score(head, row, [&](const float* scores, std::int64_t count) {
            weights_.resize(static_cast<std::size_t>(count));
            weights_of_scores(scores, count, largest, weights_.data());
            for (std::int64_t i = 0; i < count; ++i) {
                // A score of -inf weighs nothing, also where all are; NaN is no number either way.
                sum += scores[i] == minus_infinity ? 0.0 : double{weights_[static_cast<std::size_t>(i)]};
            }
        });
        return static_cast<float>(double{largest} + std::log(sum));
    }

  private:
    template <typename Action>
    void for_each_score(std::int64_t head, std::int64_t row, Action action) {
        for (std::size_t i = 0; i < blocks_->size(); ++i) {
            const ScoreBlock& block = (*blocks_)[i];
            for (const Range run : seen_[i].of(head, row, {0, block.columns()})) {
                action(scores_of(block, {head, row, run}, room_), run.size());
            }
        }
    }

    const std::vector<ScoreBlock>* blocks_;
    std::vector<SeenKeys> seen_;
    std::vector<float> room_;
    std::vector<float> weights_;
};

}  // namespace

void lse_of_rows(const std::vector<ScoreBlock>& blocks, Partial& out, const ScoreWork& work) {
    out.reset();
    if (out.rule() != MergeRule::softmax) {
        return;
    }
    const Pulse pulse(work.hooks, passes);
    work.team.for_each_range(out.heads() * out.rows(), tile_rows, [&](std::int64_t begin, std::int64_t end) {
        RowLse lse(blocks);
        for (std::int64_t i = begin; i < end && pulse.beat(); ++i) {
            out.lse(i / out.rows())[i % out.rows()] = lse.of(i / out.rows(), i % out.rows());
        }
    });
    pulse.throw_if_cancelled();
}

void add_weighted_values(const HeadView& values, const ScoreBlock& block, Partial& out, const ScoreWork& work) {
    Pulse pulse(work.hooks, passes);
    add_by_rows(values, block, out.output(), 1.0F, work, pulse, true,
                [&](const RowRun& run, std::vector<float>& room) -> const float* {
                    const float lse = out.lse(run.head)[run.row];
                    if (weighs_nothing(block, lse)) {
                        return nullptr;
                    }
                    weights_of(block, run, lse, room);
                    return room.data();
                });
    pulse.throw_if_cancelled();
}

void score_gradients(const HeadView& values, const AttendBackwardInput& rows, const ScoreBlock& block,
                     HeadMatrix<float> value_gradients, const ScoreWork& work) {
    Pulse pulse(work.hooks, passes);
    const HeadView& output_gradients = rows.output_gradients;
    sum_by_columns(block, value_gradients, output_gradients.heads / values.heads, 1.0F, work, pulse, true,
                   [&](std::int64_t kv_head, Range columns) {
                       LoadedRows loaded(values);
                       loaded.load(kv_head, columns);
                       return [&, loaded, gradient = LoadedRows(output_gradients), weights = std::vector<float>(),
                               products = std::vector<float>()](const RowRun& run, RowSpan<float> sums) mutable {
                           const std::int64_t at = run.head * block.rows() + run.row;
                           if (weighs_nothing(block, rows.lse[at])) {
                               std::fill_n(block.row(run.head, run.row) + run.columns.begin, run.columns.size(), 0.0F);
                               return;
                           }
                           const float* row = gradient.load(run.head, run.row);
                           weights_of(block, run, rows.lse[at], weights);
                           products.resize(weights.size());
                           products_with_rows(row, loaded.of(run.columns), 1.0F, products.data());
                           add_to_rows(weights.data(), row, sums);
                           replace_by_gradients(block, run, weights, products, rows.delta[at]);
                       };
                   });
    pulse.throw_if_cancelled();
}

void query_and_key_gradients(const HeadView& queries, const HeadView& keys, const ScoreBlock& block,
                             HeadMatrix<float> query_gradients, HeadMatrix<float> key_gradients,
                             const ScoreWork& work) {
    Pulse pulse(work.hooks, passes);
    const auto scale = static_cast<float>(block.scale);
    const auto gradients_of = [&](const RowRun& run) -> const float* {
        return block.row(run.head, run.row) + run.columns.begin;
    };
    add_by_rows(keys, block, query_gradients, scale, work, pulse, true,
                [&](const RowRun& run, std::vector<float>& /*room*/) { return gradients_of(run); });
    sum_by_columns(block, key_gradients, queries.heads / keys.heads, scale, work, pulse, false,
                   [&](std::int64_t /*kv_head*/, Range /*columns*/) {
                       return [&, query = LoadedRows(queries)](const RowRun& run, RowSpan<float> sums) mutable {
                           add_to_rows(gradients_of(run), query.load(run.head, run.row), sums);
                       };
                   });
    pulse.throw_if_cancelled();
}

}  // namespace longscope
