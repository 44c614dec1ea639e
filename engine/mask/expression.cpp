// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/expression.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::size_t max_operands = 64;
// Compiling compares the zones of leaves with one another in every slab of rows: time grows faster than their number.
constexpr std::size_t max_leaves = 256;

std::string accepted_names() {
    std::string names = "and, or, not, minus";
    for (const ChangeEntry& entry : mask_changes()) {
        names += fmt::format(", {}", entry.name);
    }
    for (const LeafEntry& entry : mask_leaves()) {
        names += fmt::format(", {}", entry.name);
    }
    return "an object with one of the fields " + names;
}

MaskExpression parse_node(const Json& value, const std::string& path);

std::vector<MaskExpression> parse_operands(const Json& value, const std::string& path) {
    if (!value.is_array() || value.empty() || value.size() > max_operands) {
        throw bad_input(path, shown(value), "is not a list of masks",
                        fmt::format("a list of 1 to {} masks", max_operands));
    }
    std::vector<MaskExpression> operands;
    for (std::size_t i = 0; i < value.size(); ++i) {
        operands.push_back(parse_node(value[i], fmt::format("{}[{}]", path, i)));
    }
    return operands;
}

MaskExpression parse_node(const Json& value, const std::string& path) {
    if (!value.is_object() || value.size() != 1) {
        throw bad_input(path, shown(value), "is not a mask", accepted_names());
    }
    const std::string name = value.begin().key();
    const Json& content = value.begin().value();
    const std::string inner = path + "." + name;
    if (name == "and" || name == "or") {
        return {name == "and" ? MaskExpression::Kind::all_of : MaskExpression::Kind::any_of, "", nullptr,
                parse_operands(content, inner)};
    }
    if (name == "not") {
        return {MaskExpression::Kind::complement, "", nullptr, {parse_node(content, inner)}};
    }
    if (name == "minus") {
        return {MaskExpression::Kind::difference, "", nullptr, parse_operands(content, inner)};
    }
    for (const ChangeEntry& entry : mask_changes()) {
        if (entry.name == name) {
            JsonObject parameters(content, inner);
            auto change = entry.parse(parameters);
            const Json& operand = parameters.required("mask", accepted_names());
            parameters.finish();
            return {MaskExpression::Kind::change,           "",   nullptr,
                    {parse_node(operand, inner + ".mask")}, name, std::move(change)};
        }
    }
    for (const LeafEntry& entry : mask_leaves()) {
        if (entry.name == name) {
            return {MaskExpression::Kind::leaf, name, entry.parse(JsonObject(content, inner)), {}};
        }
    }
    throw bad_input(path, name, "is not a mask", accepted_names());
}

std::size_t count_leaves(const MaskExpression& expression) {
    std::size_t leaves = expression.kind == MaskExpression::Kind::leaf ? 1 : 0;
    for (const MaskExpression& operand : expression.operands) {
        leaves += count_leaves(operand);
    }
    return leaves;
}

// An operand as it stands inside another operator. An operator of one operand reads as that operand.
std::string operand_text(const MaskExpression& operand) {
    return operand.operands.size() > 1 ? fmt::format("({})", to_text(operand)) : to_text(operand);
}

// Lists may be very long.
std::string short_text(const Json& value) {
    constexpr std::size_t most_bytes = 64;
    return one_line(shown(value), most_bytes);
}

std::string parameters_text(const Json& parameters) {
    std::string text;
    for (const auto& item : parameters.items()) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", item.key(), short_text(item.value()));
    }
    return text;
}

std::string joined(const MaskExpression& expression, std::string_view word) {
    std::string text;
    for (const MaskExpression& operand : expression.operands) {
        text += text.empty() ? operand_text(operand) : fmt::format(" {} {}", word, operand_text(operand));
    }
    return text;
}

}  // namespace

MaskExpression parse_mask(const Json& value, const std::string& path) {
    MaskExpression expression = parse_node(value, path);
    if (const std::size_t leaves = count_leaves(expression); leaves > max_leaves) {
        throw bad_input(path, fmt::format("a mask of {} leaves", leaves), "is too large",
                        fmt::format("at most {} leaves", max_leaves));
    }
    return expression;
}

Json to_json(const MaskExpression& expression) {
    switch (expression.kind) {
        case MaskExpression::Kind::leaf:
            return {{expression.leaf_name, expression.leaf->parameters()}};
        case MaskExpression::Kind::complement:
            return {{"not", to_json(expression.operands.front())}};
        case MaskExpression::Kind::change: {
            Json content = expression.change->parameters();
            content["mask"] = to_json(expression.operands.front());
            return {{expression.change_name, std::move(content)}};
        }
        case MaskExpression::Kind::difference:
        case MaskExpression::Kind::all_of:
        case MaskExpression::Kind::any_of:
            break;
    }
    Json operands = Json::array();
    for (const MaskExpression& operand : expression.operands) {
        operands.push_back(to_json(operand));
    }
    const char* name = expression.kind == MaskExpression::Kind::all_of   ? "and"
                       : expression.kind == MaskExpression::Kind::any_of ? "or"
                                                                         : "minus";
    return {{name, operands}};
}

std::string to_text(const MaskExpression& expression) {
    switch (expression.kind) {
        case MaskExpression::Kind::all_of:
            return joined(expression, "and");
        case MaskExpression::Kind::any_of:
            return joined(expression, "or");
        case MaskExpression::Kind::complement:
            return "not " + operand_text(expression.operands.front());
        case MaskExpression::Kind::difference:
            return joined(expression, "minus");
        case MaskExpression::Kind::change: {
            const std::string parameters = parameters_text(expression.change->parameters());
            return fmt::format("{}({}{}{})", expression.change_name, parameters, parameters.empty() ? "" : ", ",
                               to_text(expression.operands.front()));
        }
        case MaskExpression::Kind::leaf:
            break;
    }
    const std::string parameters = parameters_text(expression.leaf->parameters());
    return parameters.empty() ? expression.leaf_name : fmt::format("{}({})", expression.leaf_name, parameters);
}

}  // namespace longscope
