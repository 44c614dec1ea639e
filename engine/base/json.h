// SPDX-License-Identifier: GPL-3.0-or-later
// JSON as user input: parsing with limits, and reading of objects field by field such that every complaint names the
// field by its full path ("shape.query_heads"), the value, and what is accepted. Only declares Json, which is slow to
// compile: a source file that makes values or looks into them includes <nlohmann/json.hpp> itself.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>

namespace longscope {

using Json = nlohmann::ordered_json;

// Parses text that came from `source` (a file name, for messages). Throws Error(bad_input) with line and column on a
// syntax error, on a name that stands twice in one object, on nesting deeper than 64 and on objects of more than 20,000
// fields.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view source);

// A value as it is shown in messages: compact, invalid UTF-8 replaced.
[[nodiscard]] std::string shown(const Json& value);

// Reads one JSON object. Getters record which fields were asked for; finish() complains of any other.
class JsonObject {
  public:
    // `path` is "" for the whole document. Throws Error(bad_input) when the value is not an object.
    JsonObject(const Json& value, std::string path);

    [[nodiscard]] bool has(const std::string& name);
    [[nodiscard]] const Json& required(const std::string& name, std::string_view accepted);
    // A null pointer when absent.
    [[nodiscard]] const Json* optional(const std::string& name);

    // Integers must be written as integers (1e3 and 1.0 are refused); min <= value <= max.
    std::int64_t integer(const std::string& name, std::int64_t min, std::int64_t max);
    std::int64_t integer_or(const std::string& name, std::int64_t fallback, std::int64_t min, std::int64_t max);
    double number(const std::string& name, double min, double max);
    double number_or(const std::string& name, double fallback, double min, double max);
    std::string text(const std::string& name, std::string_view accepted);
    // One of these words.
    std::string choice(const std::string& name, std::initializer_list<std::string_view> words);
    bool boolean(const std::string& name);
    std::string text_or(const std::string& name, const std::string& fallback);

    // Throws Error(bad_input) for the first field that no getter asked for, listing those that were.
    void finish() const;

    [[nodiscard]] std::string path_of(const std::string& name) const;
    [[nodiscard]] const Json& json() const { return *value_; }

  private:
    const Json* value_;  // outlives this object
    std::string path_;
    std::set<std::string> asked_;
};

// Checks one value as JsonObject::integer does, for elements of arrays.
[[nodiscard]] std::int64_t checked_integer(const Json& value, const std::string& path, std::int64_t min,
                                           std::int64_t max);

}  // namespace longscope
