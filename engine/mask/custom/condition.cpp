// SPDX-License-Identifier: GPL-3.0-or-later
// By recursive descent, from the loosest operator to the tightest: or, and, not, comparisons (which may be chained as
// in 0 <= q - k < 5), sums, products, signs.
#include "engine/mask/custom/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "engine/base/json.h"
#include "engine/mask/custom/condition_tokens.h"

namespace longscope {

namespace {

using Kind = Condition::Kind;

constexpr std::size_t max_characters = 4096;
constexpr int max_depth = 100;

class Parser {
  public:
    Parser(std::string_view text, const std::string& field) : tokens_(text, field) {}

    [[nodiscard]] Condition parse() {
        const ConditionToken first = tokens_.current();
        Condition condition = disjunction();
        if (tokens_.current().kind != ConditionToken::Kind::end) {
            throw tokens_.refusal(tokens_.current(), fmt::format("{} is too much here", tokens_.current().text));
        }
        need_truth(condition, first);
        return condition;
    }

  private:
    [[nodiscard]] Condition disjunction() {
        return joined(Kind::either, "||", [this] { return conjunction(); });
    }

    [[nodiscard]] Condition conjunction() {
        return joined(Kind::both, "&&", [this] { return inversion(); });
    }

    // first symbol second symbol ...: one node of all.
    template <typename Operand>
    [[nodiscard]] Condition joined(Kind kind, std::string_view symbol, Operand operand) {
        const ConditionToken first = tokens_.current();
        Condition left = operand();
        if (tokens_.current().kind != ConditionToken::Kind::symbol || tokens_.current().text != symbol) {
            return left;
        }
        need_truth(left, first);
        Condition all{kind, 0, {}};
        all.operands.push_back(std::move(left));
        while (tokens_.take(symbol)) {
            const ConditionToken at = tokens_.current();
            all.operands.push_back(operand());
            need_truth(all.operands.back(), at);
        }
        return all;
    }

    [[nodiscard]] Condition inversion() {
        if (!tokens_.take("not")) {
            return comparison();
        }
        const Deeper deeper(*this);
        return negated([this] { return inversion(); });
    }

    template <typename Operand>
    [[nodiscard]] Condition negated(Operand operand) {
        const ConditionToken at = tokens_.current();
        Condition inner = operand();
        need_truth(inner, at);
        return {Kind::negation, 0, {std::move(inner)}};
    }

    [[nodiscard]] Condition comparison() {
        const ConditionToken first = tokens_.current();
        Condition left = sum();
        Condition all{Kind::both, 0, {}};
        for (const char* symbol = comparison_symbol(); symbol != nullptr; symbol = comparison_symbol()) {
            need_number(left, first);
            tokens_.advance();
            const ConditionToken at = tokens_.current();
            Condition right = sum();
            need_number(right, at);
            all.operands.push_back(compared(symbol, std::move(left), right));
            left = std::move(right);
        }
        if (all.operands.empty()) {
            return left;
        }
        return all.operands.size() == 1 ? std::move(all.operands.front()) : all;
    }

    [[nodiscard]] const char* comparison_symbol() const {
        constexpr std::array<const char*, 6> comparisons{"<=", ">=", "==", "!=", "<", ">"};
        for (const char* symbol : comparisons) {
            if (tokens_.current().kind == ConditionToken::Kind::symbol && tokens_.current().text == symbol) {
                return symbol;
            }
        }
        return nullptr;
    }

    [[nodiscard]] static Condition compared(std::string_view symbol, Condition left, Condition right) {
        if (symbol.front() == '>') {
            std::swap(left, right);
        }
        const Kind kind = symbol == "=="       ? Kind::equal
                          : symbol == "!="     ? Kind::unequal
                          : symbol.size() == 2 ? Kind::at_most
                                               : Kind::less;
        return {kind, 0, {std::move(left), std::move(right)}};
    }

    [[nodiscard]] Condition sum() {
        return chained({{"+", Kind::sum}, {"-", Kind::difference}}, [this] { return product(); });
    }

    [[nodiscard]] Condition product() {
        return chained({{"*", Kind::product}, {"/", Kind::quotient}, {"%", Kind::remainder}},
                       [this] { return sign(); });
    }

    template <typename Operand>
    [[nodiscard]] Condition chained(std::initializer_list<std::pair<std::string_view, Kind>> operators,
                                    Operand operand) {
        const ConditionToken first = tokens_.current();
        Condition left = operand();
        for (bool more = true; more;) {
            more = false;
            for (const auto& [symbol, kind] : operators) {
                if (!tokens_.take(symbol)) {
                    continue;
                }
                need_number(left, first);
                const ConditionToken at = tokens_.current();
                Condition right = operand();
                need_number(right, at);
                if ((kind == Kind::quotient || kind == Kind::remainder) &&
                    (right.kind != Kind::number || right.value == 0)) {
                    throw tokens_.refusal(at, fmt::format("after {} stands a number from 1", symbol));
                }
                left = {kind, 0, {std::move(left), std::move(right)}};
                more = true;
            }
        }
        return left;
    }

    [[nodiscard]] Condition sign() {
        const Deeper deeper(*this);
        if (tokens_.take("!")) {
            return negated([this] { return sign(); });
        }
        if (tokens_.take("-")) {
            const ConditionToken at = tokens_.current();
            Condition inner = sign();
            need_number(inner, at);
            return {Kind::negative, 0, {std::move(inner)}};
        }
        return tokens_.take("+") ? sign() : value();
    }

    [[nodiscard]] Condition value() {
        const ConditionToken at = tokens_.current();
        if (tokens_.take("(")) {
            Condition inner = disjunction();
            need(")");
            return inner;
        }
        if (at.kind == ConditionToken::Kind::end || at.kind == ConditionToken::Kind::symbol) {
            throw tokens_.refusal(at, at.kind == ConditionToken::Kind::end
                                          ? std::string("something is missing at the end")
                                          : fmt::format("something is missing before {}", at.text));
        }
        tokens_.advance();
        return at.kind == ConditionToken::Kind::number ? Condition{Kind::number, at.number, {}} : named(at);
    }

    [[nodiscard]] Condition named(const ConditionToken& at) {
        for (const auto& [name, kind] : {std::pair{"q", Kind::query},
                                         {"k", Kind::key},
                                         {"queries", Kind::query_tokens},
                                         {"keys", Kind::key_tokens},
                                         {"head", Kind::head},
                                         {"layer", Kind::layer}}) {
            if (at.text == name) {
                return {kind, 0, {}};
            }
        }
        if (at.text == "true" || at.text == "false") {
            return {Kind::truth, at.text == "true" ? 1 : 0, {}};
        }
        if (at.text == "doc" || at.text == "position") {
            return of_token(at);
        }
        for (const auto& [name, kind, operands] :
             {std::tuple{"abs", Kind::absolute, 1}, {"min", Kind::minimum, 2}, {"max", Kind::maximum, 2}}) {
            if (at.text == name) {
                return call(kind, operands);
            }
        }
        throw tokens_.refusal(at, fmt::format("{} is not known here", at.text));
    }

    // doc(q), position(k)
    [[nodiscard]] Condition of_token(const ConditionToken& function) {
        need("(");
        const ConditionToken at = tokens_.current();
        if (at.text != "q" && at.text != "k") {
            throw tokens_.refusal(at, fmt::format("{} is of q or of k alone", function.text));
        }
        tokens_.advance();
        need(")");
        if (function.text == "doc") {
            return {at.text == "q" ? Kind::query_document : Kind::key_document, 0, {}};
        }
        return {at.text == "q" ? Kind::query_position : Kind::key_position, 0, {}};
    }

    [[nodiscard]] Condition call(Kind kind, int operands) {
        const Deeper deeper(*this);
        need("(");
        Condition made{kind, 0, {}};
        for (int i = 0; i < operands; ++i) {
            if (i > 0) {
                need(",");
            }
            const ConditionToken at = tokens_.current();
            made.operands.push_back(disjunction());
            need_number(made.operands.back(), at);
        }
        need(")");
        return made;
    }

    void need(std::string_view symbol) {
        if (!tokens_.take(symbol)) {
            throw tokens_.refusal(tokens_.current(), fmt::format("{} is missing", symbol));
        }
    }
    void need_truth(const Condition& condition, const ConditionToken& at) const {
        if (!is_truth(condition.kind)) {
            throw tokens_.refusal(at, "a number stands where a condition is needed");
        }
    }
    void need_number(const Condition& condition, const ConditionToken& at) const {
        if (is_truth(condition.kind)) {
            throw tokens_.refusal(at, "a condition stands where a number is needed");
        }
    }

    class Deeper {
      public:
        explicit Deeper(Parser& parser) : parser_(parser) {
            if (++parser_.depth_ > max_depth) {
                throw parser_.tokens_.refusal(parser_.tokens_.current(),
                                              fmt::format("nested deeper than {}", max_depth));
            }
        }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;
        Deeper(Deeper&&) = delete;
        Deeper& operator=(Deeper&&) = delete;
        ~Deeper() { --parser_.depth_; }

      private:
        Parser& parser_;
    };

    ConditionTokens tokens_;
    int depth_ = 0;
};

}  // namespace

bool mentions(const Condition& condition, Condition::Kind of) {
    return condition.kind == of || std::any_of(condition.operands.begin(), condition.operands.end(),
                                               [&](const Condition& operand) { return mentions(operand, of); });
}

std::string condition_at_head(std::string_view text, std::int64_t head, std::int64_t layer) {
    std::string result;
    std::size_t copied = 0;
    ConditionTokens tokens(text, "expression");
    for (; tokens.current().kind != ConditionToken::Kind::end; tokens.advance()) {
        const ConditionToken& token = tokens.current();
        if (token.kind == ConditionToken::Kind::name && (token.text == "head" || token.text == "layer")) {
            result += text.substr(copied, token.begin - copied);
            result += std::to_string(token.text == "head" ? head : layer);
            copied = token.begin + token.text.size();
        }
    }
    return result.append(text.substr(copied));
}

Condition parse_condition(std::string_view text, const std::string& field) {
    if (text.size() > max_characters) {
        throw bad_input(field, fmt::format("a text of {} characters", text.size()), "is too long",
                        fmt::format("at most {} characters", max_characters));
    }
    return Parser(text, field).parse();
}

}  // namespace longscope
