// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/output_verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace longscope {

namespace {

// A row departs when its error is this much above the limit, measured by the mean norm of all rows: the limit is for
// many rows together.
constexpr double row_factor = 10;

double sortable(double error) {
    return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace

std::vector<RowDifference> differences(const std::vector<ComparedRow>& rows) {
    std::vector<RowDifference> all;
    all.reserve(rows.size());
    for (const ComparedRow& row : rows) {
        all.push_back(row.row);
    }
    return all;
}

OutputVerdict judge(std::vector<ComparedRow> rows, double limit, double lse_limit) {
    OutputVerdict verdict;
    verdict.rows = std::move(rows);
    verdict.limit = limit;
    verdict.lse_limit = lse_limit;
    verdict.error = relative_error(differences(verdict.rows));
    double norm = 0;
    for (const ComparedRow& row : verdict.rows) {
        norm += row.row.squared_scale();
        verdict.lse_error = std::max(verdict.lse_error, row.row.lse_error());
    }
    const double mean_norm = norm / static_cast<double>(std::max<std::size_t>(1, verdict.rows.size()));
    for (ComparedRow& row : verdict.rows) {
        const double by = std::max(row.row.squared_scale(), mean_norm);
        row.error = by > 0 ? std::sqrt(row.row.squared_error / by) : std::sqrt(row.row.squared_error);
        if (!(row.error <= row_factor * limit) || !(row.row.lse_error() <= lse_limit)) {
            verdict.departing.push_back(row);
        }
    }
    std::stable_sort(verdict.departing.begin(), verdict.departing.end(),
                     [](const ComparedRow& a, const ComparedRow& b) { return sortable(a.error) > sortable(b.error); });
    return verdict;
}

}  // namespace longscope
