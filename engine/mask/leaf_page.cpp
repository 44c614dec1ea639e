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
