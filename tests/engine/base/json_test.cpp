// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/json.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include <functional>

#include "engine/base/error.h"

namespace longscope {
namespace {

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
        return error.what();
    }
    return "(no error)";
}

TEST(ParseJson, NamesLineAndColumnOfASyntaxError) {
    EXPECT_EQ(message_of([] { (void)parse_json("{\n  \"a\": ,\n}", "x.json"); }),
              "x.json: line 2, column 8 is not valid JSON; accepted: a JSON document");
}

TEST(ParseJson, RefusesAFieldThatStandsTwice) {
    EXPECT_EQ(message_of([] { (void)parse_json(R"({"a": {"b": 1, "b": 2}})", "x.json"); }),
              "x.json: \"b\" stands twice in one object; accepted: each field once");
    EXPECT_NO_THROW((void)parse_json(R"({"a": {"b": 1}, "b": 2})", "x.json"));
}

TEST(ParseJson, RefusesANumberThatDoesNotFit) {
    EXPECT_EQ(message_of([] { (void)parse_json(R"({"a": 1e999})", "x.json"); }),
              "x.json: a number is too large to be read; accepted: numbers below 1.8e308");
}

TEST(ParseJson, RefusesDeepNesting) {
    const std::string deep(100000, '[');
    EXPECT_NE(message_of([&] { (void)parse_json(deep, "x.json"); }).find("too deep"), std::string::npos);
}

TEST(JsonObject, NamesTheFieldTheValueAndWhatIsAccepted) {
    const Json document =
        parse_json(R"({"shape": {"heads": -3, "big": 18446744073709551615, "real": 1.0, "s": "x"}})", "x");
    JsonObject root(document, "");
    JsonObject shape(root.required("shape", "an object"), "shape");
    EXPECT_EQ(message_of([&] { shape.integer("heads", 1, 8); }),
              "shape.heads: -3 is too small; accepted: an integer from 1 to 8");
    EXPECT_EQ(message_of([&] { shape.integer("big", 1, 8); }),
              "shape.big: 18446744073709551615 is too large; accepted: an integer from 1 to 8");
    EXPECT_EQ(message_of([&] { shape.integer("real", 1, 8); }),
              "shape.real: 1.0 is not an integer; accepted: an integer from 1 to 8");
    EXPECT_EQ(message_of([&] { shape.integer("s", 1, 8); }),
              "shape.s: \"x\" is not an integer; accepted: an integer from 1 to 8");
    EXPECT_EQ(message_of([&] { shape.integer("none", 1, 8); }),
              "shape.none: is missing; accepted: an integer from 1 to 8");
    EXPECT_EQ(shape.integer_or("none", 5, 1, 8), 5);
    JsonObject named_by_a_file(document, "a\nb");
    EXPECT_EQ(message_of([&] { named_by_a_file.integer("none", 1, 8); }),
              "a b.none: is missing; accepted: an integer from 1 to 8");
}

TEST(JsonObject, FinishRefusesUnknownFields) {
    const Json document = parse_json(R"({"heads": 3, "haeds": 4})", "x");
    JsonObject root(document, "");
    EXPECT_EQ(root.integer("heads", 1, 8), 3);
    EXPECT_EQ(message_of([&] { root.finish(); }), "haeds: 4 is an unknown field; accepted: heads");
}

TEST(BadInput, KeepsUntrustedValuesShortAndOnOneLine) {
    const std::string message = bad_input("f", "a\nb" + std::string(500, 'x'), "is wrong", "y").what();
    EXPECT_EQ(message.find('\n'), std::string::npos);
    EXPECT_LT(message.size(), 200U);
}

TEST(BadInput, KeepsFieldsOnOneLineAndCutsBetweenCharacters) {
    EXPECT_EQ(std::string(bad_input("a\nb", "1", "is wrong", "2").what()), "a b: 1 is wrong; accepted: 2");
    EXPECT_EQ(std::string(bad_input("a", "1", "has\nan entry", "b\nc").what()), "a: 1 has an entry; accepted: b c");
    const std::string value = std::string(119, 'x') + "\u00e4";  // two bytes, of which one would fit
    EXPECT_EQ(std::string(bad_input("f", value, "is long", "y").what()),
              "f: " + std::string(119, 'x') + "... is long; accepted: y");
}

TEST(ParseJson, ObjectsHaveAsManyFieldsAsCanBeReadInShortTime) {
    const auto object_of = [](int fields) {
        std::string text = "{";
        for (int i = 0; i < fields; ++i) {
            text += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":1";
        }
        return text + "}";
    };
    EXPECT_EQ(parse_json(object_of(20'000), "x.json").size(), 20'000U);
    const auto begin = std::chrono::steady_clock::now();
    try {
        (void)parse_json(object_of(3'000'000), "x.json");
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "x.json: an object of more than 20000 fields is too large; accepted: at most 20000 fields");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace longscope
