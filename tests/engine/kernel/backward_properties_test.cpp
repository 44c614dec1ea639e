// SPDX-License-Identifier: GPL-3.0-or-later
// The gradients of random small problems under random masks: against finite differences of the float64 forward pass,
// and as sums over parts of the keys.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/backward_case.h"
#include "tests/support/mask_generators.h"

namespace longscope {

// RapidCheck finds it by the type's namespace.
inline std::ostream& operator<<(std::ostream& out, const AttentionCase& c) {
    return out << c.text() << " scale factor " << c.scale_factor << " of head " << c.domain.head << " of layer "
               << c.domain.layer;
}

namespace {

// Each option alone and with any others that it goes with: sinks take part in a softmax.
rc::Gen<ScoringCase> scoring_case() {
    const auto sigmoid = rc::gen::element<std::optional<double>>(std::nullopt, std::nullopt, 0.0, -2.0);
    return rc::gen::map(
        rc::gen::tuple(rc::gen::element(0.0, 0.0, 1.5, 20.0), rc::gen::arbitrary<bool>(), integer_from(0, 2),
                       rc::gen::element(0.0, 0.2), sigmoid, rc::gen::arbitrary<bool>()),
        [](const auto& drawn) {
            const auto& [soft_cap, alibi, bias, bias_hides, sigmoid_bias, sinks] = drawn;
            return ScoringCase{soft_cap, alibi, bias, bias_hides, sigmoid_bias, sinks && !sigmoid_bias};
        });
}

rc::Gen<AttentionCase> attention_case() {
    const auto ratio =
        rc::gen::element(std::pair<std::int64_t, std::int64_t>{1, 1}, std::pair<std::int64_t, std::int64_t>{3, 1},
                         std::pair<std::int64_t, std::int64_t>{4, 2}, std::pair<std::int64_t, std::int64_t>{2, 2});
    return rc::gen::map(
        rc::gen::tuple(mask_case(2), ratio, integer_from(1, 6), integer_from(1, 6), integer_from(0, 1000),
                       rc::gen::element(1.0, 0.25, 2.0),
                       rc::gen::element(DType::float32, DType::bfloat16, DType::float16), scoring_case()),
        [](const auto& drawn) {
            const auto& [mask, heads, dim_qk, dim_v, seed, scale_factor, dtype, drawn_scoring] = drawn;
            ScoringCase scoring = drawn_scoring;
            scoring.bias_heads = scoring.bias_heads == 2 ? heads.first : scoring.bias_heads;
            return AttentionCase{{1, heads.first, heads.second, dim_qk, dim_v, dtype},
                                 mask.domain,
                                 mask.expression.dump(),
                                 static_cast<std::uint64_t>(seed),
                                 scale_factor,
                                 scoring};
        });
}

double loss(const AttentionCase& c, const BackwardInputs& inputs) {
    const ReferenceResult result = reference_attention(c, inputs.forward);
    double sum = 0.0;
    for (std::size_t i = 0; i < result.output.size(); ++i) {
        sum += double{inputs.output_gradients[i]} * result.output[i];
    }
    return sum;
}

constexpr float step = 0x1p-12F;

// How far the loss changes, and how far it should by the gradient, when `tensor` of the inputs is moved by `direction`
// to both sides. Moved elements are rounded to float32: what counts is where they come to lie.
void expect_change(const AttentionCase& c, const BackwardInputs& inputs, std::vector<float> AttentionInputs::*tensor,
                   const std::vector<double>& gradient, const std::vector<float>& direction) {
    BackwardInputs above = inputs;
    BackwardInputs below = inputs;
    double expected = 0.0;
    double terms = 0.0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        float& more = (above.forward.*tensor)[i];
        float& less = (below.forward.*tensor)[i];
        more += step * direction[i];
        less -= step * direction[i];
        if (!std::isfinite(more)) {
            continue;  // a bias that hides its pair stays
        }
        const double moved = double{more} - double{less};
        expected += gradient[i] * moved;
        terms += std::abs(moved);
    }
    const double change = loss(c, above) - loss(c, below);
    // The second factor stands for gradients and third derivatives of the order of 1.
    RC_ASSERT(std::abs(change - expected) <= 2e-6 * terms);
}

RC_GTEST_PROP(ReferenceGradients, AreWhatFiniteDifferencesOfTheForwardPassAre, ()) {
    const AttentionCase c = *attention_case();
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    struct Tensor {
        std::vector<float> AttentionInputs::*tensor;
        const std::vector<double>* gradient;
    };
    RandomStream random(c.seed, 10);
    for (const Tensor& of :
         {Tensor{&AttentionInputs::queries, &reference.queries}, Tensor{&AttentionInputs::keys, &reference.keys},
          Tensor{&AttentionInputs::values, &reference.values}, Tensor{&AttentionInputs::bias, &reference.bias},
          Tensor{&AttentionInputs::sinks, &reference.sinks}}) {
        const std::size_t size = of.gradient->size();
        if (size == 0) {
            continue;
        }
        // All elements at once in a random direction, then a few one by one.
        expect_change(c, inputs, of.tensor, *of.gradient, normal_tensor(c.seed, 11, static_cast<std::int64_t>(size)));
        for (int i = 0; i < 4; ++i) {
            std::vector<float> direction(size);
            direction[random.next_below(size)] = 1;
            expect_change(c, inputs, of.tensor, *of.gradient, direction);
        }
    }
}

RC_GTEST_PROP(ReferenceBackwardKernel, EqualsTheDefinition, ()) {
    const AttentionCase c = *attention_case();
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const Gradients gradients = run_backward(*make_reference_kernel(1), c, inputs, reference);
    RC_ASSERT(error_of_gradients(reference, gradients).worst() <= 1e-6);
}

RC_GTEST_PROP(ReferenceBackwardKernel, AddsUpOverPartsOfTheKeys, ()) {
    const AttentionCase c = *attention_case();
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const auto kernel = make_reference_kernel(1);
    const Gradients whole = run_backward(*kernel, c, inputs, reference);

    const std::vector<std::int64_t> chosen = *positions_below(c.domain.key_tokens);
    std::vector<std::int64_t> others;
    for (std::int64_t key = 0; key < c.domain.key_tokens; ++key) {
        if (!std::binary_search(chosen.begin(), chosen.end(), key)) {
            others.push_back(key);
        }
    }
    Gradients sum(inputs.forward);
    for (const std::vector<std::int64_t>& part : {chosen, others}) {
        BackwardCall call;
        call.keys = token_set_of(part);
        add_gradients(*kernel, c, inputs, reference, sum, call);
    }
    // The sums of a key are those of the whole: over the same rows in the same order.
    RC_ASSERT(sum.keys == whole.keys);
    RC_ASSERT(sum.values == whole.values);
    RC_ASSERT(sum.bias == whole.bias);
    RC_ASSERT(relative_l2(reference.queries, sum.queries, reference.queries_before_cancelling / cancelled_at_most) <=
              1e-6);
}

}  // namespace
}  // namespace longscope
