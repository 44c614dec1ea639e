// SPDX-License-Identifier: GPL-3.0-or-later
// The one-line text of an expression can be read in one way only: a reader that knows nothing of precedence, except
// that "not" holds for what follows it, gets the same mask back.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/brute_force_mask.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

// Refuses "a and b or c", which would need a precedence.
class TextReader {
  public:
    explicit TextReader(std::string_view text) : rest_(text) {}

    Json read_all() {
        Json expression = read_operands();
        require(rest_.empty());
        return expression;
    }

  private:
    Json read_operands() {
        Json operands = Json::array({read_operand()});
        std::string_view word;
        while (accept(" and ") || accept(" or ") || accept(" minus ")) {
            require(operands.size() == 1 || word == accepted_);
            word = accepted_;
            operands.push_back(read_operand());
        }
        if (operands.size() == 1) {
            return operands.front();
        }
        Json expression = Json::object();
        expression[std::string(word.substr(1, word.size() - 2))] = operands;
        return expression;
    }

    Json read_operand() {
        if (accept("not ")) {
            Json expression = Json::object();
            expression["not"] = read_operand();
            return expression;
        }
        if (accept("(")) {
            Json expression = read_operands();
            require(accept(")"));
            return expression;
        }
        return read_leaf();
    }

    Json read_leaf() {
        const std::string name = read_word();
        if (name == "shift" || name == "crop" || name == "per_document") {
            return read_change(name);
        }
        if (name == "per_heads") {
            return read_per_heads();
        }
        Json leaf = Json::object();
        leaf[name] = Json::object();
        if (accept("(")) {
            do {
                const std::string field = read_word();
                require(accept(" "));
                leaf[name][field] = std::stoll(read_word());
            } while (accept(", "));
            require(accept(")"));
        }
        return leaf;
    }

    // "heads 0-3, 7 of layers 2-5: a mask; layer 3: another; others: a third"
    Json read_per_heads() {
        Json content{{"assignments", Json::array()}};
        require(accept("("));
        do {
            Json assignment = Json::object();
            if (accept("others")) {
                require(accept(": "));
                content["otherwise"] = read_operands();
                break;
            }
            if (!accept("all heads")) {
                if (accept("heads ") || accept("head ")) {
                    assignment["heads"] = read_ranges();
                    accept(" of ");
                }
                if (accept("layers ") || accept("layer ")) {
                    assignment["layers"] = read_ranges();
                }
            }
            require(accept(": "));
            assignment["mask"] = read_operands();
            content["assignments"].push_back(assignment);
        } while (accept("; "));
        require(accept(")"));
        return {{"per_heads", content}};
    }

    Json read_ranges() {
        Json ranges = Json::array();
        do {
            const std::int64_t first = std::stoll(read_word());
            ranges.push_back({first, (accept("-") ? std::stoll(read_word()) : first) + 1});
        } while (accept(", "));
        return ranges;
    }

    // Its parameters first, then the mask.
    Json read_change(const std::string& name) {
        Json content = Json::object();
        require(accept("("));
        for (const char* field : {"queries ", "keys "}) {
            if (name == "per_document") {
                break;
            }
            require(accept(field));
            const std::size_t length = rest_.front() == '[' ? rest_.find(']') + 1 : rest_.find(',');
            content[std::string(field, std::char_traits<char>::length(field) - 1)] =
                parse_json(std::string(rest_.substr(0, length)), "test");
            rest_.remove_prefix(length);
            require(accept(", "));
        }
        content["mask"] = read_operands();
        require(accept(")"));
        return {{name, content}};
    }

    std::string read_word() {
        const std::size_t length = rest_.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
        std::string word(rest_.substr(0, length));
        require(!word.empty());
        rest_.remove_prefix(word.size());
        return word;
    }

    bool accept(std::string_view expected) {
        if (!rest_.starts_with(expected)) {
            return false;
        }
        accepted_ = expected;
        rest_.remove_prefix(expected.size());
        return true;
    }

    static void require(bool condition) {
        if (!condition) {
            throw std::runtime_error("the text cannot be read");
        }
    }

    std::string_view rest_;
    std::string_view accepted_;
};

RC_GTEST_PROP(MaskText, IsReadInOneWayOnly, ()) {
    const MaskCase drawn = *mask_case(4);
    const std::string text = to_text(parse_mask(drawn.expression, "mask"));
    RC_ASSERT(!text.empty());
    const Json read = TextReader(text).read_all();
    const BruteForceMask written_mask(drawn.expression, drawn.domain);
    const BruteForceMask read_mask(read, drawn.domain);
    for (std::int64_t query = 0; query < drawn.domain.query_tokens; ++query) {
        RC_ASSERT(written_mask.keys_of(query) == read_mask.keys_of(query));
    }
}

std::string text_of(const char* expression) {
    return to_text(parse_mask(parse_json(expression, "test"), "mask"));
}

TEST(MaskText, NamesLeavesAndTheirParameters) {
    EXPECT_EQ(text_of(R"({"causal": {}})"), "causal");
    EXPECT_EQ(text_of(R"({"window": {"left": 1024, "right": 0}})"), "window(left 1024, right 0)");
}

TEST(MaskText, BracketsOperatorsInsideOperators) {
    EXPECT_EQ(text_of(R"({"and": [{"causal": {}}, {"or": [{"documents": {}}, {"sink": {"tokens": 4}}]}]})"),
              "causal and (documents or sink(tokens 4))");
    EXPECT_EQ(text_of(R"({"or": [{"not": {"causal": {}}}, {"not": {"and": [{"full": {}}, {"causal": {}}]}}]})"),
              "not causal or not (full and causal)");
}

TEST(MaskText, NamesChangesWithTheirParametersBeforeTheMask) {
    EXPECT_EQ(text_of(R"({"shift": {"queries": -3, "keys": 4, "mask": {"causal": {}}}})"),
              "shift(queries -3, keys 4, causal)");
    EXPECT_EQ(text_of(R"({"minus": [{"full": {}}, {"per_document": {"mask": {"causal": {}}}}]})"),
              "full minus per_document(causal)");
    EXPECT_EQ(text_of(R"({"crop": {"queries": [0, 5], "keys": [2, 3], "mask": {"not": {"causal": {}}}}})"),
              "crop(queries [0,5], keys [2,3], not causal)");
}

TEST(MaskText, NamesHeadsAndLayersBeforeTheirMasks) {
    EXPECT_EQ(text_of(R"({"and": [{"per_heads": {"assignments": [
                             {"heads": [[0, 4], [7, 8]], "layers": [2, 6], "mask": {"causal": {}}},
                             {"layers": [3, 4], "mask": {"and": [{"full": {}}, {"causal": {}}]}}],
                         "otherwise": {"full": {}}}}, {"causal": {}}]})"),
              "per_heads(heads 0-3, 7 of layers 2-5: causal; layer 3: full and causal; others: full) and causal");
}

TEST(MaskText, OperatorsOfOneOperandAddNothing) {
    EXPECT_EQ(text_of(R"({"and": [{"or": [{"causal": {}}]}]})"), "causal");
    EXPECT_EQ(text_of(R"({"not": {"and": [{"causal": {}}]}})"), "not causal");
    EXPECT_EQ(text_of(R"({"not": {"not": {"causal": {}}}})"), "not not causal");
}

}  // namespace
}  // namespace longscope
