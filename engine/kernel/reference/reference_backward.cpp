// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/reference/reference_backward.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "engine/kernel/reference/pulse.h"
#include "engine/kernel/reference/reference_pair.h"

namespace longscope {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

// Consecutive rows of a view as float32.
class Rows {
  public:
    explicit Rows(const HeadView& view, std::int64_t count = 1)
        : view_(&view), dim_(static_cast<std::size_t>(view.dim)), values_(dim_ * static_cast<std::size_t>(count)) {}

    void load(std::int64_t head, Range tokens) {
        for (std::int64_t i = 0; i < tokens.size(); ++i) {
            load_row(*view_, head, tokens.begin + i, values_.data() + static_cast<std::size_t>(i) * dim_);
        }
    }
    void load(std::int64_t head, std::int64_t token) { load(head, {token, token + 1}); }
    [[nodiscard]] std::span<const float> operator[](std::int64_t i) const {
        return {values_.data() + static_cast<std::size_t>(i) * dim_, dim_};
    }

  private:
    const HeadView* view_;
    std::size_t dim_;
    std::vector<float> values_;
};

// As many float64 sums for as many rows.
class Sums {
  public:
    Sums(std::int64_t rows, std::int64_t dim)
        : dim_(static_cast<std::size_t>(dim)), sums_(dim_ * static_cast<std::size_t>(rows), 0.0) {}

    [[nodiscard]] std::span<double> operator[](std::int64_t row) {
        return {sums_.data() + static_cast<std::size_t>(row) * dim_, dim_};
    }
    void add_to(float* out) const {
        for (std::size_t i = 0; i < sums_.size(); ++i) {
            out[i] = static_cast<float>(double{out[i]} + sums_[i]);
        }
    }

  private:
    std::size_t dim_;
    std::vector<double> sums_;
};

// To the parts of ascending runs that lie in `keys`.
void clip(std::vector<Range>& runs, Range keys) {
    for (Range& run : runs) {
        run = intersect(run, keys);
    }
    std::erase_if(runs, [](Range run) { return run.empty(); });
}

std::int64_t count(const std::vector<Range>& runs) {
    return std::accumulate(runs.begin(), runs.end(), std::int64_t{0},
                           [](std::int64_t sum, Range run) { return sum + run.size(); });
}

template <typename Action>
void for_each_column(const std::vector<Range>& runs, Action action) {
    for (const Range run : runs) {
        for (std::int64_t column = run.begin; column < run.end; ++column) {
            action(column);
        }
    }
}

class Backward {
  public:
    Backward(const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks)
        : input_(input),
          forward_(input.forward),
          out_(out),
          pulse_(hooks, out.bias.data == nullptr ? 2 : 3),
          rows_(forward_.queries.tokens),
          columns_(forward_.keys.tokens),
          heads_per_group_(forward_.queries.heads / forward_.keys.heads) {}

    void run(ThreadTeam& team) {
        team.for_each(forward_.queries.heads * rows_, [&](std::int64_t i) {
            if (pulse_.beat()) {
                add_query_gradient(i / rows_, i % rows_);
            }
        });
        const std::int64_t blocks = (columns_ + keys_of_block - 1) / keys_of_block;
        team.for_each(forward_.keys.heads * blocks, [&](std::int64_t i) {
            const std::int64_t begin = i % blocks * keys_of_block;
            add_key_gradients(i / blocks, {begin, std::min(begin + keys_of_block, columns_)});
        });
        if (out_.bias.data != nullptr) {
            team.for_each(out_.bias.heads * rows_, [&](std::int64_t i) {
                if (pulse_.beat()) {
                    add_bias_gradients(i / rows_, i % rows_);
                }
            });
        }
        pulse_.throw_if_cancelled();
    }

  private:
    // Many enough to be worth a pass over all rows, few enough to give every thread its share.
    static constexpr std::int64_t keys_of_block = 64;

    [[nodiscard]] ReferenceRowStatistics statistics(std::int64_t head, std::int64_t row) const {
        if (forward_.scoring.is_sigmoid()) {
            return {};
        }
        return {double{input_.lse[head * rows_ + row]}, double{input_.delta[head * rows_ + row]}};
    }

    [[nodiscard]] bool adds_nothing(const ReferenceRowStatistics& row) const {
        return !forward_.scoring.is_sigmoid() && row.lse == minus_infinity;
    }

    // Calls `action` with the place of each pair of a row, its key and what the definition says of it.
    template <typename Action>
    void visit_row(std::int64_t head, std::int64_t row, Action action) {
        std::vector<Range> runs;
        forward_.mask->row_runs(row, runs, forward_.mask->kind_of(head));
        pulse_.add_pairs(count(runs));
        const ReferenceRowStatistics whole_row = statistics(head, row);
        if (adds_nothing(whole_row)) {
            return;
        }
        Rows query(forward_.queries);
        Rows output_gradient(input_.output_gradients);
        Rows key(forward_.keys);
        Rows value(forward_.values);
        query.load(head, row);
        output_gradient.load(head, row);
        for_each_column(runs, [&](std::int64_t column) {
            const PairPlace place = place_of(forward_, head, row, column);
            if (forward_.scoring.hides(place)) {
                return;
            }
            key.load(head / heads_per_group_, column);
            value.load(head / heads_per_group_, column);
            action(place, key[0],
                   reference_pair(forward_.scoring, place, forward_.scale * dot(query[0], key[0]),
                                  dot(output_gradient[0], value[0]), whole_row));
        });
    }

    void add_query_gradient(std::int64_t head, std::int64_t row) {
        Sums gradient(1, forward_.queries.dim);
        visit_row(head, row, [&](const PairPlace&, std::span<const float> key, const ReferencePair& pair) {
            add_scaled(gradient[0], forward_.scale * pair.product_gradient, key);
        });
        gradient.add_to(out_.queries.row(head, row));
    }

    void add_key_gradients(std::int64_t kv_head, Range keys) {
        Rows query(forward_.queries);
        Rows output_gradient(input_.output_gradients);
        Rows key(forward_.keys, keys.size());
        Rows value(forward_.values, keys.size());
        key.load(kv_head, keys);
        value.load(kv_head, keys);
        Sums key_gradients(keys.size(), forward_.keys.dim);
        Sums value_gradients(keys.size(), forward_.values.dim);
        std::vector<Range> runs;
        for (std::int64_t row = 0; row < rows_ && pulse_.beat(); ++row) {
            const std::int64_t first_head = kv_head * heads_per_group_;
            for (std::int64_t head = first_head; head < first_head + heads_per_group_; ++head) {
                const std::int64_t kind = forward_.mask->kind_of(head);
                if (head == first_head || kind != forward_.mask->kind_of(head - 1)) {
                    forward_.mask->row_runs(row, runs, kind);
                    clip(runs, keys);
                }
                pulse_.add_pairs(count(runs));
                const ReferenceRowStatistics whole_row = statistics(head, row);
                if (adds_nothing(whole_row)) {
                    continue;
                }
                query.load(head, row);
                output_gradient.load(head, row);
                for_each_column(runs, [&](std::int64_t column) {
                    const PairPlace place = place_of(forward_, head, row, column);
                    if (forward_.scoring.hides(place)) {
                        return;
                    }
                    const std::int64_t k = column - keys.begin;
                    const ReferencePair pair =
                        reference_pair(forward_.scoring, place, forward_.scale * dot(query[0], key[k]),
                                       dot(output_gradient[0], value[k]), whole_row);
                    add_scaled(key_gradients[k], forward_.scale * pair.product_gradient, query[0]);
                    add_scaled(value_gradients[k], pair.weight, output_gradient[0]);
                });
            }
        }
        key_gradients.add_to(out_.keys.row(kv_head, keys.begin));
        value_gradients.add_to(out_.values.row(kv_head, keys.begin));
    }

    // Of a head of the bias, which may be that of all query heads.
    void add_bias_gradients(std::int64_t bias_head, std::int64_t row) {
        Sums gradients(1, columns_);
        const std::int64_t heads = forward_.queries.heads / out_.bias.heads;
        for (std::int64_t head = bias_head * heads; head < (bias_head + 1) * heads; ++head) {
            visit_row(head, row, [&](const PairPlace& place, std::span<const float>, const ReferencePair& pair) {
                gradients[0][static_cast<std::size_t>(place.column)] += pair.score_gradient;
            });
        }
        gradients.add_to(out_.bias.row(bias_head, row));
    }

    const AttendBackwardInput& input_;
    const AttendInput& forward_;
    const AttendGradients& out_;
    Pulse pulse_;
    std::int64_t rows_;
    std::int64_t columns_;
    std::int64_t heads_per_group_;
};

}  // namespace

void reference_backward(ThreadTeam& team, const AttendBackwardInput& input, const AttendGradients& out,
                        const AttendHooks& hooks) {
    Backward(input, out, hooks).run(team);
}

}  // namespace longscope
