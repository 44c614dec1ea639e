// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <utility>

#include "engine/experiment/experiment.h"
#include "engine/experiment/lengths_field.h"

namespace longscope {

namespace {

Json to_json(const AttentionShape& shape) {
    return {{"batch", shape.batch},
            {"query_heads", shape.query_heads},
            {"key_value_heads", shape.key_value_heads},
            {"head_dim_qk", shape.head_dim_qk},
            {"head_dim_v", shape.head_dim_v},
            {"dtype", to_string(shape.dtype)}};
}

Json to_json(const ScoringField& scoring) {
    Json document{{"soft_cap", scoring.soft_cap}, {"alibi", scoring.alibi}, {"sinks", scoring.sinks}};
    if (scoring.sigmoid) {
        document["sigmoid"] = Json::object();
        if (scoring.sigmoid_bias) {
            document["sigmoid"]["bias"] = *scoring.sigmoid_bias;
        }
    }
    return document;
}

Json to_json(const SequenceField& sequence) {
    Json document{{"tokens", sequence.tokens}};
    if (sequence.lengths.form != LengthsField::Form::one_document) {
        document["lengths"] = longscope::to_json(sequence.lengths);
    }
    document["draws"] = sequence.draws;
    document["seed"] = sequence.seed;
    if (sequence.query_tokens != 0) {
        document["query_tokens"] = sequence.query_tokens;
    }
    return document;
}

}  // namespace

Json to_json(const LayoutField& layout) {
    Json json{{"ranks", layout.ranks}, {"strategy", layout.strategy}, {"dispatch", layout.dispatch}};
    put_options(layout.options, json);
    return json;
}

void put_options(const StrategyOptions& options, Json& layout) {
    for (const NumberOption& option : number_options) {
        if (const std::int64_t value = options.*option.value; value != 0) {
            layout[std::string(option.name)] = value;
        }
    }
    if (options.placement != Placement::head_first) {
        layout["placement"] = to_string(options.placement);
    }
    if (options.wire_dtype != DType::float32) {
        layout["wire_dtype"] = to_string(options.wire_dtype);
    }
    if (const CostModel& model = options.cost_model; model != default_cost_model) {
        Json& numbers = layout["cost_model"] = Json::object();
        for (const CostModelNumber& number : cost_model_numbers) {
            numbers[std::string(number.name)] = model.*number.value;
        }
    }
}

Json to_json(const Experiment& experiment) {
    const LayoutField& layout = experiment.layout;
    const BackendField& backend = experiment.backend;
    const RepetitionsField& repetitions = experiment.repetitions;
    Json document{{"longscope_experiment", experiment_version},
                  {"name", experiment.name},
                  {"description", experiment.description},
                  {"shape", to_json(experiment.shape)}};
    // Left out where nothing is asked for: then older programs read the document too.
    if (experiment.scoring != ScoringField()) {
        document["scoring"] = to_json(experiment.scoring);
    }
    if (experiment.pass != Pass::forward) {
        document["pass"] = to_string(experiment.pass);
    }
    Json computes{
        {"name", backend.name}, {"threads", backend.threads}, {"memory_per_rank_bytes", backend.memory_per_rank_bytes}};
    if (!backend.device.empty()) {
        computes["device"] = backend.device;
    }
    document.update(Json{{"sequence", to_json(experiment.sequence)},
                         {"mask", to_json(experiment.mask)},
                         {"layout", to_json(layout)},
                         {"backend", std::move(computes)},
                         {"repetitions", {{"warm_up", repetitions.warm_up}, {"measured", repetitions.measured}}},
                         {"check", {{"rows", experiment.check.rows}}}});
    return document;
}

Experiment with_absolute_paths(Experiment experiment) {
    LengthsField& lengths = experiment.sequence.lengths;
    if (lengths.form == LengthsField::Form::file) {
        lengths.file = lengths.resolved.string();
    }
    return experiment;
}

bool operator==(const Experiment& a, const Experiment& b) {
    return to_json(a) == to_json(b) && a.sequence.lengths.source == b.sequence.lengths.source;
}

}  // namespace longscope
