// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaf_page.h"

#include <fmt/format.h>

namespace longscope {

std::string leaves_as_text() {
    std::string text;
    for (const LeafEntry& leaf : mask_leaves()) {
        text += fmt::format("  {:22} {:32} {}\n", leaf.name, parameter_names(leaf), leaf.meaning);
    }
    return text;
}

std::string leaves_as_markdown() {
    std::string page;
    for (const LeafEntry& leaf : mask_leaves()) {
        page += fmt::format("### `{}`\n\n- definition: `{}`\n- in words: {}\n- source: {}\n", leaf.name,
                            leaf.definition, leaf.meaning, leaf.source);
        for (const LeafParameter& parameter : leaf.parameters) {
            page += fmt::format("- `{}`: {}\n", parameter.name, parameter.meaning);
        }
        page += fmt::format("\n```json\n{{\"{}\": {}}}\n```\n\n", leaf.name, leaf.example);
    }
    return page;
}

}  // namespace longscope
