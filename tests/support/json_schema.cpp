// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/json_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>

namespace longscope {

namespace {

using Size = std::int64_t;

bool has_type(const Json& value, const std::string& type) {
    return type == "object"    ? value.is_object()
           : type == "array"   ? value.is_array()
           : type == "string"  ? value.is_string()
           : type == "integer" ? value.is_number_integer()
           : type == "number"  ? value.is_number()
           : type == "boolean" ? value.is_boolean()
                               : throw std::logic_error("unknown type " + type);
}

Size characters(const std::string& text) {
    return std::count_if(text.begin(), text.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

class Validator {
  public:
    explicit Validator(const Json& root) : root_(root) {}

    std::string check(const Json& value, const Json& schema, const std::string& at) {
        for (const auto& keyword : schema.items()) {
            if (std::string violation = check(value, schema, keyword.key(), keyword.value(), at); !violation.empty()) {
                return violation;
            }
        }
        return "";
    }

  private:
    std::string check(const Json& value, const Json& schema, const std::string& word, const Json& rule,
                      const std::string& at) {
        static const std::set<std::string> annotations{"$schema", "title", "description", "default", "$defs"};
        if (annotations.count(word) > 0) {
            return "";
        }
        const auto unless = [&](bool fits) { return fits ? "" : at + ": " + word + " " + rule.dump(); };
        if (word == "$ref") {
            return check(value, resolved_schema(schema, root_), at);
        }
        if (word == "type") {
            return unless(has_type(value, rule));
        }
        if (word == "enum") {
            return unless(std::find(rule.begin(), rule.end(), value) != rule.end());
        }
        if (word == "oneOf") {
            return unless(1 == std::count_if(rule.begin(), rule.end(),
                                             [&](const Json& choice) { return check(value, choice, at).empty(); }));
        }
        if (word == "minimum" || word == "maximum") {
            // Json compares an unsigned number above 2^63 with a signed one as if it were negative.
            const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
            return unless(!value.is_number() || (word == "minimum" ? huge || value >= rule : !huge && value <= rule));
        }
        if (word == "minLength" || word == "maxLength") {
            return unless(!value.is_string() || within(characters(value.get<std::string>()), word, rule));
        }
        if (word == "pattern") {
            return unless(!value.is_string() ||
                          std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>())));
        }
        if (word == "minItems" || word == "maxItems") {
            return unless(!value.is_array() || within(static_cast<Size>(value.size()), word, rule));
        }
        if (word == "minProperties" || word == "maxProperties") {
            return unless(!value.is_object() || within(static_cast<Size>(value.size()), word, rule));
        }
        if (word == "items") {
            return value.is_array() ? each(value, [&](const std::string& key,
                                                      const Json& item) { return check(item, rule, at + "/" + key); })
                                    : "";
        }
        if (!value.is_object() &&
            (word == "required" || word == "properties" || word == "additionalProperties" || word == "propertyNames")) {
            return "";
        }
        if (word == "required") {
            return unless(std::all_of(rule.begin(), rule.end(),
                                      [&](const Json& name) { return value.contains(name.get<std::string>()); }));
        }
        if (word == "properties") {
            return each(value, [&](const std::string& key, const Json& item) {
                return rule.contains(key) ? check(item, rule[key], at + "/" + key) : "";
            });
        }
        if (word == "additionalProperties") {
            return each(value, [&](const std::string& key, const Json& item) -> std::string {
                if (schema.contains("properties") && schema["properties"].contains(key)) {
                    return "";
                }
                return rule.is_object() ? check(item, rule, at + "/" + key) : rule ? "" : at + "/" + key + ": unknown";
            });
        }
        if (word == "propertyNames") {
            return each(value,
                        [&](const std::string& key, const Json&) { return check(Json(key), rule, at + "/" + key); });
        }
        throw std::logic_error("unknown keyword " + word);
    }

    static bool within(Size size, const std::string& word, const Json& rule) {
        return word.starts_with("min") ? size >= rule.get<Size>() : size <= rule.get<Size>();
    }

    template <typename Check>
    static std::string each(const Json& value, const Check& check_one) {
        for (const auto& item : value.items()) {
            if (std::string violation = check_one(item.key(), item.value()); !violation.empty()) {
                return violation;
            }
        }
        return "";
    }

    const Json& root_;
};

}  // namespace

std::string schema_violation(const Json& instance, const Json& root) {
    return Validator(root).check(instance, root, "");
}

const Json& resolved_schema(const Json& schema, const Json& root) {
    return schema.contains("$ref") ? root.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))) : schema;
}

}  // namespace longscope
