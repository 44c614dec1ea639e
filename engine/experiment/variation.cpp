// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/variation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/base/error.h"

namespace longscope {

namespace {

// The parts between commas that lie in no bracket and no quotes.
std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            i += c == '\\' ? 1 : 0;
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            --depth;
        } else if (c == ',' && depth <= 0) {
            parts.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    parts.push_back(text.substr(begin));
    return parts;
}

// Takes an integer off the front of `text`.
std::optional<std::int64_t> take_integer(std::string_view& text) {
    std::int64_t value = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

struct IntegerRange {
    std::int64_t first = 0;
    std::int64_t last = 0;
    char operation = '+';
    std::int64_t step = 1;
};

// Nothing for what does not begin as "1..2" does.
std::optional<IntegerRange> parse_range(std::string_view text, const std::string& field) {
    const std::string_view whole = text;
    const std::optional<std::int64_t> first = take_integer(text);
    if (!first || !text.starts_with("..")) {
        return std::nullopt;
    }
    text.remove_prefix(2);
    const std::optional<std::int64_t> last = take_integer(text);
    if (!last) {
        return std::nullopt;
    }
    IntegerRange range{*first, *last};
    bool valid = true;
    if (!text.empty()) {
        range.operation = text.front();
        text.remove_prefix(1);
        const std::optional<std::int64_t> step = take_integer(text);
        valid = (range.operation == '+' || range.operation == '*') && step && text.empty();
        range.step = step.value_or(0);
    }
    const bool grows = range.operation == '+' ? range.step >= 1 : range.step >= 2 && range.first >= 1;
    if (!valid || !grows || range.first > range.last) {
        throw bad_input(field, whole, "is not a range", "as 1..4, 0..8+4 or 1..8*2, from the smaller to the larger");
    }
    return range;
}

void append(const IntegerRange& range, const std::string& field, std::vector<Json>& values) {
    for (std::int64_t value = range.first; value <= range.last;) {
        values.emplace_back(value);
        if (static_cast<std::int64_t>(values.size()) > max_combinations) {
            throw bad_input(field, fmt::format("{}..{}", range.first, range.last), "holds too many values",
                            fmt::format("at most {}", max_combinations));
        }
        const bool overflows = range.operation == '+' ? __builtin_add_overflow(value, range.step, &value)
                                                      : __builtin_mul_overflow(value, range.step, &value);
        if (overflows) {
            return;
        }
    }
}

Json json_or_word(std::string_view text, const std::string& field) {
    constexpr std::string_view beginnings = "{[\"";
    if (beginnings.find(text.front()) != std::string_view::npos || Json::accept(text)) {
        return parse_json(text, field);
    }
    return std::string(text);
}

}  // namespace

VariedField parse_varied_field(std::string_view text, std::string_view option) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        throw bad_input(option, text, "names no values", "FIELD=VALUE,VALUE,..., as layout.ranks=1,2,4");
    }
    VariedField varied{std::string(text.substr(0, equals)), {}};
    const std::string field = fmt::format("{} {}", option, varied.field);
    for (const std::string_view part : split(text.substr(equals + 1))) {
        if (part.empty()) {
            throw bad_input(field, text.substr(equals + 1), "holds an empty value", "values between commas");
        }
        if (const std::optional<IntegerRange> range = parse_range(part, field)) {
            append(*range, field, varied.values);
        } else {
            varied.values.push_back(json_or_word(part, field));
        }
    }
    for (auto value = varied.values.begin(); value != varied.values.end(); ++value) {
        if (std::find(varied.values.begin(), value, *value) != value) {
            throw bad_input(field, value_text(*value), "stands twice", "each value once");
        }
    }
    return varied;
}

Axis axis_of(const VariedField& field) {
    Axis axis{field.field, {}};
    for (const Json& value : field.values) {
        axis.cases.push_back({value, {{field.field, value}}});
    }
    return axis;
}

std::vector<GridPoint> points_of(const std::vector<Axis>& axes, std::string_view option) {
    std::set<std::string> varied;
    std::vector<GridPoint> points{{}};
    for (const Axis& axis : axes) {
        std::set<std::string> fields;
        for (const AxisCase& one : axis.cases) {
            for (const FieldOverride& change : one.changes) {
                fields.insert(change.field);
            }
        }
        for (const std::string& field : fields) {
            if (!varied.insert(field).second) {
                throw bad_input(option, field, "is varied twice", "each field once, with all its values");
            }
        }
        if (points.size() * axis.cases.size() > static_cast<std::size_t>(max_combinations)) {
            throw bad_input(option, axis.name, "makes the combinations too many",
                            fmt::format("at most {}", max_combinations));
        }
        std::vector<GridPoint> longer;
        for (const GridPoint& point : points) {
            for (const AxisCase& one : axis.cases) {
                longer.push_back(point);
                longer.back().names.push_back({axis.name, one.name});
                longer.back().changes.insert(longer.back().changes.end(), one.changes.begin(), one.changes.end());
            }
        }
        points = std::move(longer);
    }
    return points;
}

std::string value_text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : shown(value);
}

std::string to_text(const Combination& combination) {
    std::string text;
    for (const FieldOverride& change : combination) {
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", change.field, value_text(change.value));
    }
    return text;
}

}  // namespace longscope
