// SPDX-License-Identifier: GPL-3.0-or-later
// Somebody else's gradients against the float64 reference, row by row, as output_comparison.h does for outputs.
//
// The gradient of a query follows from the keys that it sees alone. Those of keys and values are sums over all the
// queries that see the key, and need the lse and delta of each: those come from a kernel, once (WholeRows).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/execute/output_comparison.h"
#include "engine/kernel/kernel.h"

namespace longscope {

struct GradientProblem {
    HeadMatrix<const float> queries;
    HeadMatrix<const float> keys;
    HeadMatrix<const float> values;
    HeadMatrix<const float> output_gradients;
    AttentionRule rule;  // groups are not interleaved

    [[nodiscard]] std::int64_t heads_per_group() const { return queries.heads / keys.heads; }
};

struct ComparisonRun {
    int threads = 1;
    std::function<void(double)> poll;  // on the calling thread, with the share that is done
    const std::atomic<bool>* cancelled = nullptr;
};

// lse and delta, of each head and query.
struct WholeRows {
    std::vector<float> lse;
    std::vector<float> delta;
};

// By the forward pass of a kernel. Throws Error(cancelled).
[[nodiscard]] WholeRows whole_rows(const GradientProblem& problem, const Kernel& kernel, const AttendHooks& hooks);

// The rows `queries` of every head, by head and query. Throws Error(cancelled), as all below.
[[nodiscard]] std::vector<RowDifference> compare_query_gradients(const GradientProblem& problem,
                                                                 HeadMatrix<const float> gradients,
                                                                 const std::vector<std::int64_t>& queries,
                                                                 const ComparisonRun& run);

struct KeyGradientDifferences {
    std::vector<RowDifference> keys;
    std::vector<RowDifference> values;
};

// The rows `keys`, which ascend, of every key/value head. Gradients without data are not compared.
[[nodiscard]] KeyGradientDifferences compare_key_gradients(const GradientProblem& problem, const WholeRows& rows,
                                                           HeadMatrix<const float> key_gradients,
                                                           HeadMatrix<const float> value_gradients,
                                                           const std::vector<std::int64_t>& keys,
                                                           const ComparisonRun& run);

// The gradient of a bias in some rows, which adds up over the heads and the batch items that the bias is one for.
class BiasGradientSums {
  public:
    // `heads`: 1, or query heads. Throws Error(out_of_memory) that says how much it takes.
    BiasGradientSums(std::int64_t heads, std::vector<std::int64_t> queries, std::int64_t keys);

    void clear();
    void add(const GradientProblem& problem, const WholeRows& rows, const ComparisonRun& run);
    // `gradients` is heads x queries x keys.
    [[nodiscard]] std::vector<RowDifference> compare(HeadMatrix<const float> gradients) const;

  private:
    std::int64_t heads_;
    std::vector<std::int64_t> queries_;
    std::int64_t keys_;
    std::vector<double> sums_;   // heads x queries x keys
    std::vector<double> terms_;  // squared, of heads x queries
};

// The gradients of the sinks, which add up over batch items: a difference for each head.
class SinkGradientSums {
  public:
    explicit SinkGradientSums(std::int64_t heads);

    void add(const float* sinks, const WholeRows& rows);
    [[nodiscard]] std::vector<RowDifference> compare(const float* gradients) const;

  private:
    std::vector<double> sums_;
    std::vector<double> terms_;  // squared
};

}  // namespace longscope
