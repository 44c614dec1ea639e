// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/formats/python_predicate.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace longscope {

namespace {

// A mask_mod is evaluated for every pair: each range takes two comparisons.
constexpr std::size_t max_ranges = 64;

class Translator {
  public:
    Translator(const Mask& mask, const FormatOptions& options)
        : diagonal_(mask.key_tokens() - mask.query_tokens()), options_(options) {}

    // None where a leaf is not known here.
    std::optional<std::string> text(const MaskExpression& expression) {
        switch (expression.kind) {
            case MaskExpression::Kind::leaf:
                return leaf(expression);
            case MaskExpression::Kind::complement: {
                const auto inner = text(expression.operands.front());
                return inner ? std::optional("~" + *inner) : std::nullopt;
            }
            case MaskExpression::Kind::all_of:
                return joined(expression, " & ");
            case MaskExpression::Kind::any_of:
                return joined(expression, " | ");
            case MaskExpression::Kind::difference:
                return joined(expression, " & ~");
            case MaskExpression::Kind::change:
            case MaskExpression::Kind::per_heads:
                return std::nullopt;
        }
        return std::nullopt;
    }
    [[nodiscard]] bool asks_documents() const { return asks_documents_; }

  private:
    // Where a query stands among the keys.
    [[nodiscard]] std::string aligned(std::int64_t offset) const {
        const std::int64_t sum = diagonal_ + offset;
        return sum == 0 ? "q_idx" : fmt::format("q_idx {} {}", sum < 0 ? '-' : '+', std::abs(sum));
    }

    std::optional<std::string> leaf(const MaskExpression& expression) {
        const Json parameters = expression.leaf->parameters();
        const auto parameter = [&](const char* name) { return parameters.at(name).get<std::int64_t>(); };
        if (expression.leaf_name == "full" && parameters.empty()) {
            return "(kv_idx >= 0)";
        }
        if (expression.leaf_name == "causal" && parameters.empty()) {
            return fmt::format("(kv_idx <= {})", aligned(0));
        }
        if (expression.leaf_name == "window" && parameters.size() == 2) {
            return fmt::format("((kv_idx >= {}) & (kv_idx <= {}))", aligned(-parameter("left")),
                               aligned(parameter("right")));
        }
        if (expression.leaf_name == "prefix" && parameters.size() == 1) {
            return fmt::format("(kv_idx < {})", parameter("tokens"));
        }
        if (expression.leaf_name == "sink" && parameters.size() == 1) {
            return fmt::format("((kv_idx < {}) & (kv_idx <= {}))", parameter("tokens"), aligned(0));
        }
        if (expression.leaf_name == "documents" && parameters.empty() && diagonal_ == 0) {
            if (options_.cu_seqlens.size() <= 2) {
                return "(kv_idx >= 0)";
            }
            asks_documents_ = true;
            return "(document_id[q_idx] == document_id[kv_idx])";
        }
        return std::nullopt;
    }

    std::optional<std::string> joined(const MaskExpression& expression, std::string_view word) {
        std::string result;
        for (const MaskExpression& operand : expression.operands) {
            const auto part = text(operand);
            if (!part) {
                return std::nullopt;
            }
            result += result.empty() ? *part : fmt::format("{}{}", word, *part);
        }
        return "(" + result + ")";
    }

    std::int64_t diagonal_;
    const FormatOptions& options_;
    bool asks_documents_ = false;
};

IntegerArray document_ids(const std::vector<std::int64_t>& cu_seqlens) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(cu_seqlens.back()));
    for (std::size_t i = 0; i + 1 < cu_seqlens.size(); ++i) {
        std::fill(ids.begin() + cu_seqlens[i], ids.begin() + cu_seqlens[i + 1], static_cast<std::int32_t>(i));
    }
    return {{cu_seqlens.back()}, std::move(ids)};
}

PythonPredicate of_ranges(const Mask& mask, const FormatOptions& options) {
    std::vector<Range> runs;
    std::size_t most = 1;
    for (std::int64_t query = 0; query < mask.query_tokens(); ++query) {
        mask.row_runs(query, runs);
        if (runs.size() > max_ranges) {
            throw does_not_fit("mask_mod",
                               fmt::format("query {}, which sees {} separate ranges of keys,", query, runs.size()),
                               fmt::format("at most {} ranges for each query", max_ranges));
        }
        most = std::max(most, runs.size());
    }
    const auto columns = static_cast<std::int64_t>(most);
    require_budget("tables of ranges", mask.query_tokens() * columns * 8, options);
    std::vector<std::int32_t> begins(static_cast<std::size_t>(mask.query_tokens() * columns), 0);
    std::vector<std::int32_t> ends = begins;
    for (std::int64_t query = 0; query < mask.query_tokens(); ++query) {
        mask.row_runs(query, runs);
        for (std::size_t i = 0; i < runs.size(); ++i) {
            const std::size_t place =
                i * static_cast<std::size_t>(mask.query_tokens()) + static_cast<std::size_t>(query);
            begins[place] = static_cast<std::int32_t>(runs[i].begin);
            ends[place] = static_cast<std::int32_t>(runs[i].end);
        }
    }
    PythonPredicate predicate;
    // FlexAttention looks up a scalar tensor only where nothing else stands in the brackets.
    for (std::int64_t i = 0; i < columns; ++i) {
        predicate.expression += fmt::format(
            "{}((kv_idx >= range_begins[{}][q_idx]) & (kv_idx < range_ends[{}][q_idx]))", i == 0 ? "" : " | ", i, i);
    }
    predicate.arrays["range_begins"] = {{columns, mask.query_tokens()}, std::move(begins)};
    predicate.arrays["range_ends"] = {{columns, mask.query_tokens()}, std::move(ends)};
    return predicate;
}

}  // namespace

PythonPredicate python_predicate(const Mask& mask, const FormatOptions& options) {
    if (options.expression != nullptr) {
        Translator translator(mask, options);
        if (const auto text = translator.text(*options.expression)) {
            PythonPredicate predicate{*text, {}};
            if (translator.asks_documents()) {
                predicate.arrays["document_id"] = document_ids(options.cu_seqlens);
            }
            return predicate;
        }
    }
    return of_ranges(mask, options);
}

}  // namespace longscope
