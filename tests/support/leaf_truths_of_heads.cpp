// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "tests/support/leaf_truths.h"

namespace longscope {

namespace {

std::int64_t number(const Json& parameters, const char* name) {
    return parameters.at(name).get<std::int64_t>();
}

Json draw_elastic_window(LeafDraw& draw, const MaskDomain& domain) {
    Json spans = Json::array();
    const std::int64_t count = draw.coin() ? 1 : domain.head + draw.from(1, 3) + 1;
    for (std::int64_t i = 0; i < count; ++i) {
        spans.push_back(
            Json::array({draw.from(-10, domain.key_tokens + 5), 0.125 * static_cast<double>(draw.from(-8, 8))}));
    }
    return {{"sink", draw.from(0, domain.key_tokens)}, {"spans", std::move(spans)}};
}

bool elastic_window_sees(const Json& p, const LeafCell& at) {
    const Json& spans = p.at("spans");
    const Json& span = spans[spans.size() == 1 ? 0 : static_cast<std::size_t>(at.domain.head)];
    const double seen = span[0].get<double>() + span[1].get<double>() * static_cast<double>(at.domain.key_tokens);
    // A whole number is below a number when it is below its floor: at least the query's own.
    const bool near = static_cast<double>(at.q - at.k) < std::max(1.0, std::floor(seen));
    return at.k <= at.q && (at.k < number(p, "sink") || near);
}

Json draw_head_shards(LeafDraw& draw, const MaskDomain& domain) {
    const std::int64_t block = draw.from(1, 6);
    const std::int64_t shared = draw.from(1, 3);
    const std::int64_t heads = domain.head / shared + draw.from(1, 4);
    return {{"block", block},
            {"local", draw.from(1, (domain.key_tokens + block - 1) / block)},
            {"stride", draw.from(1, 7)},
            {"heads", heads},
            {"dense", draw.from(0, heads) / 2},
            {"shared", shared}};
}

bool head_shards_see(const Json& p, const LeafCell& at) {
    if (at.k > at.q) {
        return false;
    }
    const std::int64_t block = number(p, "block");
    const std::int64_t stride = number(p, "stride");
    const std::int64_t heads = number(p, "heads");
    const std::int64_t head = at.domain.head / number(p, "shared");
    const std::int64_t step = std::max<std::int64_t>(1, stride / heads);
    return head >= heads - number(p, "dense") || at.q / block - at.k / block < number(p, "local") ||
           (at.k / block + head * step) % stride == 0;
}

Json draw_ladder(LeafDraw& draw, const MaskDomain& domain) {
    const std::int64_t layers = draw.from(1, 12);
    const std::int64_t span = draw.from(1, layers);
    return {{"sink", draw.from(0, domain.key_tokens)},
            {"recent", draw.from(1, domain.key_tokens)},
            {"slot", draw.from(1, 4)},
            {"layers", layers},
            {"span", span},
            {"overlap", draw.from(0, span - 1)}};
}

bool ladder_sees(const Json& p, const LeafCell& at) {
    const std::int64_t sink = number(p, "sink");
    if (at.k > at.q) {
        return false;
    }
    if (at.k < sink || at.q - at.k < number(p, "recent")) {
        return true;
    }
    const auto ratio = [&](std::int64_t layers) {
        return std::ceil(static_cast<double>(layers) / static_cast<double>(number(p, "span") - number(p, "overlap")));
    };
    const auto b = 1 + static_cast<std::int64_t>(ratio(number(p, "layers") - number(p, "span")));
    const std::int64_t a = std::min(static_cast<std::int64_t>(ratio(number(p, "span"))), b);
    const std::int64_t slot = (at.k - sink) / number(p, "slot") % b;
    const std::int64_t first = at.domain.layer % (b - a + 1);
    return first <= slot && slot < first + a;
}

}  // namespace

std::vector<LeafTruth> head_truths() {
    return {{"elastic_window", false, draw_elastic_window, elastic_window_sees},
            {"head_shards", false, draw_head_shards, head_shards_see},
            {"ladder", false, draw_ladder, ladder_sees}};
}

}  // namespace longscope
