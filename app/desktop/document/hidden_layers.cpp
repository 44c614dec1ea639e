// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/hidden_layers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace longscope {

namespace {

constexpr const char* editor = "editor";
constexpr const char* layers = "layers";

const Json& mask_of(const Json& document) {
    static const Json none;
    return document.is_object() && document.contains("mask") ? document["mask"] : none;
}

Json to_json(const MaskLayer& layer) {
    return {{"join", layer.join == MaskLayer::Join::all_of ? "and" : "or"},
            {"not", layer.complement},
            {"visible", layer.visible},
            {"mask", parse_json(layer.expression, "mask layer")}};
}

// Empty when anything about it is not as it is written here: documents may say anything.
MaskStack kept_layers(const Json& document) {
    static const Json::json_pointer place("/editor/layers");
    if (!document.is_object() || !document.contains(place) || !document[place].is_array()) {
        return {};
    }
    MaskStack stack;
    for (const Json& layer : document[place]) {
        const auto truth = [&](const char* name) { return layer.contains(name) && layer[name].is_boolean(); };
        if (!layer.is_object() || !truth("not") || !truth("visible") || !layer.contains("mask")) {
            return {};
        }
        const bool any = layer.contains("join") && layer["join"] == "or";
        stack.push_back({any ? MaskLayer::Join::any_of : MaskLayer::Join::all_of, layer["not"].get<bool>(),
                         layer["visible"].get<bool>(), layer["mask"].dump()});
    }
    return stack;
}

}  // namespace

void put_stack(Json& document, const MaskStack& stack) {
    document["mask"] = to_expression(stack);
    if (document.contains(editor) && document[editor].is_object()) {
        document[editor].erase(layers);
        if (document[editor].empty()) {
            document.erase(editor);
        }
    }
    if (std::all_of(stack.begin(), stack.end(), [](const MaskLayer& layer) { return layer.visible; })) {
        return;
    }
    Json kept = Json::array();
    for (const MaskLayer& layer : stack) {
        kept.push_back(to_json(layer));
    }
    if (!document.contains(editor) || !document[editor].is_object()) {
        document[editor] = Json::object();
    }
    document[editor][layers] = std::move(kept);
}

MaskStack stack_of(const Json& document) {
    // Who changed the mask by hand may have left the layers as they were.
    MaskStack kept = kept_layers(document);
    return !kept.empty() && to_expression(kept) == mask_of(document) ? kept : to_stack(mask_of(document));
}

}  // namespace longscope
