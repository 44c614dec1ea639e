// SPDX-License-Identifier: GPL-3.0-or-later
// Random small attention problems: kernels against the float64 definition. What the definition says is finite must be
// finite, whatever NaN and infinities lie in inputs that it does not see.
#include <cmath>

#include "tests/fuzz/attention_problem.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/support/forward_case.h"

namespace {

using namespace longscope;
using fuzz::AttentionProblem;
using fuzz::Operand;

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

BackwardInputs poisoned(BackwardInputs inputs, const fuzz::Poison& poison) {
    std::vector<float>& tensor = poison.operand == Operand::queries  ? inputs.forward.queries
                                 : poison.operand == Operand::keys   ? inputs.forward.keys
                                 : poison.operand == Operand::values ? inputs.forward.values
                                 : poison.operand == Operand::bias   ? inputs.forward.bias
                                                                     : inputs.output_gradients;
    tensor[static_cast<std::size_t>(poison.at) % tensor.size()] = poison.value;
    return inputs;
}

// What is expected, and what it was before sums cancelled: rounding errors are in proportion to that.
struct ForwardReference {
    ReferenceResult result;
    std::vector<double> before_cancelling;  // the sum of P |V|
};

ForwardReference forward_reference(const AttentionCase& c, const AttentionInputs& inputs) {
    // Both at once: values of twice the dimension.
    const std::int64_t dim = c.shape.head_dim_v;
    AttentionCase wide = c;
    wide.shape.head_dim_v = 2 * dim;
    AttentionInputs wide_inputs = inputs;
    wide_inputs.shape = wide.shape;
    wide_inputs.values.clear();
    for (std::int64_t row = 0; row < inputs.v().heads * inputs.v().tokens; ++row) {
        const float* value = inputs.v().row(0, row);
        wide_inputs.values.insert(wide_inputs.values.end(), value, value + dim);
        std::transform(value, value + dim, std::back_inserter(wide_inputs.values),
                       [](float component) { return std::abs(component); });
    }
    ReferenceResult both = reference_attention(wide, wide_inputs);
    ForwardReference reference{{{}, std::move(both.lse)}, {}};
    for (std::size_t i = 0; i < both.output.size(); ++i) {
        const bool first_half = i % static_cast<std::size_t>(2 * dim) < static_cast<std::size_t>(dim);
        (first_half ? reference.result.output : reference.before_cancelling).push_back(both.output[i]);
    }
    return reference;
}

// The bounds are for problems of many pairs, over which errors average. One pair may be so much worse.
constexpr double worse_than_average = 4.0;

// The error of a score is in proportion to it, and to that the error of its weight.
double allowance(const std::vector<double>& lse) {
    constexpr double usual = 8.0;
    double largest = usual;
    for (const double value : lse) {
        largest = std::isfinite(value) ? std::max(largest, std::abs(value)) : largest;
    }
    return worse_than_average * largest / usual;
}

bool equal_bits(const float* a, const float* b, std::int64_t size) {
    // Of no element the pointers may be null.
    return size == 0 || std::memcmp(a, b, static_cast<std::size_t>(size) * sizeof(float)) == 0;
}

void check_lse(const ForwardReference& reference, const Partial& out, double bound) {
    for (std::size_t i = 0; i < reference.result.lse.size(); ++i) {
        const double expected = reference.result.lse[i];
        const double got = out.lse(0)[i];
        if (expected == minus_infinity) {
            fuzz::require(got == minus_infinity, "lse of a row that sees nothing is -inf");
        } else if (std::isfinite(expected)) {
            fuzz::require(std::abs(got - expected) <= bound, "lse is that of the reference");
        }
    }
}

void check_output(const ForwardReference& reference, const Partial& out, double bound) {
    double squares = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < reference.result.output.size(); ++i) {
        const double expected = reference.result.output[i];
        if (std::isfinite(expected)) {
            const double difference = double{out.output().data[i]} - expected;
            fuzz::require(std::isfinite(difference), "the output is finite where the reference's is");
            squares += difference * difference;
            norm += reference.before_cancelling[i] * reference.before_cancelling[i];
        }
    }
    fuzz::require(std::sqrt(squares) <= bound * std::sqrt(norm), "the output is that of the reference");
}

Partial forward(const Kernel& kernel, const AttentionProblem& problem, const AttentionInputs& inputs,
                std::atomic<std::int64_t>& pairs) {
    return run_whole(kernel, problem.attention, inputs, {{nullptr, &pairs, nullptr}, problem.row_gap, {}, {}});
}

void check_forward(std::string_view backend, const AttentionProblem& problem, const AttentionInputs& inputs) {
    const AttentionCase& c = problem.attention;
    std::atomic<std::int64_t> pairs{0};
    const Partial out = forward(*make_kernel(backend, problem.threads), problem, inputs, pairs);
    fuzz::require(pairs == c.shape.query_heads * c.mask()->pairs(), "every pair is counted once");
    const Partial alone = forward(*make_kernel(backend, 1), problem, inputs, pairs);
    fuzz::require(equal_bits(out.output().data, alone.output().data, out.output().size()) &&
                      equal_bits(out.lse(0), alone.lse(0), out.heads() * out.rows()),
                  "the result does not depend on the number of threads");
    const ForwardReference reference = forward_reference(c, inputs);
    const double more = allowance(reference.result.lse);
    const bool short_type = c.shape.dtype != DType::float32;
    const double bound = gradient_bound(c.shape.dtype, c.domain.key_tokens) / 3;
    check_output(reference, out, more * bound);
    check_lse(reference, out, more * (short_type ? bound : 1e-5));
}

void check_gradient(const std::vector<double>& expected, const std::vector<float>& got, double before_cancelling,
                    double bound) {
    double squares = 0.0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (std::isfinite(expected[i])) {
            const double difference = double{got[i]} - expected[i];
            fuzz::require(std::isfinite(difference), "a gradient is finite where the reference's is");
            squares += difference * difference;
        }
    }
    fuzz::require(std::sqrt(squares) <= bound * before_cancelling, "a gradient is that of the reference");
}

// `clean`: the inputs without poison, which what is finite is in proportion to.
void check_backward(std::string_view backend, const AttentionProblem& problem, const BackwardInputs& clean,
                    const BackwardInputs& inputs) {
    const AttentionCase& c = problem.attention;
    const ReferenceGradients usual = reference_gradients(c, clean);
    const ReferenceGradients reference = problem.poison ? reference_gradients(c, inputs) : usual;
    std::atomic<std::int64_t> pairs{0};
    const BackwardCall call{{nullptr, &pairs, nullptr}, problem.row_gap, std::nullopt};
    const Gradients got = run_backward(*make_kernel(backend, problem.threads), c, inputs, reference, call);
    fuzz::require(pairs == c.shape.query_heads * c.mask()->pairs(), "every pair is counted once");
    const Gradients alone = run_backward(*make_kernel(backend, 1), c, inputs, reference, call);
    for (const auto tensor : {&Gradients::queries, &Gradients::keys, &Gradients::values, &Gradients::bias}) {
        fuzz::require(
            equal_bits((got.*tensor).data(), (alone.*tensor).data(), static_cast<std::int64_t>((got.*tensor).size())),
            "gradients do not depend on the number of threads");
    }
    const double bound = allowance(usual.forward.lse) * gradient_bound(c.shape.dtype, c.domain.key_tokens);
    check_gradient(reference.queries, got.queries, usual.queries_before_cancelling, bound);
    check_gradient(reference.keys, got.keys, usual.keys_before_cancelling, bound);
    check_gradient(reference.values, got.values, usual.values_before_cancelling, bound);
    check_gradient(reference.bias, got.bias, usual.bias_before_cancelling, bound);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::ByteReader bytes(fuzz::bytes_of(data, size));
    const AttentionProblem problem = fuzz::attention_problem(bytes);
    if (!fuzz::accepts([&] { (void)problem.attention.mask(); })) {
        return 0;
    }
    const BackwardInputs clean(problem.attention);
    const BackwardInputs inputs = problem.poison ? poisoned(clean, *problem.poison) : clean;
    if (fuzz::accepts([&] { require_supported("cpu", problem.attention.shape); })) {
        check_forward("cpu", problem, inputs.forward);
        check_backward("cpu", problem, clean, inputs);
    }
    check_backward("reference", problem, clean, inputs);
    return 0;
}
