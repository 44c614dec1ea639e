// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/head_choice.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::size_t max_ranges = 64;
constexpr std::string_view accepted = "[begin, end], the end not included, or a list of 1 to 64 such ranges in order";

Range range_of(const Json& value, const std::string& path) {
    if (!value.is_array() || value.size() != 2) {
        throw bad_input(path, shown(value), "is not a range", accepted);
    }
    const Range range{checked_integer(value[0], path + "[0]", 0, max_mask_heads),
                      checked_integer(value[1], path + "[1]", 0, max_mask_heads)};
    if (range.empty()) {
        throw bad_input(path, shown(value), "is empty", accepted);
    }
    return range;
}

std::vector<Range> ranges_of(JsonObject& object, const std::string& name) {
    const Json* value = object.optional(name);
    if (value == nullptr) {
        return {};
    }
    const std::string path = object.path_of(name);
    if (!value->is_array() || value->empty() || value->size() > max_ranges) {
        throw bad_input(path, shown(*value), "is not a range", accepted);
    }
    if (!value->front().is_array()) {
        return {range_of(*value, path)};
    }
    std::vector<Range> ranges;
    for (std::size_t i = 0; i < value->size(); ++i) {
        ranges.push_back(range_of((*value)[i], fmt::format("{}[{}]", path, i)));
        if (i > 0 && ranges[i].begin < ranges[i - 1].end) {
            throw bad_input(fmt::format("{}[{}]", path, i), shown((*value)[i]), "begins before the one before it ends",
                            accepted);
        }
    }
    return ranges;
}

bool is_in(const std::vector<Range>& ranges, std::int64_t number) {
    return ranges.empty() ||
           std::any_of(ranges.begin(), ranges.end(), [&](Range range) { return range.contains(number); });
}

Json json_of(const std::vector<Range>& ranges) {
    if (ranges.size() == 1) {
        return {ranges.front().begin, ranges.front().end};
    }
    Json list = Json::array();
    for (const Range range : ranges) {
        list.push_back({range.begin, range.end});
    }
    return list;
}

}  // namespace

bool HeadChoice::contains(std::int64_t head, std::int64_t layer) const {
    return is_in(heads, head) && is_in(layers, layer);
}

HeadChoice parse_head_choice(JsonObject& object) {
    std::vector<Range> heads = ranges_of(object, "heads");
    return {std::move(heads), ranges_of(object, "layers")};
}

Json to_json(const HeadChoice& choice) {
    Json fields = Json::object();
    for (const auto& [name, ranges] : {std::pair{"heads", &choice.heads}, {"layers", &choice.layers}}) {
        if (!ranges->empty()) {
            fields[name] = json_of(*ranges);
        }
    }
    return fields;
}

std::string numbers_text(const std::vector<Range>& numbers) {
    std::string text;
    for (const Range range : numbers) {
        text += text.empty() ? "" : ", ";
        text += range.size() == 1 ? std::to_string(range.begin) : fmt::format("{}-{}", range.begin, range.end - 1);
    }
    return text;
}

std::string to_text(const HeadChoice& choice) {
    const auto named = [](std::string_view word, const std::vector<Range>& numbers) {
        const bool one = numbers.size() == 1 && numbers.front().size() == 1;
        return numbers.empty() ? std::string() : fmt::format("{}{} {}", word, one ? "" : "s", numbers_text(numbers));
    };
    const std::string heads = named("head", choice.heads);
    const std::string layers = named("layer", choice.layers);
    return heads + (heads.empty() || layers.empty() ? "" : " of ") + layers;
}

}  // namespace longscope
