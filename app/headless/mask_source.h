// SPDX-License-Identifier: GPL-3.0-or-later
// Which mask a verb is asked about: the options that name one, and what they come to.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/mask/expression.h"
#include "engine/mask/token_set.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

struct MaskSourceOptions {
    std::string experiment;   // a file; or else:
    std::int64_t draw = 0;    // of the experiment
    std::string mask;         // JSON, or the name of a file that holds it
    std::int64_t tokens = 0;  // 0: the sum of the documents
    std::string documents;    // "L1,L2,..."; empty: one document
};

struct MaskSource {
    MaskExpression expression;
    MaskDomain domain;
    std::vector<TokenSet> ranks;          // what each rank holds; empty when no layout is given
    std::optional<AttentionShape> shape;  // of the experiment
    std::string title;                    // for pictures
};

// Of an option --mask: JSON, or the name of a file that holds it. Throws Error(bad_input).
[[nodiscard]] Json read_mask_json(const std::string& mask);
// Of an option --documents "L1,L2,...": [0, L1, L1 + L2, ...]. Throws Error(bad_input).
[[nodiscard]] std::vector<std::int64_t> cumulative_lengths(std::string_view documents);

// Adds the options to a verb. `options` must outlive the parsing.
void declare_mask_source(CLI::App& verb, MaskSourceOptions& options);

// Throws Error(bad_input).
[[nodiscard]] MaskSource resolve(const MaskSourceOptions& options);

}  // namespace longscope
