// SPDX-License-Identifier: GPL-3.0-or-later
// Which mask a verb is asked about: the options that name one, and what they come to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/headless/mask_input.h"
#include "engine/mask/expression.h"
#include "engine/mask/token_set.h"
#include "engine/tensor/attention_shape.h"

namespace CLI {
class App;
}  // namespace CLI

namespace longscope {

struct MaskSourceOptions {
    std::string place;                 // an experiment, or a mask in any form: JSON, a file, a folder
    std::int64_t draw = 0;             // of an experiment, or of lengths
    std::int64_t tokens = 0;           // 0: the sum of the documents, or as the files say
    std::string documents;             // "L1,L2,..."; empty: one document
    std::string lengths;               // a file of lengths to draw documents from; empty: none
    std::int64_t seed = 1;             // of these draws
    std::optional<std::int64_t> head;  // of a mask that differs from head to head
    std::optional<std::int64_t> layer;
    MaskFileOptions files;
};

struct MaskSource {
    MaskInput input;
    MaskFileOptions files;
    MaskDomain domain;
    std::vector<TokenSet> ranks;          // what each rank holds; empty when no layout is given
    std::optional<AttentionShape> shape;  // of the experiment
    std::string title;                    // for pictures; without the mask where it is that of all heads
    // The same sequence with the documents of another draw, from 0; null where nothing is drawn.
    std::function<MaskDomain(std::int64_t draw)> domain_of_draw = {};

    // Compiles or reads it. Throws Error(bad_input).
    [[nodiscard]] std::unique_ptr<Mask> mask() const { return input.over(domain, files); }
};

// Of an option --documents "L1,L2,...": [0, L1, L1 + L2, ...]. Throws Error(bad_input).
[[nodiscard]] std::vector<std::int64_t> cumulative_lengths(std::string_view documents);

// Adds the options to a verb: the place as an argument or as --mask, and all that belongs to it. `options` must outlive
// the parsing.
void declare_mask_source(CLI::App& verb, MaskSourceOptions& options);
// The same without the place, for verbs about several masks.
void declare_mask_domain(CLI::App& verb, MaskSourceOptions& options);

// The options --heads and --layers: how many there are of each.
void declare_head_counts(CLI::App& verb, std::int64_t& heads, std::int64_t& layers);

// Throws Error(bad_input) where the mask differs between heads or layers and the option that says which is missing.
void require_head(const MaskExpression& mask, const MaskSourceOptions& options);

// Whether the mask says itself how many tokens it is over.
[[nodiscard]] bool knows_its_tokens(const MaskSourceOptions& options);

// The mask of one head: that of --head and --layer where it differs between them. `fallback` is the domain of an
// expression that is given neither tokens nor documents. Throws Error(bad_input).
[[nodiscard]] MaskSource resolve(const MaskSourceOptions& options, const MaskDomain* fallback = nullptr);

// The same with the mask of all heads, as it was given.
[[nodiscard]] MaskSource resolve_all_heads(const MaskSourceOptions& options, const MaskDomain* fallback = nullptr);

}  // namespace longscope
