// SPDX-License-Identifier: GPL-3.0-or-later
// Options of `attend` and `verify` for attention that is more than the softmax of scaled products, and their files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/kernel/scoring.h"
#include "engine/tensor/tensor_file.h"

namespace CLI {
class App;
}  // namespace CLI

namespace longscope {

struct ScoringFileOptions {
    std::optional<double> soft_cap;
    std::string alibi;
    std::string bias;
    std::string sinks;
    bool sigmoid = false;
    std::optional<double> sigmoid_bias;
};

// `options` must outlive the parsing.
void declare_scoring(CLI::App& verb, ScoringFileOptions& options);

// Extents of the tensors that a scoring is of.
struct ScoringExtents {
    std::int64_t batch = 1;
    std::int64_t heads = 1;
    std::int64_t queries = 1;
    std::int64_t keys = 1;
};

class ScoringFiles {
  public:
    // Opens the files and checks them. Throws Error: bad_input that names the option, unsupported for sinks in sigmoid
    // attention.
    ScoringFiles(const ScoringFileOptions& options, const ScoringExtents& extents);

    // Of one batch item: biases are a view of the file where that is possible, otherwise a copy in `room`, which must
    // live as long as the result. Throws Error(out_of_memory) that says its size where there is no room for the copy.
    [[nodiscard]] Scoring item(std::int64_t item, std::vector<float>& room) const;
    // Of each query head; null: none.
    [[nodiscard]] const float* sinks() const { return sinks_.empty() ? nullptr : sinks_.data(); }
    // As it is stored; null: none. Batch and heads of 1 are one for all.
    [[nodiscard]] const StoredTensor* bias() const { return bias_ ? &bias_->tensor() : nullptr; }
    [[nodiscard]] std::int64_t bias_batch() const { return bias_batch_; }
    [[nodiscard]] std::int64_t bias_heads() const { return bias_heads_; }
    // What is asked for, for people: "soft cap 50, ALiBi"; empty when nothing is.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] Json json() const;
    // Files that are read.
    [[nodiscard]] std::vector<std::filesystem::path> paths() const;

  private:
    void read_bias(const std::string& place);

    ScoringFileOptions options_;
    ScoringExtents extents_;
    Scoring scoring_;  // without the bias
    std::vector<std::filesystem::path> paths_;
    std::vector<float> slopes_;
    std::vector<float> sinks_;
    std::optional<TensorFile> bias_;
    std::int64_t bias_batch_ = 1;
    std::int64_t bias_heads_ = 1;
};

// Throws Error(bad_input) where --lse is given with --sigmoid.
void require_softmax_for_lse(const ScoringFileOptions& options, const std::string& lse);

}  // namespace longscope
