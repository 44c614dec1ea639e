// SPDX-License-Identifier: GPL-3.0-or-later
// The words of a condition's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace longscope {

struct ConditionToken {
    enum class Kind { number, name, symbol, end };

    Kind kind = Kind::end;
    std::string_view text;  // part of the condition's text; "and", "or" and "not" are the symbols &&, || and not
    std::int64_t number = 0;
    std::size_t begin = 0;  // in the text
};

class ConditionTokens {
  public:
    // The text outlives this. Throws Error(bad_input) that names `field` for a character that nothing begins with.
    ConditionTokens(std::string_view text, std::string field);

    [[nodiscard]] const ConditionToken& current() const { return current_; }
    void advance();
    // Takes the symbol when it is the current one.
    bool take(std::string_view symbol);

    // "mask.custom.expression: "k <": character 4: a number is missing; accepted: ..."
    [[nodiscard]] Error refusal(const ConditionToken& at, const std::string& problem) const;

  private:
    [[nodiscard]] ConditionToken next();

    std::string_view text_;
    std::string field_;
    std::size_t at_ = 0;
    ConditionToken current_;
};

}  // namespace longscope
