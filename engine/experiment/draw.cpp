// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/experiment/experiment.h"
#include "engine/workload/inputs.h"
#include "engine/workload/packing.h"
#include "engine/workload/streams.h"

namespace longscope {

std::vector<std::int64_t> documents_of_draw(const Experiment& experiment, std::int64_t draw) {
    const SequenceField& sequence = experiment.sequence;
    return draw_documents(sequence.lengths.source, sequence.tokens, static_cast<std::uint64_t>(sequence.seed), draw);
}

MaskDomain domain_of_draw(const Experiment& experiment, std::int64_t draw) {
    const std::int64_t tokens = experiment.sequence.tokens;
    return {tokens, tokens, cu_seqlens(documents_of_draw(experiment, draw))};
}

MaskExpression mask_of_queries(const MaskExpression& mask, std::int64_t query_tokens) {
    if (query_tokens == 0) {
        return mask;
    }
    MaskExpression both;
    both.kind = MaskExpression::Kind::all_of;
    both.operands = {mask, parse_mask(Json{{"last_queries", {{"tokens", query_tokens}}}}, "sequence.query_tokens")};
    return both;
}

std::uint64_t input_seed_of_draw(const Experiment& experiment, std::int64_t draw) {
    return input_seed(static_cast<std::uint64_t>(experiment.sequence.seed), draw);
}

LayerScoring scoring_of_draw(const Experiment& experiment, std::int64_t draw) {
    const ScoringField& asked = experiment.scoring;
    LayerScoring scoring;
    scoring.soft_cap = asked.soft_cap;
    if (asked.alibi) {
        scoring.slopes = standard_slopes(experiment.shape.query_heads);
    }
    if (asked.sinks) {
        scoring.sinks.resize(static_cast<std::size_t>(experiment.shape.query_heads));
        make_input_row(input_seed_of_draw(experiment, draw), InputTensor::sinks, 0, 0, DType::float32, scoring.sinks);
    }
    if (asked.sigmoid) {
        scoring.sigmoid_bias = asked.sigmoid_bias.value_or(-std::log(static_cast<double>(experiment.sequence.tokens)));
    }
    return scoring;
}

}  // namespace longscope
