// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/leaf_truths.h"

namespace longscope {

namespace {

std::int64_t number(const Json& parameters, const char* name) {
    return parameters.at(name).get<std::int64_t>();
}

// Also of numbers below 0.
std::int64_t block_of(std::int64_t position, std::int64_t block) {
    std::int64_t index = 0;
    while (position < index * block) {
        --index;
    }
    while (position >= (index + 1) * block) {
        ++index;
    }
    return index;
}

Json nothing(LeafDraw& /*draw*/, const MaskDomain& /*domain*/) {
    return Json::object();
}

Json draw_tokens(LeafDraw& draw, const MaskDomain& domain) {
    return {{"tokens", draw.from(1, domain.key_tokens)}};
}

Json draw_block(LeafDraw& draw, const MaskDomain& domain) {
    return {{"block", draw.from(1, domain.key_tokens + 2)}};
}

std::vector<LeafTruth> position_truths() {
    return {
        {"causal_top_left", false, nothing, [](const Json& /*p*/, const LeafCell& at) { return at.k <= at.row; }},
        {"block_window", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t block = draw.from(1, domain.key_tokens + 2);
             const std::int64_t most = (domain.key_tokens + block - 1) / block - 1;
             return Json{{"block", block}, {"left", draw.from(0, most)}, {"right", draw.from(0, most)}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t distance = block_of(at.k, number(p, "block")) - block_of(at.q, number(p, "block"));
             return -number(p, "left") <= distance && distance <= number(p, "right");
         }},
        {"chunked_local", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             return Json{{"chunk", draw.from(1, domain.key_tokens + 2)}};
         },
         [](const Json& p, const LeafCell& at) {
             return block_of(at.q, number(p, "chunk")) == block_of(at.k, number(p, "chunk"));
         }},
        {"block_causal", false, draw_block,
         [](const Json& p, const LeafCell& at) {
             return block_of(at.k, number(p, "block")) <= block_of(at.q, number(p, "block"));
         }},
        {"block_causal_documents", true, draw_block,
         [](const Json& p, const LeafCell& at) {
             const std::int64_t start = at.start(at.k);
             return at.same_document() &&
                    block_of(at.k - start, number(p, "block")) <= block_of(at.q - start, number(p, "block"));
         }},
        {"strided_columns", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t stride = draw.from(1, domain.key_tokens + 3);
             const std::int64_t first = draw.from(0, stride - 1);
             return Json{{"stride", stride}, {"first", first}, {"width", draw.from(1, stride - first)}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t place = at.k % number(p, "stride") - number(p, "first");
             return 0 <= place && place < number(p, "width");
         }},
        {"global_tokens", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const char* axes[] = {"rows", "columns", "both"};
             return Json{{"tokens", draw.from(1, domain.key_tokens)}, {"axis", axes[draw.from(0, 2)]}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t tokens = number(p, "tokens");
             return (p.at("axis") != "columns" && at.q < tokens) || (p.at("axis") != "rows" && at.k < tokens);
         }},
        {"last_queries", false, draw_tokens,
         [](const Json& p, const LeafCell& at) { return at.q >= at.domain.key_tokens - number(p, "tokens"); }},
        {"prefix_documents", true, draw_tokens,
         [](const Json& p, const LeafCell& at) {
             return at.same_document() && at.k - at.start(at.k) < number(p, "tokens");
         }},
        {"shared_question", true, nothing,
         [](const Json& /*p*/, const LeafCell& at) {
             return at.k <= at.q && (at.same_document() || at.document(at.k) == at.document(0));
         }},
        {"causal_blockwise", true, nothing,
         [](const Json& /*p*/, const LeafCell& at) {
             return at.k <= at.q && (at.same_document() || at.document(at.q) == at.document(at.domain.key_tokens - 1));
         }},
        {"dilated_window", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t dilation = draw.from(1, domain.key_tokens + 1);
             const std::int64_t most = (domain.key_tokens - 1) / dilation;
             return Json{{"left", draw.from(0, most)}, {"right", draw.from(0, most)}, {"dilation", dilation}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t distance = at.k - at.q;
             const std::int64_t steps = distance / number(p, "dilation");
             return distance % number(p, "dilation") == 0 && -number(p, "left") <= steps && steps <= number(p, "right");
         }},
        {"strided_diagonals", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             return Json{{"stride", draw.from(1, domain.key_tokens + 3)}};
         },
         [](const Json& p, const LeafCell& at) { return (at.q - at.k) % number(p, "stride") == 0; }},
        {"shifted_groups", false,
         [](LeafDraw& draw, const MaskDomain& domain) {
             const std::int64_t group = draw.from(1, domain.key_tokens + 2);
             return Json{{"group", group},
                         {"shift", draw.from(0, std::min(group, domain.key_tokens) - 1)},
                         {"guard", draw.coin()}};
         },
         [](const Json& p, const LeafCell& at) {
             const std::int64_t shift = number(p, "shift");
             const auto group = [&](std::int64_t position) {
                 return (position - shift + at.domain.key_tokens) % at.domain.key_tokens / number(p, "group");
             };
             return at.q >= 0 && group(at.q) == group(at.k) &&
                    (!p.at("guard").get<bool>() || (at.q < shift) == (at.k < shift));
         }},
    };
}

}  // namespace

const std::vector<LeafTruth>& leaf_truths() {
    static const std::vector<LeafTruth> truths = [] {
        std::vector<LeafTruth> all = position_truths();
        for (const std::vector<LeafTruth>& more : {structure_truths(), list_truths(), head_truths()}) {
            all.insert(all.end(), more.begin(), more.end());
        }
        return all;
    }();
    return truths;
}

}  // namespace longscope
