// SPDX-License-Identifier: GPL-3.0-or-later
// Somebody else's attention output against the float64 reference, row by row.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/kernel/scoring.h"
#include "engine/mask/local_mask.h"
#include "engine/tensor/head_matrix.h"

namespace longscope {

// What the output should have been computed by.
struct AttentionRule {
    const LocalMask* mask = nullptr;
    double scale = 1.0;
    // Query head h reads key/value head h mod Hkv instead of h / (Hq / Hkv): a known mistake.
    bool interleaved_groups = false;
    Scoring scoring = {};
    const float* sinks = nullptr;  // of each query head; null: none
};

struct ComparedOutput {
    HeadMatrix<const float> queries;
    HeadMatrix<const float> keys;
    HeadMatrix<const float> values;
    HeadMatrix<const float> output;
    const float* lse = nullptr;  // heads x rows, or none
};

// Of an output, or of a gradient (gradient_comparison.h).
struct RowDifference {
    std::int64_t head = 0;
    std::int64_t query = 0;    // of gradients of keys and values: the key
    double squared_error = 0;  // not finite where the row is not
    double squared_norm = 0;   // of the reference
    double lse = 0;            // given
    double reference_lse = 0;
    // Of a gradient, what it would be if its terms did not cancel each other (squared_terms.h).
    double squared_terms = 0;

    // What the error is relative to.
    [[nodiscard]] double squared_scale() const;
    // 0 where both are -inf; infinite where only one is.
    [[nodiscard]] double lse_error() const;
};

// The rows `queries` of every head, by head and query. `poll` is called again and again on the calling thread with the
// share that is done. Throws Error(cancelled).
[[nodiscard]] std::vector<RowDifference> compare_rows(const ComparedOutput& given, const AttentionRule& rule,
                                                      const std::vector<std::int64_t>& queries, int threads,
                                                      const std::function<void(double)>& poll,
                                                      const std::atomic<bool>* cancelled);

// One element of a row into its sums. Both may be NaN, or the same infinity.
void add_difference(double expected, double got, RowDifference& row);

// Relative L2 error of the rows together; infinite when one is not finite.
[[nodiscard]] double relative_error(const std::vector<RowDifference>& rows);

}  // namespace longscope
