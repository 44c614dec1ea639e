// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/gradient_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <thread>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/memory.h"
#include "engine/base/thread_team.h"
#include "engine/base/units.h"
#include "engine/execute/squared_terms.h"
#include "engine/kernel/reference/reference_row.h"
#include "engine/kernel/sinks.h"

namespace longscope {

namespace {

using Row = std::span<const float>;

Row row_of(HeadMatrix<const float> tensor, std::int64_t head, std::int64_t token) {
    return {tensor.row(head, token), static_cast<std::size_t>(tensor.dim)};
}

// Calls `action(i)` for i below `count`, on all threads.
template <typename Action>
void for_each(std::int64_t count, const ComparisonRun& run, Action action) {
    const auto caller = std::this_thread::get_id();
    std::atomic<std::int64_t> done{0};
    const auto cancelled = [&] { return run.cancelled != nullptr && *run.cancelled; };
    ThreadTeam(run.threads).for_each(count, [&](std::int64_t i) {
        if (cancelled()) {
            return;
        }
        action(i);
        ++done;
        if (run.poll && std::this_thread::get_id() == caller) {
            run.poll(static_cast<double>(done) / static_cast<double>(count));
        }
    });
    if (cancelled()) {
        throw Error(ErrorKind::cancelled, "cancelled");
    }
}

PairPlace place_of(const GradientProblem& problem, std::int64_t head, std::int64_t query, std::int64_t key) {
    return {head, query, key, problem.rule.scoring.slopes == nullptr ? 0 : problem.rule.mask->distance(query, key)};
}

double scaled_product(const GradientProblem& problem, const PairPlace& place) {
    return problem.rule.scale * dot(row_of(problem.queries, place.head, place.row),
                                    row_of(problem.keys, place.head / problem.heads_per_group(), place.column));
}

bool adds_nothing(const GradientProblem& problem, const ReferenceRowStatistics& row) {
    return !problem.rule.scoring.is_sigmoid() && row.lse == -std::numeric_limits<double>::infinity();
}

// Calls `action(place)` for the pairs of a row that weigh something.
template <typename Action>
void for_each_key(const GradientProblem& problem, std::int64_t head, std::int64_t query, Action action) {
    std::vector<Range> runs;
    problem.rule.mask->row_runs(query, runs, problem.rule.mask->kind_of(head));
    for (const Range run : runs) {
        for (std::int64_t key = run.begin; key < run.end; ++key) {
            const PairPlace place = place_of(problem, head, query, key);
            if (!problem.rule.scoring.hides(place)) {
                action(place);
            }
        }
    }
}

ReferencePair pair_of(const GradientProblem& problem, const PairPlace& place, const ReferenceRowStatistics& row) {
    return reference_pair(problem.rule.scoring, place, scaled_product(problem, place),
                          dot(row_of(problem.output_gradients, place.head, place.row),
                              row_of(problem.values, place.head / problem.heads_per_group(), place.column)),
                          row);
}

double squared_term(const GradientProblem& problem, const PairPlace& place, const ReferencePair& pair, double delta) {
    return squared_score_term(pair, row_of(problem.output_gradients, place.head, place.row),
                              row_of(problem.values, place.head / problem.heads_per_group(), place.column), delta);
}

// From the inputs alone, in float64.
ReferenceRowStatistics exact_statistics(const GradientProblem& problem, std::int64_t head, std::int64_t query) {
    ReferenceRow reference(static_cast<std::size_t>(problem.values.dim), problem.rule.scoring.sigmoid_bias);
    ReferenceRowStatistics statistics;
    if (problem.rule.scoring.is_sigmoid()) {
        return statistics;
    }
    for_each_key(problem, head, query, [&](const PairPlace& place) {
        reference.add(score_of(problem.rule.scoring, scaled_product(problem, place), place),
                      row_of(problem.values, head / problem.heads_per_group(), place.column));
    });
    if (problem.rule.sinks != nullptr) {
        reference.add_sink(problem.rule.sinks[head]);
    }
    statistics.lse = reference.lse();
    const Row output_gradient = row_of(problem.output_gradients, head, query);
    for (std::size_t d = 0; d < output_gradient.size(); ++d) {
        statistics.delta += double{output_gradient[d]} * reference.output(d);
    }
    return statistics;
}

ReferenceRowStatistics statistics_of(const GradientProblem& problem, const WholeRows& rows, std::int64_t head,
                                     std::int64_t query) {
    if (problem.rule.scoring.is_sigmoid()) {
        return {};
    }
    const auto at = static_cast<std::size_t>(head * problem.queries.tokens + query);
    return {double{rows.lse[at]}, double{rows.delta[at]}};
}

void compare(std::span<const double> expected, const float* got, RowDifference& row) {
    for (std::size_t d = 0; d < expected.size(); ++d) {
        add_difference(expected[d], got[d], row);
    }
}

RowDifference compare_query(const GradientProblem& problem, HeadMatrix<const float> gradients, std::int64_t head,
                            std::int64_t query) {
    RowDifference row{head, query};
    std::vector<double> expected(static_cast<std::size_t>(problem.queries.dim));
    const ReferenceRowStatistics statistics = exact_statistics(problem, head, query);
    if (!adds_nothing(problem, statistics)) {
        for_each_key(problem, head, query, [&](const PairPlace& place) {
            const ReferencePair pair = pair_of(problem, place, statistics);
            const Row key = row_of(problem.keys, head / problem.heads_per_group(), place.column);
            add_scaled(expected, problem.rule.scale * pair.product_gradient, key);
            row.squared_terms += problem.rule.scale * problem.rule.scale *
                                 squared_term(problem, place, pair, statistics.delta) * squared_norm(key);
        });
    }
    compare(expected, gradients.row(head, query), row);
    return row;
}

// What the queries add to some keys of a key/value head.
struct KeySums {
    KeySums(const GradientProblem& problem, std::int64_t head, std::span<const std::int64_t> positions)
        : dim_qk(static_cast<std::size_t>(problem.queries.dim)),
          dim_v(static_cast<std::size_t>(problem.values.dim)),
          key_gradients(positions.size() * dim_qk),
          value_gradients(positions.size() * dim_v) {
        for (const std::int64_t position : positions) {
            keys.push_back({head, position});
            values.push_back({head, position});
        }
    }

    void add(const GradientProblem& problem, const PairPlace& place, const ReferenceRowStatistics& statistics,
             std::size_t i) {
        const ReferencePair pair = pair_of(problem, place, statistics);
        const Row query = row_of(problem.queries, place.head, place.row);
        const Row output_gradient = row_of(problem.output_gradients, place.head, place.row);
        add_scaled(std::span(key_gradients).subspan(i * dim_qk, dim_qk), problem.rule.scale * pair.product_gradient,
                   query);
        add_scaled(std::span(value_gradients).subspan(i * dim_v, dim_v), pair.weight, output_gradient);
        keys[i].squared_terms += problem.rule.scale * problem.rule.scale *
                                 squared_term(problem, place, pair, statistics.delta) * squared_norm(query);
        values[i].squared_terms += pair.weight * pair.weight * squared_norm(output_gradient);
    }

    std::size_t dim_qk;
    std::size_t dim_v;
    std::vector<double> key_gradients;
    std::vector<double> value_gradients;
    std::vector<RowDifference> keys;
    std::vector<RowDifference> values;
};

KeySums sum_keys(const GradientProblem& problem, const WholeRows& rows, std::int64_t kv_head,
                 std::span<const std::int64_t> positions, const std::atomic<bool>* cancelled) {
    KeySums sums(problem, kv_head, positions);
    std::vector<Range> runs;
    const std::int64_t first_head = kv_head * problem.heads_per_group();
    for (std::int64_t head = first_head; head < first_head + problem.heads_per_group(); ++head) {
        for (std::int64_t query = 0; query < problem.queries.tokens; ++query) {
            if (cancelled != nullptr && *cancelled) {
                return sums;
            }
            const ReferenceRowStatistics statistics = statistics_of(problem, rows, head, query);
            if (adds_nothing(problem, statistics)) {
                continue;
            }
            problem.rule.mask->row_runs(query, runs, problem.rule.mask->kind_of(head));
            for (const Range run : runs) {
                const auto first = std::lower_bound(positions.begin(), positions.end(), run.begin);
                for (auto key = first; key != positions.end() && *key < run.end; ++key) {
                    const PairPlace place = place_of(problem, head, query, *key);
                    if (!problem.rule.scoring.hides(place)) {
                        sums.add(problem, place, statistics, static_cast<std::size_t>(key - positions.begin()));
                    }
                }
            }
        }
    }
    return sums;
}

}  // namespace

WholeRows whole_rows(const GradientProblem& problem, const Kernel& kernel, const AttendHooks& hooks) {
    const std::int64_t heads = problem.queries.heads;
    const std::int64_t queries = problem.queries.tokens;
    Partial partial(heads, queries, problem.values.dim, problem.rule.scoring.merge_rule());
    kernel.attend(
        {problem.queries, problem.keys, problem.values, problem.rule.mask, problem.rule.scale, problem.rule.scoring},
        partial, hooks);
    if (problem.rule.sinks != nullptr) {
        apply_sinks(partial, problem.rule.sinks);
    }
    WholeRows rows;
    rows.lse.assign(partial.lse(0), partial.lse(0) + heads * queries);
    rows.delta.resize(rows.lse.size());
    compute_delta(problem.output_gradients, HeadView(partial.output()), rows.delta.data());
    return rows;
}

std::vector<RowDifference> compare_query_gradients(const GradientProblem& problem, HeadMatrix<const float> gradients,
                                                   const std::vector<std::int64_t>& queries, const ComparisonRun& run) {
    const auto some = static_cast<std::int64_t>(queries.size());
    std::vector<RowDifference> rows(queries.size() * static_cast<std::size_t>(problem.queries.heads));
    for_each(problem.queries.heads * some, run, [&](std::int64_t i) {
        rows[static_cast<std::size_t>(i)] =
            compare_query(problem, gradients, i / some, queries[static_cast<std::size_t>(i % some)]);
    });
    return rows;
}

KeyGradientDifferences compare_key_gradients(const GradientProblem& problem, const WholeRows& rows,
                                             HeadMatrix<const float> key_gradients,
                                             HeadMatrix<const float> value_gradients,
                                             const std::vector<std::int64_t>& keys, const ComparisonRun& run) {
    // Few enough to give every thread its share; each part goes over all rows.
    constexpr std::size_t keys_of_part = 16;
    const std::size_t parts = (keys.size() + keys_of_part - 1) / keys_of_part;
    std::vector<KeyGradientDifferences> of_parts(parts * static_cast<std::size_t>(problem.keys.heads));
    for_each(static_cast<std::int64_t>(of_parts.size()), run, [&](std::int64_t index) {
        const auto i = static_cast<std::size_t>(index);
        const std::size_t first = i % parts * keys_of_part;
        const std::span<const std::int64_t> some =
            std::span(keys).subspan(first, std::min(keys_of_part, keys.size() - first));
        KeySums sums = sum_keys(problem, rows, static_cast<std::int64_t>(i / parts), some, run.cancelled);
        for (std::size_t k = 0; k < some.size(); ++k) {
            if (key_gradients.data != nullptr) {
                compare(std::span(sums.key_gradients).subspan(k * sums.dim_qk, sums.dim_qk),
                        key_gradients.row(sums.keys[k].head, some[k]), sums.keys[k]);
            }
            if (value_gradients.data != nullptr) {
                compare(std::span(sums.value_gradients).subspan(k * sums.dim_v, sums.dim_v),
                        value_gradients.row(sums.values[k].head, some[k]), sums.values[k]);
            }
        }
        of_parts[i] = {std::move(sums.keys), std::move(sums.values)};
    });
    KeyGradientDifferences all;
    for (const KeyGradientDifferences& part : of_parts) {
        if (key_gradients.data != nullptr) {
            all.keys.insert(all.keys.end(), part.keys.begin(), part.keys.end());
        }
        if (value_gradients.data != nullptr) {
            all.values.insert(all.values.end(), part.values.begin(), part.values.end());
        }
    }
    return all;
}

BiasGradientSums::BiasGradientSums(std::int64_t heads, std::vector<std::int64_t> queries, std::int64_t keys)
    : heads_(heads), queries_(std::move(queries)), keys_(keys) {
    const auto rows = static_cast<std::size_t>(heads) * queries_.size();
    const auto bytes = static_cast<std::int64_t>(rows * sizeof(double)) * keys;
    if (const std::int64_t free = available_memory_bytes(); bytes > free) {
        throw Error(
            ErrorKind::out_of_memory,
            fmt::format("--dbias: {} of its rows take {} in float64, and {} of memory are free",
                        format_count(static_cast<std::int64_t>(rows)), format_bytes(bytes), format_bytes(free)));
    }
    sums_.resize(rows * static_cast<std::size_t>(keys));
    terms_.resize(rows);
}

void BiasGradientSums::clear() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(terms_.begin(), terms_.end(), 0.0);
}

void BiasGradientSums::add(const GradientProblem& problem, const WholeRows& rows, const ComparisonRun& run) {
    const auto some = static_cast<std::int64_t>(queries_.size());
    const std::int64_t heads_of_row = problem.queries.heads / heads_;
    for_each(heads_ * some, run, [&](std::int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        const std::span<double> sums =
            std::span(sums_).subspan(at * static_cast<std::size_t>(keys_), static_cast<std::size_t>(keys_));
        const std::int64_t first_head = i / some * heads_of_row;
        for (std::int64_t head = first_head; head < first_head + heads_of_row; ++head) {
            const std::int64_t query = queries_[static_cast<std::size_t>(i % some)];
            const ReferenceRowStatistics statistics = statistics_of(problem, rows, head, query);
            if (adds_nothing(problem, statistics)) {
                continue;
            }
            for_each_key(problem, head, query, [&](const PairPlace& place) {
                const ReferencePair pair = pair_of(problem, place, statistics);
                sums[static_cast<std::size_t>(place.column)] += pair.score_gradient;
                terms_[at] += squared_term(problem, place, pair, statistics.delta);
            });
        }
    });
}

std::vector<RowDifference> BiasGradientSums::compare(HeadMatrix<const float> gradients) const {
    std::vector<RowDifference> rows;
    for (std::size_t at = 0; at < terms_.size(); ++at) {
        RowDifference row{static_cast<std::int64_t>(at / queries_.size()), queries_[at % queries_.size()]};
        row.squared_terms = terms_[at];
        longscope::compare(
            std::span(sums_).subspan(at * static_cast<std::size_t>(keys_), static_cast<std::size_t>(keys_)),
            gradients.row(row.head, row.query), row);
        rows.push_back(row);
    }
    return rows;
}

SinkGradientSums::SinkGradientSums(std::int64_t heads)
    : sums_(static_cast<std::size_t>(heads)), terms_(static_cast<std::size_t>(heads)) {}

void SinkGradientSums::add(const float* sinks, const WholeRows& rows) {
    const std::size_t queries = rows.lse.size() / sums_.size();
    for (std::size_t i = 0; i < rows.lse.size(); ++i) {
        const double sink = sinks[i / queries];
        if (sink != -std::numeric_limits<double>::infinity()) {
            const double term = std::exp(sink - double{rows.lse[i]}) * double{rows.delta[i]};
            sums_[i / queries] -= term;
            terms_[i / queries] += term * term;
        }
    }
}

std::vector<RowDifference> SinkGradientSums::compare(const float* gradients) const {
    std::vector<RowDifference> rows;
    for (std::size_t head = 0; head < sums_.size(); ++head) {
        RowDifference row{static_cast<std::int64_t>(head)};
        row.squared_terms = terms_[head];
        add_difference(sums_[head], gradients[head], row);
        rows.push_back(row);
    }
    return rows;
}

}  // namespace longscope
