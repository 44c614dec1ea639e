// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/leaf_truths.h"

namespace longscope {

namespace {

std::int64_t number(const Json& parameters, const char* name) {
    return parameters.at(name).get<std::int64_t>();
}

bool is_in(const Json& list, std::int64_t value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

// Of a token in stages that fork and join. What follows the stages is a stage of its own.
struct Place {
    std::size_t stage = 0;
    std::size_t branch = 0;
    bool common = true;
};

Place place_of(const Json& stages, std::int64_t token) {
    std::int64_t end = 0;
    for (std::size_t stage = 0; stage < stages.size(); ++stage) {
        for (std::size_t branch = 0; branch < stages[stage].size(); ++branch) {
            end += stages[stage][branch].get<std::int64_t>();
            if (token < end) {
                return {stage, branch, stages[stage].size() == 1};
            }
        }
    }
    return {stages.size(), 0, true};
}

bool sees_across_forks(const Json& stages, bool branches_seen, const LeafCell& at) {
    if (at.k > at.q) {
        return false;
    }
    const Place query = place_of(stages, at.q);
    const Place key = place_of(stages, at.k);
    return query.stage == key.stage ? query.branch == key.branch : key.common || branches_seen;
}

// The definition of NATTEN for one axis, in the words of its mask for FlexAttention.
bool axis_sees(const Json& p, std::size_t axis, std::int64_t q, std::int64_t k) {
    const auto at = [&](const char* name) { return p.at(name)[axis].get<std::int64_t>(); };
    const std::int64_t dilation = at("dilation");
    const std::int64_t window = at("window");
    const std::int64_t group = q % dilation;
    if (k % dilation != group) {
        return false;
    }
    std::int64_t length = 0;  // places of the group
    for (std::int64_t place = group; place < at("grid"); place += dilation) {
        ++length;
    }
    const std::int64_t query = q / dilation;
    const std::int64_t key = k / dilation;
    const std::int64_t stride_begin = query - query % at("stride");
    if (p.at("causal")[axis].get<bool>()) {
        const std::int64_t leader = std::min(stride_begin + at("stride") - 1, length - 1);
        return key <= query && leader - key < window;
    }
    const std::int64_t left = window / 2;
    const std::int64_t right = window - 1 - left;
    const std::int64_t leader = std::min(stride_begin + at("stride") / 2, length - 1);
    const std::int64_t centre = std::min(std::max(leader, left), length - 1 - right);
    return centre - left <= key && key <= centre + right;
}

}  // namespace

std::vector<LeafTruth> structure_truths() {
    return {
        {"tree", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             Json parents = Json::array({-1});
             const std::int64_t chains = draw.from(1, 5);
             for (std::int64_t node = 1, nodes = draw.from(1, domain.key_tokens); node < nodes; ++node) {
                 parents.push_back(draw.from(1, chains) == 1 ? draw.from(-1, node - 1) : node - 1);
             }
             return Json{{"parents", parents}};
         },
         [](const Json& p, const LeafCell& at) {
             const Json& parents = p.at("parents");
             const std::int64_t prefix = at.domain.key_tokens - static_cast<std::int64_t>(parents.size());
             if (at.k < prefix) {
                 return at.k <= at.q;
             }
             for (std::int64_t node = at.q - prefix; node >= 0; node = parents[static_cast<std::size_t>(node)]) {
                 if (node == at.k - prefix) {
                     return true;
                 }
             }
             return false;
         }},
        {"fork_join", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             Json stages = Json::array();
             std::int64_t left = domain.key_tokens;
             do {
                 const Json stage = draw.coin() ? Json::array({draw.from(1, left)}) : Json(draw.lengths(left));
                 for (const Json& length : stage) {
                     left -= length.get<std::int64_t>();
                 }
                 if (!stage.empty()) {
                     stages.push_back(stage);
                 }
             } while (left > 0 && (stages.empty() || draw.from(0, 5) > 0));
             return Json{{"segments", stages}, {"branches_seen", draw.coin()}};
         },
         [](const Json& p, const LeafCell& at) {
             return sees_across_forks(p.at("segments"), p.at("branches_seen").get<bool>(), at);
         }},
        {"parallel_contexts", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t prefix = draw.from(0, domain.key_tokens - 1);
             std::vector<std::int64_t> contexts = draw.lengths(domain.key_tokens - prefix);
             if (contexts.empty()) {
                 contexts.push_back(1);
             }
             return Json{{"prefix", prefix}, {"contexts", contexts}};
         },
         [](const Json& p, const LeafCell& at) {
             // The context of a position, counted from 1; 0 in none.
             const auto context = [&](std::int64_t position) {
                 std::int64_t end = number(p, "prefix");
                 for (std::size_t i = 0; position >= end && i < p.at("contexts").size(); ++i) {
                     end += p.at("contexts")[i].get<std::int64_t>();
                     if (position < end) {
                         return i + 1;
                     }
                 }
                 return std::size_t{0};
             };
             return at.k <= at.q &&
                    (context(at.q) == 0 || at.k < number(p, "prefix") || context(at.q) == context(at.k));
         }},
        {"segments_shared_suffix", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             return Json{{"segment", draw.from(1, domain.key_tokens + 2)}, {"suffix", draw.from(1, domain.key_tokens)}};
         },
         [](const Json& p, const LeafCell& at) {
             const bool in_suffix = at.q >= at.domain.key_tokens - number(p, "suffix");
             return at.k <= at.q && (in_suffix || at.k / number(p, "segment") == at.q / number(p, "segment"));
         }},
        {"worker_blocks", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t workers = draw.from(1, std::min<std::int64_t>(5, domain.key_tokens));
             const std::int64_t tokens = draw.from(1, domain.key_tokens / workers);
             return Json{{"prefix", draw.from(0, domain.key_tokens - workers * tokens)},
                         {"workers", workers},
                         {"tokens", tokens}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t tokens = number(p, "tokens");
             const std::int64_t query = at.q - number(p, "prefix");
             const std::int64_t key = at.k - number(p, "prefix");
             if (query < 0 || query >= number(p, "workers") * tokens || key < 0) {
                 return at.k <= at.q;
             }
             return key < number(p, "workers") * tokens &&
                    (key % tokens < query % tokens || (key % tokens == query % tokens && key == query));
         }},
        {"block_diffusion", true,
         [](LeafDraw& draw, const MaskDomain& domain) {
             return Json{{"block", draw.from(1, domain.key_tokens / 2 + 2)}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t half = at.domain.key_tokens / 2;
             const bool clean_q = at.q >= half;
             const bool clean_k = at.k >= half;
             const std::int64_t of_q = at.q % half / number(p, "block");
             const std::int64_t of_k = at.k % half / number(p, "block");
             return (of_q == of_k && clean_q == clean_k) || (of_q > of_k && clean_k && !clean_q) ||
                    (of_q >= of_k && clean_k && clean_q);
         }},
        {"grid", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t stride = draw.from(1, domain.key_tokens);
             return Json{{"stride", stride},
                         {"query_phase", draw.from(0, stride - 1)},
                         {"key_phase", draw.from(0, stride - 1)}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t stride = number(p, "stride");
             const bool on_row = at.q >= 0 && at.q % stride == number(p, "query_phase");
             return at.k <= at.q && (on_row || at.k % stride == number(p, "key_phase"));
         }},
        {"vertical_slash", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             return Json{{"columns", draw.some_below(domain.key_tokens)},
                         {"slashes", draw.some_below(domain.key_tokens)}};
         },
         [](const Json& p, const LeafCell& at) {
             return at.k <= at.q && (is_in(p.at("columns"), at.k) || is_in(p.at("slashes"), at.q - at.k));
         }},
        {"neighbourhood", true,
         [](LeafDraw& draw, const MaskDomain& domain) {
             Json drawn = Json::object();
             std::int64_t left = domain.key_tokens;
             for (std::int64_t axis = 0, axes = draw.from(1, 3); axis < axes; ++axis) {
                 const std::int64_t length = draw.from(1, axis + 1 == axes ? left : std::min<std::int64_t>(left, 6));
                 left /= length;
                 const std::int64_t window = draw.from(0, 3) == 0 ? length : draw.from(1, length);
                 drawn["grid"].push_back(length);
                 drawn["window"].push_back(window);
                 drawn["stride"].push_back(draw.coin() ? 1 : draw.from(1, window));
                 drawn["dilation"].push_back(draw.coin() ? 1 : draw.from(1, length / window));
                 drawn["causal"].push_back(draw.from(0, 2) == 0);
             }
             return drawn;
         },
         [](const Json& p, const LeafCell& at) {
             std::int64_t q = at.q;
             std::int64_t k = at.k;
             bool seen = true;
             for (std::size_t axis = p.at("grid").size(); axis-- > 0;) {
                 const std::int64_t length = p.at("grid")[axis].get<std::int64_t>();
                 seen = seen && axis_sees(p, axis, q % length, k % length);
                 q /= length;
                 k /= length;
             }
             return seen && q == 0 && k == 0;
         }},
    };
}

}  // namespace longscope
