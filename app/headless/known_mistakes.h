// SPDX-License-Identifier: GPL-3.0-or-later
// Conventions that attention implementations often get wrong. An output that departs from the reference is computed
// again under each of them: one that explains it is named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/execute/output_comparison.h"
#include "engine/mask/expression.h"

namespace longscope {

struct MistakeSearch {
    const ComparedOutput& given;
    const MaskExpression& expression;
    const MaskDomain& domain;
    double scale = 1.0;
    double limit = 1e-6;  // of the relative error that counts as explained
    int threads = 1;
    Scoring scoring = {};
    const float* sinks = nullptr;
};

// What explains the given rows (queries of all heads), one sentence each: all that do.
[[nodiscard]] std::vector<std::string> find_mistakes(const MistakeSearch& search,
                                                     const std::vector<std::int64_t>& queries);

// Of the log-sum-exps alone: a sentence when another base or a missing maximum explains them.
[[nodiscard]] std::optional<std::string> find_lse_mistake(const std::vector<RowDifference>& rows, double limit);

}  // namespace longscope
