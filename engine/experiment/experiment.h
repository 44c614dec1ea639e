// SPDX-License-Identifier: GPL-3.0-or-later
// An experiment: what to compute, on what lengths, in which layout, how often. It is one versioned JSON document
// (resources/docs/experiment.md, resources/schemas/experiment-1.schema.json) that people write, the desktop edits and
// the engine runs. Everything that can be wrong with it is found while it is read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/kernel/layer_scoring.h"
#include "engine/mask/expression.h"
#include "engine/parallel/pass.h"
#include "engine/parallel/strategy_options.h"
#include "engine/tensor/attention_shape.h"
#include "engine/workload/length_source.h"

namespace longscope {

inline constexpr std::int64_t experiment_version = 1;

// Where the lengths of the documents come from, as the document says it, and what was read from there.
struct LengthsField {
    enum class Form { one_document, file, list, histogram };

    Form form = Form::one_document;
    std::string file;                // as it stands in the document; of Form::file
    std::filesystem::path resolved;  // absolute; of Form::file
    LengthSource source;
};

struct SequenceField {
    std::int64_t tokens;
    LengthsField lengths;
    std::int64_t draws = 1;
    std::int64_t seed = 1;
    std::int64_t query_tokens = 0;  // the last of them, which alone have queries; 0: all have

    [[nodiscard]] std::int64_t first_query() const { return query_tokens > 0 ? tokens - query_tokens : 0; }
};

struct LayoutField {
    std::int64_t ranks = 1;
    std::string strategy = "ring";
    std::string dispatch = "contiguous";
    StrategyOptions options = {};
};

struct BackendField {
    std::string name = "cpu";
    std::int64_t threads = 0;                // of each rank; 0: the rank's share of its machine
    std::int64_t memory_per_rank_bytes = 0;  // what each rank may use; 0: its share of what its machine has available
    std::string device = {};                 // of opencl, as KernelOptions::device; empty: as the environment says
};

struct RepetitionsField {
    std::int64_t warm_up = 1;
    std::int64_t measured = 5;
};

struct CheckField {
    std::int64_t rows = 64;  // of each head, compared with the reference; 0: none
};

// What a score is beyond scale * q . k (engine/kernel/scoring.h).
struct ScoringField {
    double soft_cap = 0.0;               // 0: none
    bool alibi = false;                  // of standard slopes
    bool sinks = false;                  // a standard-normal logit of each head, drawn from the seed
    bool sigmoid = false;                // instead of softmax
    std::optional<double> sigmoid_bias;  // -ln(tokens) without one

    [[nodiscard]] bool operator==(const ScoringField&) const = default;
};

struct Experiment {
    std::string name;
    std::string description;
    AttentionShape shape;
    ScoringField scoring;
    SequenceField sequence;
    MaskExpression mask;
    LayoutField layout;
    BackendField backend;
    RepetitionsField repetitions;
    CheckField check;
    Pass pass = Pass::forward;
};

// What this build knows by name; messages list it.
struct ExperimentNames {
    std::vector<std::string> strategies;
    std::vector<std::string> dispatches;
    std::vector<std::string> backends;
};

struct FieldOverride;  // engine/experiment/field_override.h

// Reads a document from a file; the overrides are applied before anything is checked. Every message begins with the
// file's name. An experiment without a name is called after its file. Throws Error(bad_input).
[[nodiscard]] Experiment read_experiment(const std::filesystem::path& path, const ExperimentNames& names);
[[nodiscard]] Experiment read_experiment(const std::filesystem::path& path, const ExperimentNames& names,
                                         const std::vector<FieldOverride>& overrides);
// The same in two steps, for documents that are looked into before; the second one's begins in the file `path`.
[[nodiscard]] Json read_document(const std::filesystem::path& path);
[[nodiscard]] Experiment changed_experiment(Json document, const std::filesystem::path& path,
                                            const ExperimentNames& names, const std::vector<FieldOverride>& overrides);

// `folder` is where relative paths begin. The mask is compiled over the documents of the first draw, so that whatever
// does not fit together is said now. Throws Error(bad_input).
[[nodiscard]] Experiment parse_experiment(const Json& document, const std::filesystem::path& folder,
                                          const ExperimentNames& names);

// The whole document, defaults written out, fields in the order of the documentation, without what editors keep in it
// for themselves; a lengths file stays the path that was given. parse_experiment reads back an equal experiment.
[[nodiscard]] Json to_json(const Experiment& experiment);
// Into a layout, those that are not left to the strategy.
void put_options(const StrategyOptions& options, Json& layout);

// As it stands there.
[[nodiscard]] Json to_json(const LayoutField& layout);

// The same experiment with the absolute path of its lengths file, for a copy of the document in another folder.
[[nodiscard]] Experiment with_absolute_paths(Experiment experiment);

// The same document and the same lengths behind it.
[[nodiscard]] bool operator==(const Experiment& a, const Experiment& b);

// Tells an experiment from a histogram of lengths, which is a JSON object too.
[[nodiscard]] bool looks_like_experiment(const Json& document);

// Of one draw, 0 <= draw < sequence.draws.
[[nodiscard]] std::vector<std::int64_t> documents_of_draw(const Experiment& experiment, std::int64_t draw);
[[nodiscard]] MaskDomain domain_of_draw(const Experiment& experiment, std::int64_t draw);
// Of the tokens that have queries; the rows of others are empty.
[[nodiscard]] MaskExpression mask_of_queries(const MaskExpression& mask, std::int64_t query_tokens);
// The seed of the queries, keys and values: draws differ in them also where their documents are the same.
[[nodiscard]] std::uint64_t input_seed_of_draw(const Experiment& experiment, std::int64_t draw);
[[nodiscard]] LayerScoring scoring_of_draw(const Experiment& experiment, std::int64_t draw);

}  // namespace longscope
