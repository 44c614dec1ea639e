// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "app/headless/verbs/mask_verbs.h"
#include "engine/mask/change.h"
#include "engine/mask/leaf_page.h"

namespace longscope {

void declare_mask(CLI::App& verb, VerbAction& action) {
    verb.require_subcommand(1);
    std::string leaves = "Masks, as JSON objects of one field, and their parameters:\n";
    leaves += leaves_as_text();
    leaves +=
        fmt::format("  {:22} {:32} {}\n", "and, or", "[mask, ...]", "what all of them keep; what any of them keeps");
    leaves += fmt::format("  {:22} {:32} {}\n", "not", "mask", "what it does not keep");
    leaves += fmt::format("  {:22} {:32} {}\n", "minus", "[mask, ...]", "what the first keeps and none of the others");
    leaves += fmt::format("  {:22} {:32} {}", "per_heads", "assignments, otherwise",
                          "for each head and layer the mask of the first assignment that has it");
    for (const ChangeEntry& change : mask_changes()) {
        const std::string parameters =
            fmt::format("{}{}mask", change.parameters, change.parameters.empty() ? "" : ", ");
        leaves += fmt::format("\n  {:22} {:32} {}", change.name, parameters, change.meaning);
    }
    verb.footer(leaves);
    declare_mask_show(*verb.add_subcommand("show", "prints a mask as JSON: of all heads, or of one"), action);
    declare_mask_stats(*verb.add_subcommand("stats", "prints the exact pairs, tiles and keys per query of a mask"),
                       action);
    declare_mask_leaves(*verb.add_subcommand("leaves", "lists the leaves of masks, or writes their manual"), action);
    declare_mask_orders(
        *verb.add_subcommand("orders", "lists the orders of tokens for permute and --order, or writes their manual"),
        action);
    declare_mask_presets(*verb.add_subcommand("presets", "lists published masks that --mask knows by name"), action);
    declare_mask_render(*verb.add_subcommand("render", "draws a mask into a PNG, SVG or PDF file"), action);
    declare_mask_convert(*verb.add_subcommand("convert", "writes a mask in the format of another library"), action);
    declare_mask_code(*verb.add_subcommand("code", "prints Python that hands a mask to another library"), action);
    declare_mask_diff(
        *verb.add_subcommand("diff", "tells whether two masks keep the same pairs, and where they do not"), action);
}

}  // namespace longscope
