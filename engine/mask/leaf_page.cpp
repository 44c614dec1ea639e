// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaf_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/mask/expression.h"
#include "engine/mask/mask_presets.h"

namespace longscope {

std::string leaves_as_text() {
    std::string text;
    for (const LeafEntry& leaf : mask_leaves()) {
        text += fmt::format("  {:22} {:32} {}\n", leaf.name, parameter_names(leaf), leaf.meaning);
    }
    return text;
}

std::string leaf_picture_name(const LeafEntry& leaf) {
    return fmt::format("{}.png", leaf.name);
}

std::string leaves_as_markdown() {
    std::string page;
    for (const LeafEntry& leaf : mask_leaves()) {
        page += fmt::format("### `{0}`\n\n![{0} over 64 keys](pictures/leaves/{1})\n\n", leaf.name,
                            leaf_picture_name(leaf));
        page += fmt::format("- definition: `{}`\n- in words: {}\n- source: {}\n", leaf.definition, leaf.meaning,
                            leaf.source);
        for (const LeafParameter& parameter : leaf.parameters) {
            page += fmt::format("- `{}`: {}\n", parameter.name, parameter.meaning);
        }
        page += fmt::format("\n```json\n{{\"{}\": {}}}\n```\n\n", leaf.name, leaf.example);
    }
    return page;
}

std::string orders_as_text() {
    std::string text;
    for (const OrderEntry& order : token_orders()) {
        text += fmt::format("  {:22} {:32} {}\n", order.name, order.parameters, order.meaning);
    }
    return text;
}

std::string order_picture_name(const OrderEntry& order) {
    return fmt::format("{}.png", order.name);
}

std::string orders_as_markdown() {
    std::string page;
    for (const OrderEntry& order : token_orders()) {
        page += fmt::format("### Order `{0}`\n\n![A window in the order {0}](pictures/orders/{1})\n\n", order.name,
                            order_picture_name(order));
        page += fmt::format("- the tokens stand: {}\n", order.meaning);
        page += order.parameters.empty() ? "" : fmt::format("- parameters: {}\n", order.parameters);
        page += order.source.empty() ? "" : fmt::format("- source: {}\n", order.source);
        page += fmt::format("- of the picture: `{}`\n\n", order.example);
    }
    return page;
}

std::string presets_as_text() {
    std::string text;
    for (const MaskPreset& preset : mask_presets()) {
        text += fmt::format("  {:28} {} ({})\n", preset.name, preset.meaning, preset.source);
    }
    return text;
}

std::string presets_as_markdown() {
    std::string page = "| preset | what | source | expression |\n|---|---|---|---|\n";
    for (const MaskPreset& preset : mask_presets()) {
        page += fmt::format("| `{}` | {} | {} | {} |\n", preset.name, preset.meaning, preset.source,
                            to_text(parse_mask(parse_json(preset.expression, preset.name), "mask")));
    }
    return page + "\n";
}

}  // namespace longscope
