// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever a document holds, reading it ends in an experiment or in one line of complaint.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include <optional>

#include "engine/base/error.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/json_schema.h"

namespace longscope {
namespace {

Json any_example() {
    return *rc::gen::element(example_document(), example_document_with_scoring(true),
                             example_document_with_scoring(false), example_document_with_lengths("file"),
                             example_document_with_lengths("histogram"));
}

Json any_value() {
    return *rc::gen::element(Json(nullptr), Json(true), Json(0), Json(-1), Json(1), Json(2), Json(64), Json(1.5),
                             Json(-0.0), Json(1e308), Json(INT64_MIN), Json(INT64_MAX), Json(UINT64_MAX), Json(""),
                             Json("x"), Json("ring"), Json("\u00e4\n\x01"), Json(std::string(1000, 'y')), Json::array(),
                             Json::object(), Json{{"causal", Json::object()}}, Json{{"and", Json::array()}},
                             Json{{"[1,9)", 2}}, Json::array({1, 99}));
}

// A random place in the document; nearer to the root more often than a leaf would be.
Json& any_place(Json& document) {
    Json* place = &document;
    while (place->is_structured() && !place->empty() && *rc::gen::inRange(0, 5) != 0) {
        const auto index = *rc::gen::inRange<std::size_t>(0, place->size());
        auto child = place->begin();
        std::advance(child, static_cast<std::ptrdiff_t>(index));
        place = &*child;
    }
    return *place;
}

void mutate(Json& document) {
    Json& place = any_place(document);
    switch (*rc::gen::inRange(0, 5)) {
        case 0:
            if (place.is_object() && !place.empty()) {
                place.erase(std::next(place.begin(),
                                      *rc::gen::inRange<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(place.size()))));
            }
            break;
        case 1:
            if (place.is_object()) {
                place[*rc::gen::element<std::string>("", "and", "list", "file", "tokens", "[5,9)", "a\nb", "\u00e4")] =
                    any_value();
            }
            break;
        case 2: {
            Json copy = document;
            place = any_place(copy);  // a part of the document where another stood
            break;
        }
        default:
            place = any_value();
    }
}

void expect_one_line(const Error& error) {
    const std::string message = error.what();
    RC_ASSERT(error.kind() == ErrorKind::bad_input);
    RC_ASSERT(!message.empty());
    RC_ASSERT(message.size() < 2000U);
    RC_ASSERT(message.find('\n') == std::string::npos);
    (void)Json(message).dump();  // throws when the text is not valid
}

std::optional<Experiment> read(const Json& document) {
    try {
        return parsed(document);
    } catch (const Error& error) {
        expect_one_line(error);
        return std::nullopt;
    }
}

TEST(Fuzz, AChangedDocumentIsReadAndFitsTheSchemaOrIsRefused) {
    const Json schema =
        parse_json(read_bounded_file(resources_folder / "schemas" / "experiment-1.schema.json", 1 << 20), "schema");
    int accepted = 0;
    EXPECT_TRUE(rc::check([&] {
        Json document = any_example();
        for (int changes = *rc::gen::inRange(0, 3); changes >= 0; --changes) {
            mutate(document);
        }
        if (const std::optional<Experiment> experiment = read(document)) {
            ++accepted;
            RC_ASSERT(schema_violation(document, schema) == "");
            const Json written = to_json(*experiment);
            RC_ASSERT(schema_violation(written, schema) == "");
            RC_ASSERT(parsed(written) == *experiment);
        }
    }));
    EXPECT_GT(accepted, 0);
}

TEST(Fuzz, ChangedTextIsReadOrRefused) {
    EXPECT_TRUE(rc::check([] {
        std::string text = any_example().dump(*rc::gen::element(-1, 2));
        for (int changes = *rc::gen::inRange(1, 5); changes > 0; --changes) {
            const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
            switch (*rc::gen::inRange(0, 3)) {
                case 0:
                    text.erase(at, *rc::gen::inRange<std::size_t>(1, 20));
                    break;
                case 1:
                    text.insert(at, *rc::gen::element<std::string>("{", "}", "[", "]", ",", "\"", "9", "e999", "-",
                                                                   "\\u0000", "\xff", "true"));
                    break;
                default:
                    text[at] = static_cast<char>(*rc::gen::inRange(1, 256));
            }
            if (text.empty()) {
                break;
            }
        }
        try {
            (void)read(parse_json(text, "fuzz.json"));
        } catch (const Error& error) {
            expect_one_line(error);
        }
    }));
}

}  // namespace
}  // namespace longscope
