// SPDX-License-Identifier: GPL-3.0-or-later
// Attention sinks: a learned logit of each query head that takes part in the softmax of every row and has no value, so
// that a row may attend to nothing (gpt-oss, OpenAI 2025; with a logit of 0 "softmax off by one", Miller 2023).
//
// It enters once, when all keys are in, whatever computed and merged them: with g = exp(lse - lse'),
//     lse' = log(exp(lse) + exp(sink)),   O' = g O = sigmoid(lse - sink) O.
// The ordinary backward pass with lse' as lse and dO . O' as delta is then that of attention with sinks.
#pragma once

#include <cstdint>

#include "engine/kernel/partial.h"

namespace longscope {

// `sinks`: a logit for each head; -inf: none. A row that sees no key becomes O = 0 and lse = the sink. Throws
// Error(unsupported) for partial results that merge by sum: there is no softmax to take part in.
void apply_sinks(Partial& partial, const float* sinks);

// Adds to `gradients` (of each head) - sum over rows of exp(sink - lse') * delta; lse' and delta are heads x rows.
void add_sink_gradients(const float* sinks, const float* lse, const float* delta, std::int64_t heads, std::int64_t rows,
                        float* gradients);

}  // namespace longscope
