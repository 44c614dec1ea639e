// SPDX-License-Identifier: GPL-3.0-or-later
// Here and not in the header: what RapidCheck makes of these takes ten seconds to compile.
#include "tests/support/mask_generators.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "tests/support/order_truths.h"

namespace longscope {

std::ostream& operator<<(std::ostream& out, const MaskCase& mask) {
    out << mask.expression.dump() << " over " << mask.domain.query_tokens << " queries, " << mask.domain.key_tokens
        << " keys, documents at";
    for (const std::int64_t start : mask.domain.cu_seqlens) {
        out << ' ' << start;
    }
    return out << ", head " << mask.domain.head << " of layer " << mask.domain.layer;
}

rc::Gen<std::int64_t> integer_from(std::int64_t first, std::int64_t last) {
    return rc::gen::inRange<std::int64_t>(first, last + 1);
}

namespace {

// Cumulative lengths from lengths, cut off at most_generated_tokens.
MaskDomain packed_domain(const std::vector<std::int64_t>& lengths) {
    MaskDomain domain;
    domain.cu_seqlens.push_back(0);
    for (const std::int64_t length : lengths) {
        const std::int64_t end = std::min(domain.cu_seqlens.back() + length, most_generated_tokens);
        if (end > domain.cu_seqlens.back()) {
            domain.cu_seqlens.push_back(end);
        }
    }
    domain.query_tokens = domain.key_tokens = domain.cu_seqlens.back();
    return domain;
}

}  // namespace

rc::Gen<MaskDomain> mask_domain() {
    const auto length =
        rc::gen::weightedOneOf<std::int64_t>({{1, rc::gen::just<std::int64_t>(1)}, {3, integer_from(1, 17)}});
    const auto packed =
        rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(length)), packed_domain);
    const auto square = rc::gen::map(integer_from(1, most_generated_tokens), [](std::int64_t tokens) {
        return MaskDomain{tokens, tokens, {}};
    });
    const auto oblong =
        rc::gen::map(rc::gen::pair(integer_from(1, most_generated_tokens), integer_from(1, most_generated_tokens)),
                     [](const std::pair<std::int64_t, std::int64_t>& tokens) {
                         return MaskDomain{tokens.first, tokens.second, {}};
                     });
    return rc::gen::map(rc::gen::tuple(rc::gen::weightedOneOf<MaskDomain>({{4, packed}, {1, square}, {3, oblong}}),
                                       integer_from(0, 4), integer_from(0, 4)),
                        [](const std::tuple<MaskDomain, std::int64_t, std::int64_t>& drawn) {
                            MaskDomain domain = std::get<0>(drawn);
                            domain.head = std::get<1>(drawn);
                            domain.layer = std::get<2>(drawn);
                            return domain;
                        });
}

rc::Gen<Json> leaf_expression(const MaskDomain& domain) {
    const auto plain = [](const char* name) {
        Json leaf = Json::object();
        leaf[name] = Json::object();
        return rc::gen::just(leaf);
    };
    const auto first_keys = [&](const char* name) {
        return rc::gen::map(integer_from(1, domain.key_tokens), [name](std::int64_t tokens) {
            Json leaf = Json::object();
            leaf[name]["tokens"] = tokens;
            return leaf;
        });
    };
    const auto side = integer_from(0, domain.key_tokens - 1);
    const auto window = rc::gen::map(rc::gen::pair(side, side), [](const std::pair<std::int64_t, std::int64_t>& sides) {
        Json leaf = Json::object();
        leaf["window"]["left"] = sides.first;
        leaf["window"]["right"] = sides.second;
        return leaf;
    });
    const auto columns = rc::gen::map(
        rc::gen::tuple(integer_from(1, 9), integer_from(0, 80), integer_from(0, 80)),
        [](const std::tuple<std::int64_t, std::int64_t, std::int64_t>& drawn) {
            const auto [stride, first, width] = drawn;
            return Json{
                {"strided_columns",
                 {{"stride", stride}, {"first", first % stride}, {"width", 1 + width % (stride - first % stride)}}}};
        });
    const auto diagonals = rc::gen::map(integer_from(1, 9), [](std::int64_t stride) {
        return Json{{"strided_diagonals", {{"stride", stride}}}};
    });
    const std::int64_t last = domain.key_tokens - 1;
    const auto dilated = rc::gen::map(rc::gen::tuple(integer_from(1, 7), side, side),
                                      [last](const std::tuple<std::int64_t, std::int64_t, std::int64_t>& drawn) {
                                          const auto [dilation, left, right] = drawn;
                                          return Json{{"dilated_window",
                                                       {{"left", std::min(left, last / dilation)},
                                                        {"right", std::min(right, last / dilation)},
                                                        {"dilation", dilation}}}};
                                      });
    const bool square = domain.query_tokens == domain.key_tokens;
    return rc::gen::weightedOneOf<Json>({{1, plain("full")},
                                         {1, columns},
                                         {1, diagonals},
                                         {1, dilated},
                                         {4, plain("causal")},
                                         {4, window},
                                         {2, first_keys("prefix")},
                                         {2, first_keys("sink")},
                                         {square ? 5U : 1U, square ? plain("documents") : window}});
}

rc::Gen<Range> range_inside(std::int64_t tokens) {
    return rc::gen::map(rc::gen::pair(integer_from(0, tokens - 1), integer_from(0, tokens - 1)),
                        [](const std::pair<std::int64_t, std::int64_t>& ends) {
                            return Range{std::min(ends.first, ends.second), std::max(ends.first, ends.second) + 1};
                        });
}

rc::Gen<Json> token_order_for(std::int64_t tokens) {
    const auto interleave = rc::gen::map(integer_from(1, std::min<std::int64_t>(tokens, 9)), [](std::int64_t stride) {
        return Json{{"interleave", {{"stride", stride}}}};
    });
    const auto shuffle = rc::gen::map(rc::gen::pair(integer_from(1, 9), integer_from(0, 99)),
                                      [](const std::pair<std::int64_t, std::int64_t>& drawn) {
                                          return Json{{"shuffle", {{"block", drawn.first}, {"seed", drawn.second}}}};
                                      });
    const auto list = rc::gen::map(integer_from(0, 999), [tokens](std::int64_t seed) {
        return Json{{"list", {{"tokens", tokens_in_order({{"shuffle", {{"block", 1}, {"seed", seed}}}}, tokens)}}}};
    });
    const auto tiles =
        rc::gen::map(rc::gen::tuple(integer_from(1, 4), integer_from(1, 4), integer_from(0, 3), integer_from(0, 3)),
                     [tokens](const std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>& drawn) {
                         const std::int64_t rows = std::min(tokens, std::get<0>(drawn));
                         const std::int64_t columns = std::min(tokens / rows, std::get<1>(drawn) * 2);
                         return Json{{"tiles",
                                      {{"grid", {rows, columns}},
                                       {"tile", {1 + std::get<2>(drawn) % rows, 1 + std::get<3>(drawn) % columns}}}}};
                     });
    return rc::gen::weightedOneOf<Json>(
        {{1, rc::gen::just(Json{{"reverse", Json::object()}})}, {2, interleave}, {1, shuffle}, {1, list}, {2, tiles}});
}

namespace {

rc::Gen<Json> permuted_expression(const MaskDomain& domain, const rc::Gen<Json>& inner) {
    const auto along = [&](const char* axis, std::int64_t tokens) {
        return rc::gen::map(rc::gen::pair(token_order_for(tokens), inner), [axis](const std::pair<Json, Json>& drawn) {
            return Json{{"permute", {{"axis", axis}, {"order", drawn.first}, {"mask", drawn.second}}}};
        });
    };
    const bool square = domain.query_tokens == domain.key_tokens;
    return rc::gen::weightedOneOf<Json>({{1, along("rows", domain.query_tokens)},
                                         {1, along("columns", domain.key_tokens)},
                                         {2, along(square ? "both" : "rows", domain.query_tokens)}});
}

}  // namespace

rc::Gen<Json> mask_expression(const MaskDomain& domain, int depth, bool any_form) {
    if (depth == 0) {
        return leaf_expression(domain);
    }
    const rc::Gen<Json> inner = mask_expression(domain, depth - 1, any_form);
    const auto joined = [&](const char* word) {
        const auto operands = rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 4), [inner](std::size_t count) {
            return rc::gen::container<std::vector<Json>>(count, inner);
        });
        return rc::gen::map(operands, [word](const std::vector<Json>& list) {
            Json expression = Json::object();
            expression[word] = list;
            return expression;
        });
    };
    const auto complement = rc::gen::map(inner, [](const Json& operand) {
        Json expression = Json::object();
        expression["not"] = operand;
        return expression;
    });
    const auto shift = rc::gen::map(
        rc::gen::tuple(inner, integer_from(-9, 9), integer_from(-9, 9)),
        [](const std::tuple<Json, int64_t, int64_t>& of) {
            return Json{
                {"shift", {{"queries", std::get<1>(of)}, {"keys", std::get<2>(of)}, {"mask", std::get<0>(of)}}}};
        });
    const auto crop = rc::gen::map(
        rc::gen::tuple(inner, range_inside(domain.query_tokens), range_inside(domain.key_tokens)),
        [](const std::tuple<Json, Range, Range>& of) {
            const auto& [mask, queries, keys] = of;
            return Json{
                {"crop",
                 {{"queries", {queries.begin, queries.end}}, {"keys", {keys.begin, keys.end}}, {"mask", mask}}}};
        });
    // Lists do not go with documents of other lengths.
    const rc::Gen<Json> of_document = any_form ? mask_expression(domain, depth - 1) : inner;
    const auto per_document = rc::gen::map(of_document, [](const Json& mask) {
        return Json{{"per_document", {{"mask", mask}}}};
    });
    const auto per_heads = rc::gen::map(
        rc::gen::tuple(inner, inner, inner, range_inside(5), range_inside(5)),
        [](const std::tuple<Json, Json, Json, Range, Range>& of) {
            const auto& [first, second, other, heads, layers] = of;
            const Json of_heads{{"heads", {heads.begin, heads.end}}, {"mask", first}};
            const Json of_layers{{"heads", {{0, 1}, {2, 4}}}, {"layers", {layers.begin, layers.end}}, {"mask", second}};
            return Json{{"per_heads", {{"assignments", {of_heads, of_layers}}, {"otherwise", other}}}};
        });
    return rc::gen::weightedOneOf<Json>({{2, leaf_expression(domain)},
                                         {1, per_heads},
                                         {3, joined("and")},
                                         {3, joined("or")},
                                         {2, complement},
                                         {1, joined("minus")},
                                         {1, shift},
                                         {1, crop},
                                         {1, per_document},
                                         {any_form ? 4U : 0U, permuted_expression(domain, inner)}});
}

rc::Gen<MaskCase> mask_case(int depth, bool any_form) {
    return rc::gen::mapcat(mask_domain(), [=](const MaskDomain& domain) {
        return rc::gen::map(mask_expression(domain, depth, any_form), [domain](Json expression) {
            return MaskCase{domain, std::move(expression)};
        });
    });
}

rc::Gen<Range> range_around(std::int64_t tokens) {
    return rc::gen::map(rc::gen::pair(integer_from(-3, tokens + 3), integer_from(-1, tokens + 6)),
                        [](const std::pair<std::int64_t, std::int64_t>& ends) {
                            return Range{ends.first, ends.first + ends.second};
                        });
}

rc::Gen<std::vector<std::int64_t>> positions_below(std::int64_t tokens) {
    const auto runs = rc::gen::container<std::vector<std::int64_t>>(integer_from(1, 9));
    return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<bool>(), runs),
                        [tokens](const std::pair<bool, std::vector<std::int64_t>>& drawn) {
                            std::vector<std::int64_t> positions;
                            std::int64_t position = 0;
                            bool member = drawn.first;
                            for (const std::int64_t run : drawn.second) {
                                for (std::int64_t i = 0; i < run && position < tokens; ++i, ++position) {
                                    if (member) {
                                        positions.push_back(position);
                                    }
                                }
                                member = !member;
                            }
                            return positions;
                        });
}

TokenSet token_set_of(const std::vector<std::int64_t>& positions) {
    std::vector<Range> ranges;
    ranges.reserve(positions.size());
    for (const std::int64_t position : positions) {
        ranges.push_back({position, position + 1});
    }
    return TokenSet(std::move(ranges));
}

}  // namespace longscope
