// SPDX-License-Identifier: GPL-3.0-or-later
// The gradients that `verify` is given, against the reference: one batch item after the other.
#pragma once

#include <optional>
#include <vector>

#include "app/headless/gradient_files.h"
#include "app/headless/verify_report.h"
#include "engine/execute/gradient_comparison.h"

namespace longscope {

class GradientVerifier {
  public:
    // Opens the files. Compares the gradients of these queries and keys of each head. Throws Error as GradientFiles.
    // `files` must outlive this.
    GradientVerifier(const GradientFileOptions& options, const AttentionFiles& files, std::vector<std::int64_t> queries,
                     std::vector<std::int64_t> keys);

    // Throws Error(cancelled).
    void add(std::int64_t item, const AttentionItem& tensors, const AttentionRule& rule, const ComparisonRun& run);
    // Of all batch items. Without a tolerance, what is promised for the coarsest of the tensors.
    [[nodiscard]] std::vector<GradientReport> reports(std::optional<double> tolerance) const;

  private:
    struct Theirs {
        const GradientName* name = nullptr;
        TensorFile file;
        std::vector<ComparedRow> rows = {};
        std::vector<float> room = {};
    };

    [[nodiscard]] Theirs* theirs(std::string GradientFileOptions::*file);
    // Rows of a batch item; without data when they are not given.
    [[nodiscard]] HeadMatrix<const float> rows_of(std::string GradientFileOptions::*file, std::int64_t item);
    void keep(std::string GradientFileOptions::*file, std::int64_t item, const std::vector<RowDifference>& rows);
    [[nodiscard]] WholeRows statistics(const GradientProblem& problem, const ComparisonRun& run) const;
    void add_bias(std::int64_t item, const GradientProblem& problem, const WholeRows& rows, const ComparisonRun& run);

    const AttentionFiles& files_;
    GradientFiles gradients_;
    std::vector<std::int64_t> queries_;
    std::vector<std::int64_t> keys_;
    std::vector<Theirs> theirs_;
    std::vector<float> room_;
    std::optional<BiasGradientSums> bias_;
    std::optional<SinkGradientSums> sinks_;
};

}  // namespace longscope
