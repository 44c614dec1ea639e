// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/known_mistakes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "engine/mask/heads.h"

namespace longscope {

namespace {

// Replaces leaves of a mask in its JSON form. Null when none was there.
Json with_leaf(const Json& mask, const std::string& name, const std::function<Json(const Json&)>& other) {
    if (!mask.is_object() || mask.size() != 1) {
        return nullptr;
    }
    const std::string& key = mask.begin().key();
    const Json& value = mask.begin().value();
    if (key == name) {
        return other(value);
    }
    if (key == "not") {
        Json inner = with_leaf(value, name, other);
        return inner.is_null() ? inner : Json{{"not", std::move(inner)}};
    }
    if (!value.is_array()) {
        return nullptr;
    }
    bool found = false;
    Json operands = Json::array();
    for (const Json& operand : value) {
        const Json replaced = with_leaf(operand, name, other);
        found = found || !replaced.is_null();
        operands.push_back(replaced.is_null() ? operand : replaced);
    }
    return found ? Json{{key, std::move(operands)}} : Json(nullptr);
}

class Search {
  public:
    Search(const MistakeSearch& search, const std::vector<std::int64_t>& queries)
        : search_(search), queries_(queries), mask_json_(to_json(search.expression)) {}

    std::vector<std::string> run() {
        const HeadMasks masks = masks_of(search_.expression);
        const auto dim = static_cast<double>(search_.given.queries.dim);
        for (const auto& [scale, text] : {std::pair{1.0, "the scores were not scaled (factor 1)"},
                                          {1.0 / dim, "the scores were scaled by 1 / dim instead of 1 / sqrt(dim)"},
                                          {1.0 / std::sqrt(dim), "the scores were scaled by 1 / sqrt(dim)"}}) {
            if (scale != search_.scale) {
                try_rule(masks, {nullptr, scale, false, search_.scoring, search_.sinks}, text);
            }
        }
        if (search_.given.keys.heads > 1 && search_.given.keys.heads < search_.given.queries.heads) {
            try_rule(masks, {nullptr, search_.scale, true, search_.scoring, search_.sinks},
                     "query head h read key/value head h mod Hkv instead of h / (Hq / Hkv)");
        }
        try_json({{"full", Json::object()}}, "the mask was not applied");
        try_json(with_leaf(mask_json_, "documents", full), "the borders of documents were ignored");
        try_json(with_leaf(mask_json_, "causal", full), "the causal part of the mask was ignored");
        try_json({{"and", {mask_json_, {{"causal", Json::object()}}}}}, "a causal mask was applied on top");
        for (const int change : {-1, 1}) {
            try_json(
                with_leaf(mask_json_, "window", wider_window(change)),
                change < 0 ? "the window kept one key less: w keys instead of w + 1" : "the window kept one key more");
        }
        const Json own_key{{"not", {{"window", {{"left", 0}, {"right", 0}}}}}};
        try_json({{"and", {mask_json_, own_key}}}, "queries did not see their own key");
        try_top_left();
        try_without_options(masks);
        return std::move(found_);
    }

  private:
    static Json full(const Json& /*parameters*/) { return {{"full", Json::object()}}; }
    static std::function<Json(const Json&)> wider_window(int change) {
        return [change](const Json& window) {
            Json other = window;
            other["left"] = window.value("left", std::int64_t{0}) + change;
            return Json{{"window", std::move(other)}};
        };
    }

    [[nodiscard]] HeadMasks masks_of(const MaskExpression& expression) const {
        return compile_head_masks(expression, search_.domain, search_.given.queries.heads);
    }

    // The rule's mask is set here.
    void try_rule(const HeadMasks& masks, AttentionRule rule, const std::string& text) {
        const TokenSet rows({{0, search_.domain.query_tokens}});
        const TokenSet columns({{0, search_.domain.key_tokens}});
        const LocalMask local(masks, rows, columns);
        rule.mask = &local;
        if (relative_error(compare_rows(search_.given, rule, queries_, search_.threads, {}, nullptr)) <=
            search_.limit) {
            found_.push_back(text);
        }
    }

    void try_json(const Json& mask, const std::string& text) {
        if (mask.is_null()) {
            return;
        }
        try {
            try_rule(masks_of(parse_mask(mask, "mask")), right_rule(), text);
        } catch (const Error&) {
            // Such a mask cannot be, as a window of -1 keys: nobody can have applied it.
        }
    }

    // The same expression over a square: the diagonal then begins at the top left.
    void try_top_left() {
        if (search_.domain.query_tokens == search_.domain.key_tokens) {
            return;
        }
        const std::int64_t side = std::max(search_.domain.query_tokens, search_.domain.key_tokens);
        const HeadMasks masks = compile_head_masks(search_.expression, {side, side, {}}, search_.given.queries.heads);
        try_rule(masks, right_rule(),
                 "the diagonal of the mask began at the top left instead of ending at the bottom right");
    }

    // Each option of the scoring left out, or done otherwise.
    void try_without_options(const HeadMasks& masks) {
        const auto without = [&](bool given, const char* text, const auto& change) {
            if (given) {
                AttentionRule rule = right_rule();
                change(rule);
                try_rule(masks, rule, text);
            }
        };
        const Scoring& asked = search_.scoring;
        without(asked.soft_cap != 0.0, "the soft cap was not applied",
                [](AttentionRule& rule) { rule.scoring.soft_cap = 0.0; });
        without(asked.slopes != nullptr, "ALiBi was not applied",
                [](AttentionRule& rule) { rule.scoring.slopes = nullptr; });
        without(asked.has_bias(), "the bias was not added", [](AttentionRule& rule) { rule.scoring.bias = {}; });
        without(search_.sinks != nullptr, "the sinks were left out", [](AttentionRule& rule) { rule.sinks = nullptr; });
        without(asked.is_sigmoid(), "weights were a softmax of the scores, not their sigmoid",
                [](AttentionRule& rule) { rule.scoring.sigmoid_bias.reset(); });
        without(asked.is_sigmoid() && *asked.sigmoid_bias != 0.0, "nothing was added to the scores of the sigmoid",
                [](AttentionRule& rule) { rule.scoring.sigmoid_bias = 0.0; });
    }

    [[nodiscard]] AttentionRule right_rule() const {
        return {nullptr, search_.scale, false, search_.scoring, search_.sinks};
    }

    const MistakeSearch& search_;
    const std::vector<std::int64_t>& queries_;
    Json mask_json_;
    std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> find_mistakes(const MistakeSearch& search, const std::vector<std::int64_t>& queries) {
    return Search(search, queries).run();
}

std::optional<std::string> find_lse_mistake(const std::vector<RowDifference>& rows, double limit) {
    const auto explained = [&](const auto& corrected) {
        for (const RowDifference& row : rows) {
            const double distance = std::abs(corrected(row.lse) - row.reference_lse);
            if (!(row.lse == row.reference_lse || distance <= limit)) {
                return false;
            }
        }
        return !rows.empty();
    };
    if (explained([](double lse) { return lse * std::numbers::ln2; })) {
        return "the lse is a logarithm to base 2: multiply it by ln 2";
    }
    if (explained([](double lse) { return std::log(lse); })) {
        return "the lse is the sum of exponentials itself: take its logarithm";
    }
    return std::nullopt;
}

}  // namespace longscope
