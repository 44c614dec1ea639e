// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <memory>

#include "app/headless/verbs/mask_verbs.h"
#include "engine/mask/leaf_page.h"

namespace longscope {

void declare_mask_presets(CLI::App& verb, VerbAction& action) {
    const auto format = std::make_shared<std::string>("text");
    verb.add_option("--format", *format, "text: a line each; markdown: the part of the manual's page on masks")
        ->check(CLI::IsMember({"text", "markdown"}))
        ->capture_default_str();
    verb.callback([format, &action] {
        action = [format] {
            fmt::print("{}", *format == "text" ? presets_as_text() : presets_as_markdown());
            return 0;
        };
    });
}

}  // namespace longscope
