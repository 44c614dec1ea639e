// SPDX-License-Identifier: GPL-3.0-or-later
// One attention problem on standard-normal inputs, and how far a result is from the float64 reference.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/random.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/layer_scoring.h"
#include "engine/kernel/reference/reference_pair.h"
#include "engine/kernel/reference/reference_row.h"
#include "engine/kernel/sinks.h"
#include "engine/mask/heads.h"
#include "engine/tensor/attention_shape.h"
#include "engine/tensor/element_type.h"

namespace longscope {

// What is asked of a case beyond plain softmax attention. Slopes, biases and sinks are drawn from the seed.
struct ScoringCase {
    double soft_cap = 0.0;
    bool alibi = false;
    std::int64_t bias_heads = 0;  // 0: no bias; 1: one for all heads; or that of every head
    double bias_hides = 0.0;      // this share of the biases is -inf
    std::optional<double> sigmoid_bias;
    bool sinks = false;

    [[nodiscard]] std::string text() const {
        std::string text;
        text += soft_cap != 0.0 ? " soft cap " + std::to_string(soft_cap) : "";
        text += alibi ? " alibi" : "";
        text += bias_heads != 0 ? " bias of " + std::to_string(bias_heads) + " heads" : "";
        text += bias_hides != 0.0 ? " hiding " + std::to_string(bias_hides) : "";
        text += sigmoid_bias ? " sigmoid " + std::to_string(*sigmoid_bias) : "";
        text += sinks ? " sinks" : "";
        return text;
    }
};

struct AttentionCase {
    AttentionShape shape;
    MaskDomain domain;
    std::string mask_json = R"({"full": {}})";
    std::uint64_t seed = 1;
    double scale_factor = 1.0;  // 1 / sqrt(Dqk) times this is the scale
    ScoringCase scoring = {};

    [[nodiscard]] std::string text() const {
        std::string documents;
        for (std::size_t i = 0; i + 1 < domain.cu_seqlens.size(); ++i) {
            documents +=
                (i == 0 ? " documents " : ",") + std::to_string(domain.cu_seqlens[i + 1] - domain.cu_seqlens[i]);
        }
        return "heads " + std::to_string(shape.query_heads) + ":" + std::to_string(shape.key_value_heads) + " dims " +
               std::to_string(shape.head_dim_qk) + "/" + std::to_string(shape.head_dim_v) + " " +
               std::string(to_string(shape.dtype)) + " tokens " + std::to_string(domain.query_tokens) + "x" +
               std::to_string(domain.key_tokens) + documents + " mask " + mask_json + " seed " + std::to_string(seed) +
               scoring.text();
    }
    [[nodiscard]] MaskExpression expression() const { return parse_mask(parse_json(mask_json, "test"), "mask"); }
    // Of one head.
    [[nodiscard]] std::unique_ptr<Mask> mask(std::int64_t head = 0) const {
        MaskDomain domain_of_head = domain;
        domain_of_head.head = head;
        return compile_mask(expression(), domain_of_head);
    }
    [[nodiscard]] HeadMasks masks() const { return compile_head_masks(expression(), domain, shape.query_heads); }
    [[nodiscard]] double scale() const { return scale_factor / std::sqrt(static_cast<double>(shape.head_dim_qk)); }
};

// heads x tokens x dim, standard normal.
inline std::vector<float> normal_tensor(std::uint64_t seed, std::uint64_t stream, std::int64_t size) {
    std::vector<float> values(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = normal4(seed, stream, i / 4)[i % 4];
    }
    return values;
}

// To the nearest value of a type.
inline std::vector<float> rounded(std::vector<float> values, DType dtype) {
    round_to(dtype, values);
    return values;
}

// Values that the type of the case has, kept as float32: the reference reads what the kernel reads.
struct AttentionInputs {
    explicit AttentionInputs(const AttentionCase& c)
        : queries(tensor(c, 0, c.shape.query_heads * c.domain.query_tokens * c.shape.head_dim_qk)),
          keys(tensor(c, 1, c.shape.key_value_heads * c.domain.key_tokens * c.shape.head_dim_qk)),
          values(tensor(c, 2, c.shape.key_value_heads * c.domain.key_tokens * c.shape.head_dim_v)),
          shape(c.shape),
          domain(c.domain),
          asked(c.scoring) {
        const std::int64_t heads = c.shape.query_heads;
        bias = normal_tensor(c.seed, 20, asked.bias_heads * domain.query_tokens * domain.key_tokens);
        RandomStream random(c.seed, 21);
        for (float& element : bias) {
            if (random.next_unit() < asked.bias_hides) {
                element = -std::numeric_limits<float>::infinity();
            }
        }
        slopes = asked.alibi ? standard_slopes(heads) : std::vector<float>();
        sinks = asked.sinks ? normal_tensor(c.seed, 22, heads) : std::vector<float>();
    }

    // Views of this object.
    [[nodiscard]] Scoring scoring() const {
        Scoring scoring;
        scoring.soft_cap = asked.soft_cap;
        scoring.slopes = slopes.empty() ? nullptr : slopes.data();
        scoring.sigmoid_bias = asked.sigmoid_bias;
        if (!bias.empty()) {
            scoring.bias =
                HeadMatrix<const float>{bias.data(), shape.query_heads, domain.query_tokens, domain.key_tokens};
            scoring.bias.head_stride = asked.bias_heads == 1 ? 0 : scoring.bias.head_stride;
        }
        return scoring;
    }
    // The same without the bias, for whoever computes some of the heads.
    [[nodiscard]] LayerScoring layer_scoring() const { return {asked.soft_cap, slopes, sinks, asked.sigmoid_bias}; }
    [[nodiscard]] std::int64_t distance(std::int64_t query, std::int64_t key) const {
        return std::abs(query + domain.key_tokens - domain.query_tokens - key);
    }

    [[nodiscard]] static std::vector<float> tensor(const AttentionCase& c, std::uint64_t stream, std::int64_t size) {
        return rounded(normal_tensor(c.seed, stream, size), c.shape.dtype);
    }

    [[nodiscard]] HeadMatrix<const float> q() const {
        return {queries.data(), shape.query_heads, domain.query_tokens, shape.head_dim_qk};
    }
    [[nodiscard]] HeadMatrix<const float> k() const {
        return {keys.data(), shape.key_value_heads, domain.key_tokens, shape.head_dim_qk};
    }
    [[nodiscard]] HeadMatrix<const float> v() const {
        return {values.data(), shape.key_value_heads, domain.key_tokens, shape.head_dim_v};
    }

    std::vector<float> queries;
    std::vector<float> keys;
    std::vector<float> values;
    std::vector<float> bias;
    std::vector<float> slopes;
    std::vector<float> sinks;
    AttentionShape shape;
    MaskDomain domain;
    ScoringCase asked;
};

// In float64, not rounded: heads x tokens x dim, and heads x tokens.
struct ReferenceResult {
    std::vector<double> output;
    std::vector<double> lse;
};

inline ReferenceResult reference_attention(const AttentionCase& c, const AttentionInputs& inputs) {
    const Scoring scoring = inputs.scoring();
    ReferenceResult result;
    const auto dim_qk = static_cast<std::size_t>(c.shape.head_dim_qk);
    const auto dim_v = static_cast<std::size_t>(c.shape.head_dim_v);
    for (std::int64_t head = 0; head < c.shape.query_heads; ++head) {
        const std::int64_t kv_head = head / c.shape.heads_per_group();
        const std::unique_ptr<Mask> mask = c.mask(head);
        for (std::int64_t q = 0; q < c.domain.query_tokens; ++q) {
            ReferenceRow row(dim_v, scoring.sigmoid_bias);
            for (std::int64_t k = 0; k < c.domain.key_tokens; ++k) {
                const PairPlace place{head, q, k, inputs.distance(q, k)};
                if (mask->contains(q, k) && !scoring.hides(place)) {
                    const double product = dot({inputs.q().row(head, q), dim_qk}, {inputs.k().row(kv_head, k), dim_qk});
                    row.add(score_of(scoring, c.scale() * product, place), {inputs.v().row(kv_head, k), dim_v});
                }
            }
            if (!inputs.sinks.empty()) {
                row.add_sink(inputs.sinks[static_cast<std::size_t>(head)]);
            }
            for (std::size_t d = 0; d < dim_v; ++d) {
                result.output.push_back(row.output(d));
            }
            result.lse.push_back(row.lse());
        }
    }
    return result;
}

struct AttentionError {
    double output_relative_l2 = 0.0;
    double lse_absolute = 0.0;  // infinite when one side is -inf and the other is not
};

// `rows(i)` tells which token of the reference row i of `partial` is.
template <typename TokenOfRow>
void accumulate_error(const ReferenceResult& reference, std::int64_t reference_tokens, const Partial& partial,
                      TokenOfRow token_of_row, double& squares, double& norm, double& lse_absolute) {
    for (std::int64_t head = 0; head < partial.heads(); ++head) {
        for (std::int64_t row = 0; row < partial.rows(); ++row) {
            const std::int64_t token = head * reference_tokens + token_of_row(row);
            for (std::int64_t d = 0; d < partial.dim(); ++d) {
                const double expected = reference.output[static_cast<std::size_t>(token * partial.dim() + d)];
                const double difference = partial.output().row(head, row)[d] - expected;
                squares += difference * difference;
                norm += expected * expected;
            }
            const double expected = reference.lse[static_cast<std::size_t>(token)];
            const double got = partial.lse(head)[row];
            if (expected != got) {
                const double distance = std::abs(got - expected);
                lse_absolute =
                    std::max(lse_absolute, std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance);
            }
        }
    }
}

inline AttentionError error_of(const ReferenceResult& reference, const Partial& partial) {
    double squares = 0.0;
    double norm = 0.0;
    AttentionError error;
    accumulate_error(
        reference, partial.rows(), partial, [](std::int64_t row) { return row; }, squares, norm, error.lse_absolute);
    error.output_relative_l2 = norm == 0.0 ? std::sqrt(squares) : std::sqrt(squares / norm);
    if (std::isnan(error.output_relative_l2)) {
        error.output_relative_l2 = std::numeric_limits<double>::infinity();
    }
    return error;
}

}  // namespace longscope
