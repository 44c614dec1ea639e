// SPDX-License-Identifier: GPL-3.0-or-later
// The schema says what the reader does: field by field, border by border.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <set>

#include "engine/mask/change.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/json_schema.h"
#include "tests/support/message_of.h"

namespace longscope {
namespace {

const Json& schema() {
    static const Json document =
        parse_json(read_bounded_file(resources_folder / "schemas" / "experiment-1.schema.json", 1 << 20), "schema");
    return document;
}

Json example_document_from_an_editor() {
    Json document = example_document();
    document["editor"] = {{"layers", Json::array()}};
    return document;
}

std::vector<Json> examples() {
    return {example_document(),
            example_document_with_scoring(true),
            example_document_with_scoring(false),
            example_document_with_backward_pass(),
            example_document_from_an_editor(),
            example_document_of_leaves(),
            example_document_with_degree(),
            example_document_of_decoding(),
            example_document_with_lengths("file"),
            example_document_with_lengths("histogram")};
}

// One field of an example with the schema that describes it.
struct Place {
    Json::json_pointer pointer{""};
    std::string field;  // as messages name it
    const Json* schema = nullptr;
    bool required = false;
};

// Of a schema that offers a choice the one that the value fits.
const Json& chosen_schema(const Json& value, const Json& described) {
    if (!described.contains("oneOf")) {
        return described;
    }
    for (const Json& choice : described["oneOf"]) {
        Json alone = schema();
        for (const char* word : {"required", "properties", "additionalProperties"}) {
            alone.erase(word);
        }
        alone["type"] = "array";
        alone["oneOf"] = Json::array({choice});
        if (schema_violation(value, alone).empty()) {
            return choice;
        }
    }
    return described;
}

// Calls `visit` for every field of `value`, and records which properties of the schema it met.
void walk(const Json& value, const Json& described, const Place& at, std::set<const Json*>& met,
          const std::function<void(const Place&)>& visit) {
    const Json& rules = resolved_schema(chosen_schema(value, resolved_schema(described, schema())), schema());
    if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            const Place place{at.pointer / i, at.field + "[" + std::to_string(i) + "]", &rules["items"], true};
            visit(place);
            walk(value[i], rules["items"], place, met, visit);
        }
        return;
    }
    if (!value.is_object() || !rules.contains("properties")) {
        return;
    }
    for (const auto& item : value.items()) {
        ASSERT_TRUE(rules["properties"].contains(item.key())) << at.field << "." << item.key();
        const Json& property = rules["properties"][item.key()];
        met.insert(&property);
        const Json required = rules.value("required", Json::array());
        const Place place{at.pointer / item.key(), at.field.empty() ? item.key() : at.field + "." + item.key(),
                          &property, std::find(required.begin(), required.end(), item.key()) != required.end()};
        visit(place);
        walk(item.value(), property, place, met, visit);
    }
}

void for_each_place(const std::function<void(const Json& example, const Place&)>& visit) {
    std::set<const Json*> met;
    for (const Json& example : examples()) {
        walk(example, schema(), Place(), met, [&](const Place& place) { visit(example, place); });
    }
}

void collect_properties(const Json& part, std::set<const Json*>& properties) {
    if (part.is_object() && part.contains("properties")) {
        for (const auto& item : part["properties"].items()) {
            properties.insert(&item.value());
        }
    }
    if (part.is_structured()) {
        for (const Json& child : part) {
            collect_properties(child, properties);
        }
    }
}

TEST(Schema, HasNoFieldThatTheReaderDoesNotAccept) {
    std::set<const Json*> met;
    for (const Json& example : examples()) {
        EXPECT_NO_THROW((void)parsed(example));
        walk(example, schema(), Place(), met, [](const Place&) {});
    }
    std::set<const Json*> described;
    collect_properties(schema(), described);
    EXPECT_GT(described.size(), 30U);
    for (const Json* property : described) {
        EXPECT_EQ(met.count(property), 1U) << "no example has the field " << property->dump();
    }
}

TEST(Schema, FitsWhatIsWritten) {
    for (const Json& example : examples()) {
        EXPECT_EQ(schema_violation(example, schema()), "");
        EXPECT_EQ(schema_violation(to_json(parsed(example)), schema()), "");
    }
}

TEST(Schema, HasABorderForEveryIntegerAndTheReaderKeepsIt) {
    int borders = 0;
    for_each_place([&](const Json& example, const Place& place) {
        if (resolved_schema(*place.schema, schema()).value("type", "") != "integer") {
            return;
        }
        ASSERT_TRUE(place.schema->contains("minimum") && place.schema->contains("maximum")) << place.field;
        const auto min = (*place.schema)["minimum"].get<std::int64_t>();
        const auto max = (*place.schema)["maximum"].get<std::int64_t>();
        for (const Json& value : {Json(min - 1), Json(static_cast<std::uint64_t>(max) + 1), Json(min + 0.5)}) {
            Json document = example;
            document[place.pointer] = value;
            const std::string message = message_of([&] { (void)parsed(document); });
            EXPECT_EQ(message.find(place.field + ": "), 0U) << message;
            EXPECT_NE(schema_violation(document, schema()), "") << place.field;
            ++borders;
        }
    });
    EXPECT_GT(borders, 60);
}

// The borders themselves are accepted, where nothing else in the document stands against them.
TEST(Schema, BordersAreAccepted) {
    const std::set<std::string> bound_to_others{"shape.query_heads", "shape.key_value_heads", "sequence.tokens",
                                                "sequence.query_tokens"};
    for_each_place([&](const Json& example, const Place& place) {
        if (!place.schema->contains("maximum") || bound_to_others.count(place.field) > 0 ||
            place.field.starts_with("mask") || place.field.starts_with("sequence.lengths")) {
            return;
        }
        for (const char* border : {"minimum", "maximum"}) {
            Json document = example;
            document[place.pointer] = (*place.schema)[border];
            EXPECT_EQ(message_of([&] { (void)parsed(document); }), "(no error)") << place.field << " " << border;
        }
    });
}

TEST(Schema, TypesAreThoseOfTheReader) {
    for_each_place([&](const Json& example, const Place& place) {
        const std::string type = resolved_schema(*place.schema, schema()).value("type", "");
        ASSERT_NE(type, "") << place.field;
        Json document = example;
        document[place.pointer] = type == "object" ? Json("text") : Json::object({{"no such thing", 1}});
        EXPECT_NE(message_of([&] { (void)parsed(document); }), "(no error)") << place.field;
        EXPECT_NE(schema_violation(document, schema()), "") << place.field;
    });
}

TEST(Schema, DefaultsAreThoseOfTheReader) {
    int defaults = 0;
    for_each_place([&](const Json& example, const Place& place) {
        if (!place.schema->contains("default")) {
            return;
        }
        EXPECT_FALSE(place.required) << place.field;
        Json without = example;
        without[place.pointer.parent_pointer()].erase(place.pointer.back());
        Json with = example;
        with[place.pointer] = (*place.schema)["default"];
        EXPECT_EQ(parsed(without), parsed(with)) << place.field;
        ++defaults;
    });
    EXPECT_GT(defaults, 12);
}

TEST(Schema, RequiresWhatTheReaderRequires) {
    for_each_place([&](const Json& example, const Place& place) {
        if (place.pointer.back().find_first_not_of("0123456789") == std::string::npos) {
            return;  // an element of a list
        }
        Json document = example;
        document[place.pointer.parent_pointer()].erase(place.pointer.back());
        const std::string message = message_of([&] { (void)parsed(document); });
        EXPECT_EQ(message != "(no error)", !schema_violation(document, schema()).empty())
            << place.field << ": " << message;
        if (place.required) {
            EXPECT_EQ(message.find(place.field + ": is missing"), 0U) << message;
        }
    });
}

TEST(Schema, DescribesEveryFieldInWords) {
    std::set<const Json*> described;
    collect_properties(schema(), described);
    for (const Json* property : described) {
        const Json& rules = resolved_schema(*property, schema());
        EXPECT_TRUE(property->contains("description") || rules.contains("description")) << property->dump();
    }
}

TEST(Schema, HasEveryMaskLeafWithItsParameters) {
    std::set<std::string> expected{"and", "or", "not", "minus", "per_heads"};
    const Json& masks = schema()["$defs"]["mask"]["properties"];
    for (const LeafEntry& leaf : mask_leaves()) {
        expected.insert(std::string(leaf.name));
        ASSERT_TRUE(masks.contains(std::string(leaf.name))) << leaf.name;
        const Json& rules = resolved_schema(masks[std::string(leaf.name)], schema());
        std::string parameters;
        const Json properties = rules.value("properties", Json::object());
        for (const auto& item : properties.items()) {
            parameters += (parameters.empty() ? "" : ", ") + item.key();
        }
        EXPECT_EQ(parameters, parameter_names(leaf)) << leaf.name;
    }
    for (const ChangeEntry& change : mask_changes()) {
        expected.insert(std::string(change.name));
    }
    std::set<std::string> found;
    for (const auto& item : masks.items()) {
        found.insert(item.key());
    }
    EXPECT_EQ(found, expected);
}

TEST(SchemaValidator, RefusesASchemaThatItDoesNotUnderstand) {
    EXPECT_THROW((void)schema_violation(Json(1), Json{{"multipleOf", 2}}), std::logic_error);
    EXPECT_EQ(schema_violation(Json(UINT64_MAX), Json{{"maximum", 5}}), ": maximum 5");
    EXPECT_EQ(schema_violation(Json{{"a", Json::array({1, "b"})}},
                               Json{{"properties", {{"a", {{"items", {{"type", "integer"}}}}}}}}),
              "/a/1: type \"integer\"");
}

}  // namespace
}  // namespace longscope
