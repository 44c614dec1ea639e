// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/output_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/execute/squared_terms.h"
#include "engine/kernel/reference/reference_pair.h"
#include "engine/kernel/reference/reference_row.h"

namespace longscope {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

RowDifference compare_row(const ComparedOutput& given, const AttentionRule& rule, std::int64_t head,
                          std::int64_t query) {
    const std::int64_t kv_head =
        rule.interleaved_groups ? head % given.keys.heads : head / (given.queries.heads / given.keys.heads);
    const auto dim_qk = static_cast<std::size_t>(given.queries.dim);
    const auto dim_v = static_cast<std::size_t>(given.values.dim);
    ReferenceRow reference(dim_v, rule.scoring.sigmoid_bias);
    std::vector<Range> runs;
    rule.mask->row_runs(query, runs, rule.mask->kind_of(head));
    for (const Range run : runs) {
        for (std::int64_t key = run.begin; key < run.end; ++key) {
            const PairPlace place{head, query, key,
                                  rule.scoring.slopes == nullptr ? 0 : rule.mask->distance(query, key)};
            if (rule.scoring.hides(place)) {
                continue;
            }
            const double product =
                dot({given.queries.row(head, query), dim_qk}, {given.keys.row(kv_head, key), dim_qk});
            reference.add(score_of(rule.scoring, rule.scale * product, place), {given.values.row(kv_head, key), dim_v});
        }
    }
    if (rule.sinks != nullptr) {
        reference.add_sink(rule.sinks[head]);
    }
    RowDifference difference{head, query, 0, 0, 0, reference.lse()};
    for (std::size_t d = 0; d < dim_v; ++d) {
        add_difference(reference.output(d), given.output.row(head, query)[d], difference);
    }
    difference.lse = given.lse == nullptr ? difference.reference_lse : given.lse[head * given.output.tokens + query];
    return difference;
}

}  // namespace

double RowDifference::lse_error() const {
    if (lse == reference_lse || (std::isnan(lse) && std::isnan(reference_lse))) {
        return 0.0;
    }
    const double distance = std::abs(lse - reference_lse);
    return std::isnan(distance) ? infinity : distance;
}

std::vector<RowDifference> compare_rows(const ComparedOutput& given, const AttentionRule& rule,
                                        const std::vector<std::int64_t>& queries, int threads,
                                        const std::function<void(double)>& poll, const std::atomic<bool>* cancelled) {
    const auto caller = std::this_thread::get_id();
    const std::size_t count = queries.size() * static_cast<std::size_t>(given.queries.heads);
    std::vector<RowDifference> rows(count);
    std::atomic<std::size_t> done{0};
    ThreadTeam(threads).for_each(static_cast<std::int64_t>(count), [&](std::int64_t index) {
        if (cancelled != nullptr && *cancelled) {
            return;
        }
        const auto i = static_cast<std::size_t>(index);
        rows[i] = compare_row(given, rule, static_cast<std::int64_t>(i / queries.size()), queries[i % queries.size()]);
        ++done;
        if (poll && std::this_thread::get_id() == caller) {
            poll(static_cast<double>(done) / static_cast<double>(count));
        }
    });
    if (cancelled != nullptr && *cancelled) {
        throw Error(ErrorKind::cancelled, "cancelled");
    }
    return rows;
}

void add_difference(double expected, double got, RowDifference& row) {
    const bool same = got == expected || (std::isnan(got) && std::isnan(expected));
    row.squared_error += same ? 0.0 : (got - expected) * (got - expected);
    row.squared_norm += std::isfinite(expected) ? expected * expected : 0.0;
}

double RowDifference::squared_scale() const {
    return std::max(squared_norm, squared_terms / (cancelled_at_most * cancelled_at_most));
}

double relative_error(const std::vector<RowDifference>& rows) {
    RowDifference all;
    for (const RowDifference& row : rows) {
        all.squared_error += row.squared_error;
        all.squared_norm += row.squared_norm;
        all.squared_terms += row.squared_terms;
    }
    const double scale = all.squared_scale();
    const double error = scale == 0.0 ? std::sqrt(all.squared_error) : std::sqrt(all.squared_error / scale);
    return std::isnan(error) ? infinity : error;
}

}  // namespace longscope
