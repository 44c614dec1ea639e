// SPDX-License-Identifier: GPL-3.0-or-later
// Whether somebody else's output agrees with the reference, and which rows depart.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/execute/output_comparison.h"

namespace longscope {

struct ComparedRow {
    std::int64_t item = 0;  // of the batch
    RowDifference row;
    double error = 0;  // relative, by the mean norm of all rows where the row's own is smaller; set by judge()
};

struct OutputVerdict {
    std::vector<ComparedRow> rows;
    double error = 0;  // relative L2, of all rows together
    double limit = 0;
    double lse_error = 0;  // absolute, the largest
    double lse_limit = 0;
    std::vector<ComparedRow> departing;  // the worst first

    [[nodiscard]] bool agrees() const { return error <= limit && lse_error <= lse_limit; }
};

// `rows` as compare_rows() gives them, of all batch items.
[[nodiscard]] OutputVerdict judge(std::vector<ComparedRow> rows, double limit, double lse_limit);

// The differences alone.
[[nodiscard]] std::vector<RowDifference> differences(const std::vector<ComparedRow>& rows);

}  // namespace longscope
