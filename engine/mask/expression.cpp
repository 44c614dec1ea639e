// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/expression.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::size_t max_operands = 64;
constexpr std::size_t max_assignments = 256;
// Compiling compares the zones of leaves with one another in every slab of rows: time grows faster than their number.
constexpr std::size_t max_leaves = 256;

std::string accepted_names() {
    std::string names = "and, or, not, minus, per_heads";
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

MaskExpression parse_per_heads(const Json& content, const std::string& path) {
    MaskExpression all{MaskExpression::Kind::per_heads, "", nullptr, {}};
    JsonObject object(content, path);
    const std::string accepted =
        fmt::format("a list of 1 to {} objects with heads, layers and a mask", max_assignments);
    const Json& list = object.required("assignments", accepted);
    if (!list.is_array() || list.empty() || list.size() > max_assignments) {
        throw bad_input(object.path_of("assignments"), shown(list), "is not a list of masks for heads", accepted);
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        JsonObject assignment(list[i], fmt::format("{}[{}]", object.path_of("assignments"), i));
        all.choices.push_back(parse_head_choice(assignment));
        const Json& mask = assignment.required("mask", accepted_names());
        assignment.finish();
        all.operands.push_back(parse_node(mask, assignment.path_of("mask")));
    }
    if (const Json* otherwise = object.optional("otherwise")) {
        all.operands.push_back(parse_node(*otherwise, object.path_of("otherwise")));
    }
    object.finish();
    return all;
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
    if (name == "per_heads") {
        return parse_per_heads(content, inner);
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
        const std::size_t own = count_leaves(operand);
        // Only one of them is compiled.
        leaves = expression.kind == MaskExpression::Kind::per_heads ? std::max(leaves, own) : leaves + own;
    }
    return leaves;
}

// An operand as it stands inside another operator. An operator of one operand reads as that operand.
std::string operand_text(const MaskExpression& operand) {
    const bool joined = operand.operands.size() > 1 && operand.kind != MaskExpression::Kind::per_heads;
    return joined ? fmt::format("({})", to_text(operand)) : to_text(operand);
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

Json per_heads_json(const MaskExpression& expression) {
    Json content{{"assignments", Json::array()}};
    for (std::size_t i = 0; i < expression.choices.size(); ++i) {
        Json assignment = to_json(expression.choices[i]);
        assignment["mask"] = to_json(expression.operands[i]);
        content["assignments"].push_back(std::move(assignment));
    }
    if (expression.operands.size() > expression.choices.size()) {
        content["otherwise"] = to_json(expression.operands.back());
    }
    return content;
}

}  // namespace

std::size_t operand_at(const MaskExpression& per_heads, std::int64_t head, std::int64_t layer,
                       const std::string& path) {
    const auto& choices = per_heads.choices;
    const auto found = std::find_if(choices.begin(), choices.end(),
                                    [&](const HeadChoice& choice) { return choice.contains(head, layer); });
    const auto index = static_cast<std::size_t>(found - choices.begin());
    if (index == per_heads.operands.size()) {
        throw bad_input(path, fmt::format("head {} of layer {}", head, layer), "has no mask",
                        "an assignment that has it, or a mask under otherwise");
    }
    return index;
}

std::string operand_field(const MaskExpression& per_heads, std::size_t index) {
    return index < per_heads.choices.size() ? fmt::format("assignments[{}].mask", index) : "otherwise";
}

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
        case MaskExpression::Kind::per_heads:
            return {{"per_heads", per_heads_json(expression)}};
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
        case MaskExpression::Kind::per_heads: {
            std::string text;
            for (std::size_t i = 0; i < expression.operands.size(); ++i) {
                const std::string heads = i < expression.choices.size() ? to_text(expression.choices[i]) : "others";
                text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", heads.empty() ? "all heads" : heads,
                                    to_text(expression.operands[i]));
            }
            return fmt::format("per_heads({})", text);
        }
        case MaskExpression::Kind::leaf:
            break;
    }
    const std::string parameters = parameters_text(expression.leaf->parameters());
    return parameters.empty() ? expression.leaf_name : fmt::format("{}({})", expression.leaf_name, parameters);
}

}  // namespace longscope
