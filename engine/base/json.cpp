// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <vector>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr int max_nesting = 64;
// Fields keep their order and are looked for one after the other: time grows with the square of their number.
constexpr std::size_t max_fields = 20'000;

std::string range_text(std::int64_t min, std::int64_t max) {
    if (max == std::numeric_limits<std::int64_t>::max()) {
        return fmt::format("an integer of at least {}", min);
    }
    return fmt::format("an integer from {} to {}", min, max);
}

}  // namespace

Json parse_json(std::string_view text, std::string_view source) {
    std::vector<std::set<std::string>> names_by_depth;
    const Json::parser_callback_t check = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > max_nesting) {
            throw bad_input(source, fmt::format("nesting of {} levels", depth), "is too deep",
                            fmt::format("at most {} levels", max_nesting));
        }
        if (event == Json::parse_event_t::object_start) {
            names_by_depth.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            names_by_depth.pop_back();
        } else if (event == Json::parse_event_t::key) {
            if (!names_by_depth.back().insert(parsed.get<std::string>()).second) {
                throw bad_input(source, shown(parsed), "stands twice in one object", "each field once");
            }
            if (names_by_depth.back().size() > max_fields) {
                throw bad_input(source, fmt::format("an object of more than {} fields", max_fields), "is too large",
                                fmt::format("at most {} fields", max_fields));
            }
        }
        return true;
    };
    try {
        return Json::parse(text.begin(), text.end(), check);
    } catch (const Json::parse_error& error) {
        // byte is the position after the last one read, counted from 1.
        const std::string_view before = text.substr(0, error.byte == 0 ? 0 : error.byte - 1);
        const auto line = 1 + std::count(before.begin(), before.end(), '\n');
        const auto last_newline = before.rfind('\n');
        const auto column = 1 + before.size() - (last_newline == std::string_view::npos ? 0 : last_newline + 1);
        throw bad_input(source, fmt::format("line {}, column {}", line, column), "is not valid JSON",
                        "a JSON document");
    } catch (const Json::out_of_range&) {
        throw bad_input(source, "a number", "is too large to be read", "numbers below 1.8e308");
    }
}

std::string shown(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

JsonObject::JsonObject(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {
    if (!value.is_object()) {
        throw bad_input(path_.empty() ? "the document" : path_, shown(value), "is not an object",
                        "a JSON object {...}");
    }
}

std::string JsonObject::path_of(const std::string& name) const {
    return path_.empty() ? name : path_ + "." + name;
}

bool JsonObject::has(const std::string& name) {
    return optional(name) != nullptr;
}

const Json* JsonObject::optional(const std::string& name) {
    asked_.insert(name);
    const auto found = value_->find(name);
    return found == value_->end() ? nullptr : &*found;
}

const Json& JsonObject::required(const std::string& name, std::string_view accepted) {
    const Json* value = optional(name);
    if (value == nullptr) {
        throw Error(ErrorKind::bad_input,
                    fmt::format("{}: is missing; accepted: {}", one_line(path_of(name), 500), accepted));
    }
    return *value;
}

std::int64_t checked_integer(const Json& value, const std::string& path, std::int64_t min, std::int64_t max) {
    if (!value.is_number_integer()) {
        throw bad_input(path, shown(value), "is not an integer", range_text(min, max));
    }
    // An unsigned value above the signed range must not wrap.
    const bool wraps =
        value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (wraps || value.get<std::int64_t>() > max) {
        throw bad_input(path, shown(value), "is too large", range_text(min, max));
    }
    if (value.get<std::int64_t>() < min) {
        throw bad_input(path, shown(value), "is too small", range_text(min, max));
    }
    return value.get<std::int64_t>();
}

std::int64_t JsonObject::integer(const std::string& name, std::int64_t min, std::int64_t max) {
    return checked_integer(required(name, range_text(min, max)), path_of(name), min, max);
}

std::int64_t JsonObject::integer_or(const std::string& name, std::int64_t fallback, std::int64_t min,
                                    std::int64_t max) {
    const Json* value = optional(name);
    return value == nullptr ? fallback : checked_integer(*value, path_of(name), min, max);
}

double JsonObject::number(const std::string& name, double min, double max) {
    const std::string accepted = fmt::format("a number from {} to {}", min, max);
    const Json& value = required(name, accepted);
    if (!value.is_number() || !(value.get<double>() >= min && value.get<double>() <= max)) {
        throw bad_input(path_of(name), shown(value), "is out of range", accepted);
    }
    return value.get<double>();
}

double JsonObject::number_or(const std::string& name, double fallback, double min, double max) {
    return has(name) ? number(name, min, max) : fallback;
}

std::string JsonObject::text(const std::string& name, std::string_view accepted) {
    const Json& value = required(name, accepted);
    if (!value.is_string()) {
        throw bad_input(path_of(name), shown(value), "is not a text", accepted);
    }
    return value.get<std::string>();
}

std::string JsonObject::choice(const std::string& name, std::initializer_list<std::string_view> words) {
    const std::string accepted = fmt::format("{}", fmt::join(words, ", "));
    const Json& value = required(name, accepted);
    if (!value.is_string() ||
        std::find(words.begin(), words.end(), value.get_ref<const std::string&>()) == words.end()) {
        throw bad_input(path_of(name), shown(value), "is not known", accepted);
    }
    return value.get<std::string>();
}

bool JsonObject::boolean(const std::string& name) {
    const Json& value = required(name, "true, false");
    if (!value.is_boolean()) {
        throw bad_input(path_of(name), shown(value), "is neither true nor false", "true, false");
    }
    return value.get<bool>();
}

std::string JsonObject::text_or(const std::string& name, const std::string& fallback) {
    return optional(name) == nullptr ? fallback : text(name, "a text");
}

void JsonObject::finish() const {
    for (const auto& item : value_->items()) {
        if (asked_.count(item.key()) == 0) {
            throw bad_input(path_of(item.key()), shown(item.value()), "is an unknown field",
                            asked_.empty() ? "no fields" : fmt::format("{}", fmt::join(asked_, ", ")));
        }
    }
}

}  // namespace longscope
