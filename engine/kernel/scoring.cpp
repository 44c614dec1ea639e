// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/scoring.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/kernel/kernel.h"

namespace longscope {

namespace {

std::string extents(std::int64_t heads, std::int64_t rows, std::int64_t columns) {
    return fmt::format("{} x {} x {}", heads, rows, columns);
}

void check_terms(const AttendInput& input) {
    const Scoring& scoring = input.scoring;
    if (!std::isfinite(scoring.soft_cap) || scoring.soft_cap < 0.0) {
        throw bad_input("scoring.soft_cap", fmt::format("{}", scoring.soft_cap), "is not a cap of scores",
                        "a finite number above 0, or 0 for none");
    }
    for (std::int64_t head = 0; scoring.slopes != nullptr && head < input.queries.heads; ++head) {
        if (!std::isfinite(scoring.slopes[head])) {
            throw bad_input(fmt::format("scoring.slopes[{}]", head), fmt::format("{}", scoring.slopes[head]),
                            "is not a slope", "a finite number");
        }
    }
    const HeadView& bias = scoring.bias;
    if (scoring.has_bias() && (bias.dtype != DType::float32 || bias.heads != input.queries.heads ||
                               bias.tokens != input.queries.tokens || bias.dim != input.keys.tokens)) {
        throw bad_input(
            "scoring.bias", fmt::format("{} of {}", extents(bias.heads, bias.tokens, bias.dim), to_string(bias.dtype)),
            "does not fit the queries and keys",
            fmt::format("{} of float32", extents(input.queries.heads, input.queries.tokens, input.keys.tokens)));
    }
    if (scoring.is_sigmoid() && !std::isfinite(*scoring.sigmoid_bias)) {
        throw bad_input("scoring.sigmoid_bias", fmt::format("{}", *scoring.sigmoid_bias), "is not a number to add",
                        "a finite number");
    }
}

}  // namespace

std::vector<float> standard_slopes(std::int64_t heads) {
    std::vector<float> slopes;
    for (std::int64_t head = 1; head <= heads; ++head) {
        slopes.push_back(static_cast<float>(std::exp2(-8.0 * static_cast<double>(head) / static_cast<double>(heads))));
    }
    return slopes;
}

void check_scoring(const AttendInput& input, MergeRule result) {
    check_terms(input);
    if (result != input.scoring.merge_rule()) {
        throw failed("partial attention: softmax and sigmoid results do not merge by one rule");
    }
}

void check_scoring(const AttendBackwardInput& input, const AttendGradients& out) {
    check_terms(input.forward);
    const HeadView& queries = input.forward.queries;
    const HeadMatrix<float>& bias = out.bias;
    if (bias.data != nullptr && ((bias.heads != 1 && bias.heads != queries.heads) || bias.tokens != queries.tokens ||
                                 bias.dim != input.forward.keys.tokens)) {
        throw bad_input("gradients.bias", extents(bias.heads, bias.tokens, bias.dim), "do not fit the queries and keys",
                        fmt::format("1 or {}", extents(queries.heads, queries.tokens, input.forward.keys.tokens)));
    }
}

}  // namespace longscope
