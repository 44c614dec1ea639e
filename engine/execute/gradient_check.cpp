// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/thread_team.h"
#include "engine/execute/row_check.h"
#include "engine/execute/squared_terms.h"
#include "engine/kernel/reference/reference_row.h"
#include "engine/workload/inputs.h"

namespace longscope {

namespace {

// Of the product of query and key, without the vector.
double squared_term(const CheckedProblem& problem, const ReferencePair& pair, std::span<const float> output_gradient,
                    std::span<const float> value, double delta) {
    return problem.scale() * problem.scale() * squared_score_term(pair, output_gradient, value, delta);
}

void compare(std::span<const double> expected, const float* got, GradientSums& sums) {
    for (std::size_t d = 0; d < expected.size(); ++d) {
        sums.squared_error += (got[d] - expected[d]) * (got[d] - expected[d]);
        sums.squared_norm += expected[d] * expected[d];
    }
}

bool sees_nothing(const CheckedProblem& problem, const ReferenceRowStatistics& row) {
    return !problem.scoring.sigmoid_bias && row.lse == -std::numeric_limits<double>::infinity();
}

std::vector<float> output_gradient_of(const CheckedProblem& problem, std::int64_t head, std::int64_t position) {
    std::vector<float> row(static_cast<std::size_t>(problem.shape.head_dim_v));
    make_input_row(problem.input_seed, InputTensor::output_gradient, head, position, problem.shape.dtype, row);
    return row;
}

// lse and delta from the inputs alone.
std::vector<ReferenceRowStatistics> statistics_of(const CheckedProblem& problem, std::int64_t kv_head,
                                                  const std::vector<CheckedRow>& rows,
                                                  const std::vector<std::vector<float>>& output_gradients) {
    const Scoring scoring = problem.scoring.of_heads(0);
    const auto dim_v = static_cast<std::size_t>(problem.shape.head_dim_v);
    std::vector<ReferenceRow> references(rows.size(), ReferenceRow(dim_v, scoring.sigmoid_bias));
    for_each_seen_key(
        problem, kv_head, rows,
        [&](std::size_t i, const PairPlace& place, double scaled, std::span<const float> /*key*/,
            std::span<const float> value) { references[i].add(score_of(scoring, scaled, place), value); });
    std::vector<ReferenceRowStatistics> statistics(rows.size());
    for (std::size_t i = 0; i < rows.size() && !scoring.is_sigmoid(); ++i) {
        if (const float* sink = problem.scoring.sinks_of_heads(rows[i].head)) {
            references[i].add_sink(*sink);
        }
        statistics[i].lse = references[i].lse();
        for (std::size_t d = 0; d < dim_v; ++d) {
            statistics[i].delta += double{output_gradients[i][d]} * references[i].output(d);
        }
    }
    return statistics;
}

// Rows of one rank, for the keys of a sample.
class KeyGradientSummer {
  public:
    KeyGradientSummer(const Partial& output, const CheckedProblem& problem, const TokenSet& tokens,
                      const std::vector<std::int64_t>& positions)
        : output_(output),
          problem_(problem),
          tokens_(tokens),
          positions_(positions),
          dim_qk_(static_cast<std::size_t>(problem.shape.head_dim_qk)),
          dim_v_(static_cast<std::size_t>(problem.shape.head_dim_v)) {
        const DType dtype = problem.shape.dtype;
        for (std::int64_t kv_head = 0; kv_head < problem.shape.key_value_heads; ++kv_head) {
            for (const std::int64_t position : positions) {
                Key key{std::vector<float>(dim_qk_), std::vector<float>(dim_v_)};
                make_input_row(problem.input_seed, InputTensor::key, kv_head, position, dtype, key.key);
                make_input_row(problem.input_seed, InputTensor::value, kv_head, position, dtype, key.value);
                keys_.push_back(std::move(key));
            }
        }
    }

    KeyGradientSums run() {
        // Parts of the rows side by side, their sums added in order: the result does not depend on the threads.
        constexpr std::int64_t most_parts = 16;
        const std::int64_t rows = tokens_.size();
        const std::int64_t parts = std::clamp<std::int64_t>(rows / 64, 1, most_parts);
        std::vector<KeyGradientSums> of_parts(static_cast<std::size_t>(parts));
        ThreadTeam().for_each(parts, [&](std::int64_t part) {
            KeyGradientSums& sums = of_parts[static_cast<std::size_t>(part)];
            sums.gradients.resize(keys_.size() * (dim_qk_ + dim_v_));
            for (std::int64_t row = rows * part / parts; row < rows * (part + 1) / parts; ++row) {
                add_row(row, sums);
            }
        });
        KeyGradientSums all = std::move(of_parts.front());
        for (std::size_t part = 1; part < of_parts.size(); ++part) {
            std::transform(all.gradients.begin(), all.gradients.end(), of_parts[part].gradients.begin(),
                           all.gradients.begin(), std::plus<>());
            all.squared_key_terms += of_parts[part].squared_key_terms;
            all.squared_value_terms += of_parts[part].squared_value_terms;
        }
        return all;
    }

  private:
    struct Key {
        std::vector<float> key;
        std::vector<float> value;
    };

    void add_row(std::int64_t row, KeyGradientSums& sums) const {
        const std::int64_t position = tokens_.position(row);
        std::vector<Range> runs;
        for (std::int64_t head = 0; head < problem_.shape.query_heads; ++head) {
            if (head == 0 || problem_.masks.kind_of(head) != problem_.masks.kind_of(head - 1)) {
                problem_.masks.of(head).row_runs(position, runs);
            }
            add_head(row, head, position, runs, sums);
        }
    }

    void add_head(std::int64_t row, std::int64_t head, std::int64_t position, const std::vector<Range>& runs,
                  KeyGradientSums& sums) const {
        const std::vector<float> output_gradient = output_gradient_of(problem_, head, position);
        const ReferenceRowStatistics statistics = statistics_of(row, head, output_gradient);
        if (sees_nothing(problem_, statistics)) {
            return;
        }
        std::vector<float> query(dim_qk_);
        make_input_row(problem_.input_seed, InputTensor::query, head, position, problem_.shape.dtype, query);
        const Scoring scoring = problem_.scoring.of_heads(0);
        for (const Range run : runs) {
            const auto first = std::lower_bound(positions_.begin(), positions_.end(), run.begin);
            for (auto k = first; k != positions_.end() && *k < run.end; ++k) {
                const std::size_t index =
                    static_cast<std::size_t>(head / problem_.shape.heads_per_group()) * positions_.size() +
                    static_cast<std::size_t>(k - positions_.begin());
                const Key& key = keys_[index];
                const PairPlace place{head, row, *k, std::abs(problem_.on_key_axis(position) - *k)};
                const ReferencePair pair = reference_pair(scoring, place, problem_.scale() * dot(query, key.key),
                                                          dot(output_gradient, key.value), statistics);
                const std::span<double> gradients =
                    std::span(sums.gradients).subspan(index * (dim_qk_ + dim_v_), dim_qk_ + dim_v_);
                add_scaled(gradients.first(dim_qk_), problem_.scale() * pair.product_gradient, query);
                add_scaled(gradients.subspan(dim_qk_), pair.weight, output_gradient);
                sums.squared_key_terms +=
                    squared_term(problem_, pair, output_gradient, key.value, statistics.delta) * squared_norm(query);
                sums.squared_value_terms += pair.weight * pair.weight * squared_norm(output_gradient);
            }
        }
    }

    // From the run's output.
    [[nodiscard]] ReferenceRowStatistics statistics_of(std::int64_t row, std::int64_t head,
                                                       const std::vector<float>& output_gradient) const {
        if (problem_.scoring.sigmoid_bias) {
            return {};
        }
        return {double{output_.lse(head)[row]}, dot(output_gradient, {output_.output().row(head, row), dim_v_})};
    }

    const Partial& output_;
    const CheckedProblem& problem_;
    const TokenSet& tokens_;
    const std::vector<std::int64_t>& positions_;
    std::size_t dim_qk_;
    std::size_t dim_v_;
    std::vector<Key> keys_;  // key/value heads x positions
};

}  // namespace

double GradientSums::relative_error() const {
    const double scale = std::max(std::sqrt(squared_norm), std::sqrt(squared_terms) / cancelled_at_most);
    return scale == 0.0 ? std::sqrt(squared_error) : std::sqrt(squared_error) / scale;
}

void GradientSums::operator+=(const GradientSums& other) {
    squared_error += other.squared_error;
    squared_norm += other.squared_norm;
    squared_terms += other.squared_terms;
}

GradientSums check_query_gradients(HeadMatrix<const float> gradients, const CheckedProblem& problem,
                                   const TokenSet& tokens, const std::vector<std::int64_t>& positions) {
    const Scoring scoring = problem.scoring.of_heads(0);
    const auto dim_qk = static_cast<std::size_t>(problem.shape.head_dim_qk);
    std::vector<GradientSums> by_head(static_cast<std::size_t>(problem.shape.key_value_heads));
    ThreadTeam().for_each(problem.shape.key_value_heads, [&](std::int64_t kv_head) {
        const std::vector<CheckedRow> rows = checked_rows(problem, kv_head, tokens, positions);
        std::vector<std::vector<float>> output_gradients;
        for (const CheckedRow& row : rows) {
            output_gradients.push_back(output_gradient_of(problem, row.head, row.position));
        }
        const std::vector<ReferenceRowStatistics> statistics = statistics_of(problem, kv_head, rows, output_gradients);
        std::vector<std::vector<double>> expected(rows.size(), std::vector<double>(dim_qk));
        GradientSums& sums = by_head[static_cast<std::size_t>(kv_head)];
        for_each_seen_key(
            problem, kv_head, rows,
            [&](std::size_t i, const PairPlace& place, double scaled, std::span<const float> key,
                std::span<const float> value) {
                if (sees_nothing(problem, statistics[i])) {
                    return;
                }
                const ReferencePair pair =
                    reference_pair(scoring, place, scaled, dot(output_gradients[i], value), statistics[i]);
                add_scaled(expected[i], problem.scale() * pair.product_gradient, key);
                sums.squared_terms +=
                    squared_term(problem, pair, output_gradients[i], value, statistics[i].delta) * squared_norm(key);
            });
        for (std::size_t i = 0; i < rows.size(); ++i) {
            compare(expected[i], gradients.row(rows[i].head, rows[i].local), sums);
        }
    });
    GradientSums all;
    for (const GradientSums& sums : by_head) {
        all += sums;
    }
    return all;
}

KeyGradientSums sum_key_gradients(const Partial& output, const CheckedProblem& problem, const TokenSet& tokens,
                                  const std::vector<std::int64_t>& positions) {
    return KeyGradientSummer(output, problem, tokens, positions).run();
}

KeyGradientCheck check_key_gradients(HeadMatrix<const float> key_gradients, HeadMatrix<const float> value_gradients,
                                     const std::vector<double>& sums, const TokenSet& tokens,
                                     const std::vector<std::int64_t>& positions) {
    const auto dim_qk = static_cast<std::size_t>(key_gradients.dim);
    const auto dim_v = static_cast<std::size_t>(value_gradients.dim);
    KeyGradientCheck check;
    for (std::int64_t head = 0; head < key_gradients.heads; ++head) {
        for (std::size_t i = 0; i < positions.size(); ++i) {
            const Range local = tokens.local({positions[i], positions[i] + 1});
            if (local.empty()) {
                continue;
            }
            const std::size_t row = static_cast<std::size_t>(head) * positions.size() + i;
            const std::span<const double> expected = std::span(sums).subspan(row * (dim_qk + dim_v), dim_qk + dim_v);
            compare(expected.first(dim_qk), key_gradients.row(head, local.begin), check.keys);
            compare(expected.subspan(dim_qk), value_gradients.row(head, local.begin), check.values);
        }
    }
    return check;
}

SinkGradientTerms sum_sink_gradients(const Partial& output, const CheckedProblem& problem, const TokenSet& tokens) {
    const float* sinks = problem.scoring.sinks_of_heads(0);
    const std::int64_t heads = problem.shape.query_heads;
    const auto dim_v = static_cast<std::size_t>(problem.shape.head_dim_v);
    SinkGradientTerms sums{std::vector<double>(static_cast<std::size_t>(heads)), 0};
    std::vector<double> squared_terms(static_cast<std::size_t>(heads));
    ThreadTeam().for_each(heads, [&](std::int64_t head) {
        const auto index = static_cast<std::size_t>(head);
        for (std::int64_t row = 0; row < tokens.size(); ++row) {
            const double weight = std::exp(double{sinks[head]} - double{output.lse(head)[row]});
            const double term = weight * dot(output_gradient_of(problem, head, tokens.position(row)),
                                             {output.output().row(head, row), dim_v});
            sums.gradients[index] -= term;
            squared_terms[index] += term * term;
        }
    });
    for (const double squares : squared_terms) {
        sums.squared_terms += squares;
    }
    return sums;
}

GradientSums check_sink_gradients(const std::vector<double>& gradients, const SinkGradientTerms& sums) {
    GradientSums check;
    check.squared_terms = sums.squared_terms;
    for (std::size_t head = 0; head < sums.gradients.size(); ++head) {
        const double expected = sums.gradients[head];
        check.squared_error += (gradients.at(head) - expected) * (gradients.at(head) - expected);
        check.squared_norm += expected * expected;
    }
    return check;
}

double gradient_error_limit(DType dtype, std::int64_t key_tokens) {
    return 3.0 * output_error_limit(dtype, key_tokens);
}

}  // namespace longscope
