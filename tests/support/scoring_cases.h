// SPDX-License-Identifier: GPL-3.0-or-later
// Every option of scoring alone, and every two that go together.
#pragma once

#include <functional>
#include <vector>

#include "tests/support/attention_case.h"
#include "tests/support/backends.h"

namespace longscope {

inline AttentionCase scored_case(std::int64_t queries, std::int64_t keys, const char* mask, AttentionShape shape,
                                 const ScoringCase& scoring) {
    AttentionCase c{shape, {queries, keys, {}}, mask, 3};
    c.scoring = scoring;
    return c;
}

// `heads`: query heads; `keys` give the usual bias of sigmoid attention.
inline std::vector<ScoringCase> scoring_options(std::int64_t heads, std::int64_t keys) {
    const std::vector<std::function<void(ScoringCase&)>> options{
        [](ScoringCase& c) { c.soft_cap = 1.5; },
        [](ScoringCase& c) { c.alibi = true; },
        [&](ScoringCase& c) { c.bias_heads = heads; },
        [](ScoringCase& c) {
            c.bias_heads = 1;
            c.bias_hides = 0.3;
        },
        [&](ScoringCase& c) { c.sigmoid_bias = -std::log(static_cast<double>(keys)); },
        [](ScoringCase& c) { c.sinks = true; },
    };
    std::vector<ScoringCase> cases;
    for (std::size_t first = 0; first < options.size(); ++first) {
        for (std::size_t second = first; second < options.size(); ++second) {
            ScoringCase asked;
            options[first](asked);
            options[second](asked);
            if (!asked.sigmoid_bias || !asked.sinks) {  // sinks take part in a softmax
                cases.push_back(asked);
            }
        }
    }
    ScoringCase all_of_softmax{20.0, true, heads, 0.1, std::nullopt, true};
    ScoringCase all_of_sigmoid{20.0, true, heads, 0.1, -std::log(static_cast<double>(keys)), false};
    cases.push_back(all_of_softmax);
    cases.push_back(all_of_sigmoid);
    return cases;
}

// For what does not depend on which options there are: all of them together on every backend, as in other tests, whose
// programs are the same; fewer on cpu alone, which builds none.
inline Backends backends_of_options(const ScoringCase& c) {
    return c.soft_cap != 0.0 && c.alibi && c.bias_heads != 0 ? every_backend() : Backends{"cpu"};
}

}  // namespace longscope
