// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/custom/condition_tokens.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <utility>

#include "engine/base/json.h"
#include "engine/mask/zone.h"

namespace longscope {

namespace {

// The longer ones first: "<=" is not "<".
constexpr std::array<std::string_view, 19> symbols{"&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-",
                                                   "*",  "//", "/",  "%",  "(",  ")",  ",", "!", "~"};

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

ConditionTokens::ConditionTokens(std::string_view text, std::string field) : text_(text), field_(std::move(field)) {
    current_ = next();
}

void ConditionTokens::advance() {
    current_ = next();
}

bool ConditionTokens::take(std::string_view symbol) {
    if (current_.kind != ConditionToken::Kind::symbol || current_.text != symbol) {
        return false;
    }
    advance();
    return true;
}

Error ConditionTokens::refusal(const ConditionToken& at, const std::string& problem) const {
    return bad_input(
        field_, shown(Json(std::string(text_))), fmt::format("character {}: {}", at.begin + 1, problem),
        "a condition on q, k, doc(q), doc(k), position(q), position(k), head, layer with comparisons, + - * / %, "
        "abs, min, max, && || !");
}

ConditionToken ConditionTokens::next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
        ++at_;
    }
    ConditionToken token;
    token.begin = at_;
    if (at_ == text_.size()) {
        return token;
    }
    const auto span = [&](auto belongs) {
        std::size_t end = at_;
        while (end < text_.size() && belongs(text_[end])) {
            ++end;
        }
        token.text = text_.substr(at_, end - at_);
        at_ = end;
    };
    if (is_digit(text_[at_])) {
        span([](char c) { return is_digit(c) || is_letter(c) || c == '.'; });
        token.kind = ConditionToken::Kind::number;
        const char* end = token.text.data() + token.text.size();
        const auto [stopped, problem] = std::from_chars(token.text.data(), end, token.number);
        if (problem != std::errc() || stopped != end || token.number > max_tokens) {
            throw refusal(token, fmt::format("{} is not an integer up to {}", token.text, max_tokens));
        }
        return token;
    }
    if (is_letter(text_[at_])) {
        span([](char c) { return is_letter(c) || is_digit(c); });
        token.kind = ConditionToken::Kind::name;
        for (const auto& [word, symbol] : {std::pair{"and", "&&"}, {"or", "||"}, {"not", "not"}}) {
            if (token.text == word) {
                token.kind = ConditionToken::Kind::symbol;
                token.text = symbol;
            }
        }
        return token;
    }
    for (const std::string_view symbol : symbols) {
        if (text_.substr(at_, symbol.size()) == symbol) {
            at_ += symbol.size();
            token.kind = ConditionToken::Kind::symbol;
            token.text = symbol == "//" ? "/" : symbol == "~" ? "!" : symbol;
            return token;
        }
    }
    if (text_[at_] == '&' || text_[at_] == '|') {
        throw refusal(token, fmt::format("{0} is no operator here; {0}{0} is", text_[at_]));
    }
    throw refusal(token, text_[at_] == '=' ? "= is no operator here; == compares" : "nothing begins like this");
}

}  // namespace longscope
