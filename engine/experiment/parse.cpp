// SPDX-License-Identifier: GPL-3.0-or-later
// One function a field of the document, in the document's order.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/words.h"
#include "engine/experiment/experiment.h"
#include "engine/experiment/lengths_field.h"
#include "engine/mask/heads.h"

namespace longscope {

namespace {

constexpr std::int64_t max_heads = 4096;
constexpr std::int64_t max_head_dim = 1024;
constexpr double max_score = 1e6;
constexpr std::int64_t max_draws = 1000;
constexpr std::int64_t max_ranks = 65536;
constexpr std::int64_t max_threads = 4096;
constexpr std::int64_t max_memory_bytes = std::int64_t{1} << 50;
constexpr std::int64_t max_warm_up = 1000;
constexpr std::int64_t max_measured = 10000;
constexpr std::int64_t max_check_rows = 1'000'000;
constexpr std::int64_t max_name = 200;
constexpr std::int64_t max_description = 10000;

// The object of a field that may be absent.
JsonObject group(JsonObject& parent, const std::string& name) {
    static const Json none = Json::object();
    const Json* value = parent.optional(name);
    return {value == nullptr ? none : *value, parent.path_of(name)};
}

JsonObject required_group(JsonObject& parent, const std::string& name) {
    return {parent.required(name, "a JSON object {...}"), parent.path_of(name)};
}

void check_version(JsonObject& root) {
    const std::string accepted = fmt::format("{}", experiment_version);
    const Json& version = root.required("longscope_experiment", accepted);
    if (!version.is_number_integer()) {
        throw bad_input("longscope_experiment", shown(version), "is not a version", accepted);
    }
    if (version != experiment_version) {
        const bool newer = version > experiment_version;
        throw bad_input("longscope_experiment", shown(version),
                        newer ? "is newer than this program reads" : "is not a version", accepted);
    }
}

std::string bounded_text(JsonObject& object, const std::string& name, const std::string& fallback, std::int64_t min,
                         std::int64_t max, bool one_line) {
    std::string text = object.text_or(name, fallback);
    // Characters, not bytes: continuation bytes of UTF-8 do not count.
    const auto size = std::count_if(text.begin(), text.end(),
                                    [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    const bool control =
        std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (size < min || size > max || (one_line && control)) {
        throw bad_input(object.path_of(name), shown(Json(text)), one_line ? "is not a name" : "is too long",
                        fmt::format("a text of {} to {} characters{}", min, max, one_line ? " on one line" : ""));
    }
    return text;
}

std::string one_of(JsonObject& object, const std::string& name, const std::string& fallback,
                   const std::vector<std::string>& accepted) {
    std::string text = object.text_or(name, fallback);
    if (std::find(accepted.begin(), accepted.end(), text) == accepted.end()) {
        throw bad_input(object.path_of(name), shown(Json(text)), "is not known",
                        fmt::format("{}", fmt::join(accepted, ", ")));
    }
    return text;
}

AttentionShape parse_shape(JsonObject object) {
    AttentionShape shape;
    shape.batch = object.integer_or("batch", 1, 1, 1);
    shape.query_heads = object.integer("query_heads", 1, max_heads);
    shape.key_value_heads = object.integer("key_value_heads", 1, max_heads);
    shape.head_dim_qk = object.integer("head_dim_qk", 1, max_head_dim);
    shape.head_dim_v = object.integer("head_dim_v", 1, max_head_dim);
    shape.dtype = word_index<DType>(
        dtype_words, one_of(object, "dtype", "float32", {dtype_words.begin(), dtype_words.end()}), "dtype");
    object.finish();
    if (const std::int64_t group_heads = shape.key_value_heads; shape.query_heads % group_heads != 0) {
        std::vector<std::int64_t> accepted;
        for (std::int64_t heads = group_heads; heads <= max_heads && accepted.size() < 3; heads += group_heads) {
            accepted.push_back(heads);
        }
        throw bad_input(
            object.path_of("query_heads"), std::to_string(shape.query_heads),
            fmt::format("is not a multiple of key_value_heads {}", group_heads),
            fmt::format("{}{}", fmt::join(accepted, ", "), accepted.back() + group_heads <= max_heads ? ", ..." : ""));
    }
    return shape;
}

bool boolean_or_false(JsonObject& object, const std::string& name) {
    return object.optional(name) != nullptr && object.boolean(name);
}

ScoringField parse_scoring(JsonObject object) {
    ScoringField scoring;
    scoring.soft_cap = object.number_or("soft_cap", scoring.soft_cap, 0.0, max_score);
    scoring.alibi = boolean_or_false(object, "alibi");
    scoring.sinks = boolean_or_false(object, "sinks");
    if (const Json* value = object.optional("sigmoid")) {
        JsonObject sigmoid(*value, object.path_of("sigmoid"));
        scoring.sigmoid = true;
        if (sigmoid.has("bias")) {
            scoring.sigmoid_bias = sigmoid.number("bias", -max_score, max_score);
        }
        sigmoid.finish();
    }
    object.finish();
    if (scoring.sigmoid && scoring.sinks) {
        throw bad_input(object.path_of("sinks"), "true", "take part in a softmax: sigmoid attention has none",
                        "one of sinks and sigmoid");
    }
    return scoring;
}

SequenceField parse_sequence(JsonObject object, const std::filesystem::path& folder) {
    const std::int64_t tokens = object.integer("tokens", 1, max_tokens);
    const Json* lengths = object.optional("lengths");
    const std::int64_t draws = object.integer_or("draws", 1, 1, max_draws);
    const std::int64_t seed = object.integer_or("seed", 1, 0, std::numeric_limits<std::int64_t>::max());
    const std::int64_t queries = object.integer_or("query_tokens", 0, 0, tokens);
    object.finish();
    return {tokens, parse_lengths_field(lengths, object.path_of("lengths"), tokens, folder), draws, seed,
            queries == tokens ? 0 : queries};
}

// Numbers that are not given are those of the model that is named.
CostModel parse_cost_model(JsonObject object) {
    std::vector<std::string> names;
    for (const NamedCostModel& named : cost_models) {
        names.emplace_back(named.name);
    }
    const std::string name = one_of(object, "name", names.front(), names);
    CostModel model =
        cost_models.at(static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin())).model;
    for (const CostModelNumber& number : cost_model_numbers) {
        std::int64_t& value = model.*number.value;
        value = object.integer_or(std::string(number.name), value, number.least, number.largest);
    }
    object.finish();
    return model;
}

LayoutField parse_layout(JsonObject object, const ExperimentNames& names) {
    LayoutField layout;
    layout.ranks = object.integer_or("ranks", layout.ranks, 1, max_ranks);
    layout.strategy = one_of(object, "strategy", layout.strategy, names.strategies);
    layout.dispatch = one_of(object, "dispatch", layout.dispatch, names.dispatches);
    for (const NumberOption& option : number_options) {
        layout.options.*option.value = object.integer_or(std::string(option.name), 0, 0, option.largest);
    }
    layout.options.placement = word_index<Placement>(
        placement_words, one_of(object, "placement", "head_first", {placement_words.begin(), placement_words.end()}),
        "placement");
    layout.options.wire_dtype = word_index<DType>(
        dtype_words, one_of(object, "wire_dtype", "float32", {dtype_words.begin(), dtype_words.end()}), "wire_dtype");
    layout.options.cost_model = parse_cost_model(group(object, "cost_model"));
    object.finish();
    return layout;
}

BackendField parse_backend(JsonObject object, const ExperimentNames& names) {
    BackendField backend;
    backend.name = one_of(object, "name", backend.name, names.backends);
    backend.threads = object.integer_or("threads", backend.threads, 0, max_threads);
    backend.memory_per_rank_bytes =
        object.integer_or("memory_per_rank_bytes", backend.memory_per_rank_bytes, 0, max_memory_bytes);
    // Which devices there are only the machine knows that computes.
    backend.device = bounded_text(object, "device", backend.device, 0, 200, true);
    object.finish();
    return backend;
}

RepetitionsField parse_repetitions(JsonObject object) {
    RepetitionsField repetitions;
    repetitions.warm_up = object.integer_or("warm_up", repetitions.warm_up, 0, max_warm_up);
    repetitions.measured = object.integer_or("measured", repetitions.measured, 1, max_measured);
    object.finish();
    return repetitions;
}

CheckField parse_check(JsonObject object) {
    CheckField check;
    check.rows = object.integer_or("rows", check.rows, 0, max_check_rows);
    object.finish();
    return check;
}

}  // namespace

Experiment parse_experiment(const Json& document, const std::filesystem::path& folder, const ExperimentNames& names) {
    JsonObject root(document, "");
    check_version(root);
    std::string name = bounded_text(root, "name", "untitled", 1, max_name, true);
    std::string description = bounded_text(root, "description", "", 0, max_description, false);
    const AttentionShape shape = parse_shape(required_group(root, "shape"));
    const ScoringField scoring = parse_scoring(group(root, "scoring"));
    const auto pass =
        word_index<Pass>(pass_words, one_of(root, "pass", "forward", {pass_words.begin(), pass_words.end()}), "pass");
    JsonObject sequence = required_group(root, "sequence");
    const Json& mask = root.required("mask", "a mask, such as {\"causal\": {}}");
    JsonObject layout = group(root, "layout");
    JsonObject backend = group(root, "backend");
    JsonObject repetitions = group(root, "repetitions");
    JsonObject check = group(root, "check");
    (void)group(root, "editor");  // an object that editors keep for themselves
    root.finish();
    Experiment experiment{std::move(name),
                          std::move(description),
                          shape,
                          scoring,
                          parse_sequence(std::move(sequence), folder),
                          parse_mask(mask, "mask"),
                          parse_layout(std::move(layout), names),
                          parse_backend(std::move(backend), names),
                          parse_repetitions(std::move(repetitions)),
                          parse_check(std::move(check)),
                          pass};
    check_mask(experiment.mask, domain_of_draw(experiment, 0), "mask");
    (void)head_groups(experiment.mask, shape.query_heads, 1);  // every head has a mask
    return experiment;
}

bool looks_like_experiment(const Json& document) {
    return document.is_object() && document.contains("longscope_experiment");
}

}  // namespace longscope
