// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/gradient_verifier.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/base/error.h"
#include "engine/execute/gradient_check.h"

namespace longscope {

namespace {

// Elements of a tensor that lies in the file as in memory.
std::vector<float> floats_of(const StoredTensor& stored, std::int64_t first, std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    const std::int64_t element = size_bytes(stored.type);
    to_float(stored.type,
             stored.bytes.subspan(static_cast<std::size_t>(first * element), static_cast<std::size_t>(count * element)),
             values);
    return values;
}

const char* row_name(const GradientName& gradient) {
    if (gradient.file == &GradientFileOptions::sinks) {
        return "";
    }
    return gradient.file == &GradientFileOptions::keys || gradient.file == &GradientFileOptions::values ? "key"
                                                                                                        : "query";
}

}  // namespace

GradientVerifier::GradientVerifier(const GradientFileOptions& options, const AttentionFiles& files,
                                   std::vector<std::int64_t> queries, std::vector<std::int64_t> keys)
    : files_(files), gradients_(options, files), queries_(std::move(queries)), keys_(std::move(keys)) {
    for (const GradientName& gradient : gradient_names) {
        const std::string& place = options.*gradient.file;
        if (place.empty()) {
            continue;
        }
        theirs_.push_back({&gradient, TensorFile(place)});
        const StoredTensor& stored = theirs_.back().file.tensor();
        if (const auto expected = gradients_.shape_of(gradient); stored.shape != expected) {
            throw bad_input(gradient.option, shape_text(stored.shape), "is not the shape of this gradient",
                            shape_text(expected));
        }
    }
    if (theirs(&GradientFileOptions::bias) != nullptr) {
        bias_.emplace(files.scoring().bias_heads(), queries_, files.keys().tokens);
    }
    if (theirs(&GradientFileOptions::sinks) != nullptr) {
        sinks_.emplace(files.shape().query_heads);
    }
}

GradientVerifier::Theirs* GradientVerifier::theirs(std::string GradientFileOptions::*file) {
    const auto found =
        std::find_if(theirs_.begin(), theirs_.end(), [&](const Theirs& one) { return one.name->file == file; });
    return found == theirs_.end() ? nullptr : &*found;
}

HeadMatrix<const float> GradientVerifier::rows_of(std::string GradientFileOptions::*file, std::int64_t item) {
    Theirs* const given = theirs(file);
    return given == nullptr
               ? HeadMatrix<const float>()
               : head_matrix(lay_out(given->file.tensor(), files_.layout(), given->name->option), item, given->room);
}

void GradientVerifier::keep(std::string GradientFileOptions::*file, std::int64_t item,
                            const std::vector<RowDifference>& rows) {
    if (Theirs* const given = theirs(file)) {
        for (const RowDifference& row : rows) {
            given->rows.push_back({item, row, 0});
        }
    }
}

// All rows are compared: then everything is float64. Of a sample, the statistics of the other rows are float32's.
WholeRows GradientVerifier::statistics(const GradientProblem& problem, const ComparisonRun& run) const {
    const bool all = static_cast<std::int64_t>(queries_.size()) == problem.queries.tokens;
    const std::unique_ptr<Kernel> kernel = make_kernel(all ? "reference" : "cpu", run.threads, DType::float32);
    AttendHooks hooks;
    hooks.cancelled = run.cancelled;
    hooks.poll = [&] {
        if (run.poll) {
            run.poll(0.0);
        }
    };
    return whole_rows(problem, *kernel, hooks);
}

void GradientVerifier::add(std::int64_t item, const AttentionItem& tensors, const AttentionRule& rule,
                           const ComparisonRun& run) {
    const GradientProblem problem{tensors.queries, tensors.keys, tensors.values, gradients_.matrix(item, room_), rule};
    if (const HeadMatrix<const float> given = rows_of(&GradientFileOptions::queries, item); given.data != nullptr) {
        keep(&GradientFileOptions::queries, item, compare_query_gradients(problem, given, queries_, run));
    }
    if (theirs_.size() == 1 && theirs(&GradientFileOptions::queries) != nullptr) {
        return;
    }
    const WholeRows rows = statistics(problem, run);
    const HeadMatrix<const float> keys = rows_of(&GradientFileOptions::keys, item);
    const HeadMatrix<const float> values = rows_of(&GradientFileOptions::values, item);
    if (keys.data != nullptr || values.data != nullptr) {
        const KeyGradientDifferences both = compare_key_gradients(problem, rows, keys, values, keys_, run);
        keep(&GradientFileOptions::keys, item, both.keys);
        keep(&GradientFileOptions::values, item, both.values);
    }
    if (bias_) {
        add_bias(item, problem, rows, run);
    }
    if (sinks_) {
        sinks_->add(rule.sinks, rows);
        if (item + 1 == files_.shape().batch) {
            const StoredTensor& stored = theirs(&GradientFileOptions::sinks)->file.tensor();
            keep(&GradientFileOptions::sinks, 0,
                 sinks_->compare(floats_of(stored, 0, files_.shape().query_heads).data()));
        }
    }
}

void GradientVerifier::add_bias(std::int64_t item, const GradientProblem& problem, const WholeRows& rows,
                                const ComparisonRun& run) {
    const bool of_each = files_.scoring().bias_batch() > 1;
    if (of_each) {
        bias_->clear();
    }
    bias_->add(problem, rows, run);
    if (of_each || item + 1 == files_.shape().batch) {
        const std::int64_t heads = files_.scoring().bias_heads();
        const std::int64_t elements = heads * problem.queries.tokens * problem.keys.tokens;
        const std::vector<float> given =
            floats_of(theirs(&GradientFileOptions::bias)->file.tensor(), of_each ? item * elements : 0, elements);
        keep(&GradientFileOptions::bias, of_each ? item : 0,
             bias_->compare({given.data(), heads, problem.queries.tokens, problem.keys.tokens}));
    }
}

std::vector<GradientReport> GradientVerifier::reports(std::optional<double> tolerance) const {
    std::vector<GradientReport> all;
    for (const Theirs& one : theirs_) {
        double limit = 0.0;
        for (const ElementType type :
             {files_.queries().stored.type, files_.keys().stored.type, files_.values().stored.type,
              gradients_.output().stored.type, one.file.tensor().type}) {
            limit = std::max(limit, gradient_error_limit(kernel_type(type), files_.keys().tokens));
        }
        all.push_back({one.name->tensor, row_name(*one.name), judge(one.rows, tolerance.value_or(limit), 0.0)});
    }
    return all;
}

}  // namespace longscope
