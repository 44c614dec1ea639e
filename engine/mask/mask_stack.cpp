// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_stack.h"

#include <nlohmann/json.hpp>

namespace longscope {

namespace {

constexpr const char* all_of = "and";
constexpr const char* any_of = "or";
constexpr const char* complement = "not";

// The operands of {"name": [...]}; null when the expression is not of this kind, or has nothing in it.
const Json* operands(const Json& expression, const char* name) {
    if (!expression.is_object() || expression.size() != 1 || !expression.contains(name)) {
        return nullptr;
    }
    const Json& list = expression[name];
    return list.is_array() && !list.empty() ? &list : nullptr;
}

MaskLayer layer_of(const Json& expression, MaskLayer::Join join) {
    if (expression.is_object() && expression.size() == 1 && expression.contains(complement)) {
        return {join, true, true, expression[complement].dump()};
    }
    return {join, false, true, expression.dump()};
}

// The first operand is the stack above, which may be an operator itself: (a or b) and c.
void unroll(const Json& expression, MaskLayer::Join join, MaskStack& stack) {
    for (const auto& [name, kind] : {std::pair{all_of, MaskLayer::Join::all_of}, {any_of, MaskLayer::Join::any_of}}) {
        if (const Json* list = operands(expression, name)) {
            unroll(list->front(), kind, stack);
            for (std::size_t i = 1; i < list->size(); ++i) {
                stack.push_back(layer_of((*list)[i], kind));
            }
            return;
        }
    }
    stack.push_back(layer_of(expression, join));
}

Json expression_of(const MaskLayer& layer) {
    Json expression = parse_json(layer.expression, "mask layer");
    return layer.complement ? Json{{complement, std::move(expression)}} : expression;
}

}  // namespace

MaskStack to_stack(const Json& expression) {
    MaskStack stack;
    unroll(expression, MaskLayer::Join::all_of, stack);
    stack.front().join = MaskLayer::Join::all_of;
    return stack;
}

Json to_expression(const MaskStack& stack) {
    Json expression;
    const char* joined = nullptr;  // the operator that `expression` was made with here
    for (const MaskLayer& layer : stack) {
        if (!layer.visible) {
            continue;
        }
        const char* name = layer.join == MaskLayer::Join::all_of ? all_of : any_of;
        if (expression.is_null()) {
            expression = expression_of(layer);
        } else if (joined == name) {
            expression[name].push_back(expression_of(layer));
        } else {
            Json list = Json::array();
            list.push_back(std::move(expression));
            list.push_back(expression_of(layer));
            expression = Json::object();
            expression[name] = std::move(list);
            joined = name;
        }
    }
    return expression.is_null() ? Json{{"full", Json::object()}} : expression;
}

}  // namespace longscope
