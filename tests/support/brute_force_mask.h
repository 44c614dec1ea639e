// SPDX-License-Identifier: GPL-3.0-or-later
// What a mask expression means, cell by cell: the oracle of the mask tests. It reads the JSON form and the definitions
// of the leaves only, and shares no code with the compiled form. Small domains: it fills a dense matrix.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/leaf.h"
#include "engine/mask/mask.h"
#include "tests/support/leaf_truths.h"
#include "tests/support/order_truths.h"

namespace longscope {

class BruteForceMask {
  public:
    BruteForceMask(const Json& expression, const MaskDomain& domain)
        : query_tokens_(domain.query_tokens), key_tokens_(domain.key_tokens), cells_(evaluate(expression, domain)) {}

    // Of cells row by row.
    BruteForceMask(const MaskDomain& domain, std::vector<bool> cells)
        : query_tokens_(domain.query_tokens), key_tokens_(domain.key_tokens), cells_(std::move(cells)) {}

    [[nodiscard]] std::int64_t query_tokens() const { return query_tokens_; }
    [[nodiscard]] std::int64_t key_tokens() const { return key_tokens_; }

    // Cells outside the matrix are masked.
    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const {
        const bool inside = query >= 0 && query < query_tokens_ && key >= 0 && key < key_tokens_;
        return inside && cells_[static_cast<std::size_t>(query * key_tokens_ + key)];
    }

    [[nodiscard]] std::int64_t pairs_in(const Box& box) const {
        std::int64_t sum = 0;
        for (std::int64_t query = box.q.begin; query < box.q.end; ++query) {
            for (std::int64_t key = box.k.begin; key < box.k.end; ++key) {
                sum += contains(query, key) ? 1 : 0;
            }
        }
        return sum;
    }

    [[nodiscard]] std::int64_t pairs() const { return pairs_in({{0, query_tokens_}, {0, key_tokens_}}); }

    // The keys of a query, ascending.
    [[nodiscard]] std::vector<std::int64_t> keys_of(std::int64_t query) const {
        std::vector<std::int64_t> keys;
        for (std::int64_t key = 0; key < key_tokens_; ++key) {
            if (contains(query, key)) {
                keys.push_back(key);
            }
        }
        return keys;
    }

    // Of a tile cut off at the borders of the matrix.
    [[nodiscard]] TileClass tile_class(Box tile) const {
        tile = {intersect(tile.q, {0, query_tokens_}), intersect(tile.k, {0, key_tokens_})};
        const std::int64_t kept = pairs_in(tile);
        return kept == 0 ? TileClass::empty : kept == tile.pairs() ? TileClass::full : TileClass::partial;
    }

  private:
    static std::int64_t document_of(const MaskDomain& domain, std::int64_t position) {
        return std::count_if(domain.cu_seqlens.begin(), domain.cu_seqlens.end(),
                             [&](std::int64_t start) { return start <= position; });
    }

    // The definitions, word for word; `query` and `key` count from the beginning, `aligned` is where the query stands
    // among the keys when the last query and the last key are aligned.
    static bool leaf_sees(const std::string& name, const Json& parameters, const MaskDomain& domain, std::int64_t query,
                          std::int64_t key) {
        const std::int64_t aligned = query + domain.key_tokens - domain.query_tokens;
        const auto parameter = [&](const char* field) { return parameters.at(field).get<std::int64_t>(); };
        if (name == "full") {
            return true;
        }
        if (name == "causal") {
            return key <= aligned;
        }
        if (name == "window") {
            return aligned - parameter("left") <= key && key <= aligned + parameter("right");
        }
        if (name == "documents") {
            return document_of(domain, query) == document_of(domain, key);
        }
        if (name == "prefix") {
            return key < parameter("tokens");
        }
        if (name == "sink") {
            return key < parameter("tokens") && key <= aligned;
        }
        for (const LeafTruth& truth : leaf_truths()) {
            if (truth.name == name) {
                return truth.sees(parameters, LeafCell{domain, query, aligned, key});
            }
        }
        throw std::logic_error("the oracle does not know the leaf " + name);
    }

    // Operators of one mask, by their definitions.
    static std::vector<bool> changed(const std::string& name, const Json& content, const MaskDomain& domain) {
        const BruteForceMask whole(name == "per_document" ? Json{{"full", Json::object()}} : content.at("mask"),
                                   domain);
        std::vector<bool> result;
        for (std::int64_t query = 0; query < domain.query_tokens; ++query) {
            for (std::int64_t key = 0; key < domain.key_tokens; ++key) {
                const auto in = [&](const char* axis, std::int64_t token) {
                    return content.at(axis)[0] <= token && token < content.at(axis)[1];
                };
                if (name == "shift") {
                    result.push_back(whole.contains(query - content.at("queries").get<std::int64_t>(),
                                                    key - content.at("keys").get<std::int64_t>()));
                } else {
                    result.push_back(name == "crop" && in("queries", query) && in("keys", key) &&
                                     whole.contains(query, key));
                }
            }
        }
        if (name == "per_document" && domain.cu_seqlens.empty()) {
            return evaluate(content.at("mask"), domain);
        }
        for (std::size_t i = 1; name == "per_document" && i < domain.cu_seqlens.size(); ++i) {
            const std::int64_t begin = domain.cu_seqlens[i - 1];
            const std::int64_t length = domain.cu_seqlens[i] - begin;
            const BruteForceMask document(content.at("mask"),
                                          MaskDomain{length, length, {}, 0, domain.head, domain.layer});
            for (std::int64_t query = 0; query < length; ++query) {
                for (std::int64_t key = 0; key < length; ++key) {
                    result[static_cast<std::size_t>((begin + query) * domain.key_tokens + begin + key)] =
                        document.contains(query, key);
                }
            }
        }
        return result;
    }

    static std::vector<bool> permuted(const Json& content, const MaskDomain& domain) {
        const BruteForceMask whole(content.at("mask"), domain);
        const auto order_of = [&](const char* axis, std::int64_t tokens) {
            const bool own = content.at("axis") == axis || content.at("axis") == "both";
            return tokens_in_order(own ? content.at("order") : Json{{"interleave", {{"stride", 1}}}}, tokens);
        };
        const auto rows = order_of("rows", domain.query_tokens);
        const auto columns = order_of("columns", domain.key_tokens);
        std::vector<bool> result;
        for (const std::int64_t query : rows) {
            for (const std::int64_t key : columns) {
                result.push_back(whole.contains(query, key));
            }
        }
        return result;
    }

    static bool is_for(const Json& assignment, const char* field, std::int64_t number) {
        const Json all = Json::array({0, 1'000'000});
        const Json ranges = assignment.value(field, all);
        const auto holds = [&](const Json& range) { return range[0] <= number && number < range[1]; };
        return ranges[0].is_array() ? std::any_of(ranges.begin(), ranges.end(), holds) : holds(ranges);
    }

    static std::vector<bool> evaluate(const Json& expression, const MaskDomain& domain) {
        const std::string name = expression.begin().key();
        const Json& content = expression.begin().value();
        const auto cells = static_cast<std::size_t>(domain.query_tokens * domain.key_tokens);
        if (name == "and" || name == "or") {
            const bool conjunction = name == "and";
            std::vector<bool> result(cells, conjunction);
            for (const Json& operand : content) {
                const std::vector<bool> other = evaluate(operand, domain);
                for (std::size_t i = 0; i < cells; ++i) {
                    result[i] = conjunction ? result[i] && other[i] : result[i] || other[i];
                }
            }
            return result;
        }
        if (name == "not") {
            std::vector<bool> result = evaluate(content, domain);
            result.flip();
            return result;
        }
        if (name == "minus") {
            std::vector<bool> result = evaluate(content.front(), domain);
            for (std::size_t i = 1; i < content.size(); ++i) {
                const std::vector<bool> other = evaluate(content[i], domain);
                for (std::size_t cell = 0; cell < cells; ++cell) {
                    result[cell] = result[cell] && !other[cell];
                }
            }
            return result;
        }
        if (name == "per_heads") {
            for (const Json& assignment : content.at("assignments")) {
                if (is_for(assignment, "heads", domain.head) && is_for(assignment, "layers", domain.layer)) {
                    return evaluate(assignment.at("mask"), domain);
                }
            }
            return evaluate(content.at("otherwise"), domain);
        }
        if (name == "permute") {
            return permuted(content, domain);
        }
        if (name == "shift" || name == "crop" || name == "per_document") {
            return changed(name, content, domain);
        }
        std::vector<bool> result;
        result.reserve(cells);
        for (std::int64_t query = 0; query < domain.query_tokens; ++query) {
            for (std::int64_t key = 0; key < domain.key_tokens; ++key) {
                result.push_back(leaf_sees(name, content, domain, query, key));
            }
        }
        return result;
    }

    std::int64_t query_tokens_;
    std::int64_t key_tokens_;
    std::vector<bool> cells_;
};

}  // namespace longscope
