// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine mask show: an expression as JSON, and of a mask that differs between heads those that have the same.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

#include "app/headless/mask_source.h"
#include "app/headless/output.h"
#include "app/headless/verbs/mask_verbs.h"
#include "engine/base/error.h"
#include "engine/mask/heads.h"

namespace longscope {

namespace {

struct Options {
    MaskSourceOptions source;
    std::int64_t heads = 0;  // 0: none were asked for
    std::int64_t layers = 1;
};

// A mask needs no tokens to be shown.
MaskExpression asked_mask(const Options& options) {
    const MaskDomain any{1, 1, {}};
    const MaskSource source = resolve_all_heads(options.source, &any);
    if (source.input.expression() == nullptr) {
        throw bad_input("--mask", source.input.text(), "is not an expression",
                        "a mask as JSON, a preset, an experiment");
    }
    return *source.input.expression();
}

Json groups_json(const MaskExpression& mask, std::int64_t heads, std::int64_t layers) {
    Json list = Json::array();
    for (const HeadGroup& group : head_groups(mask, heads, layers)) {
        list.push_back({{"heads", members_text(group)}, {"count", group.count}, {"mask", to_json(group.expression)}});
    }
    return list;
}

int show(const Options& options) {
    const MaskExpression mask = asked_mask(options);
    if (options.heads > 0) {
        write_output(groups_json(mask, options.heads, options.layers).dump(1) + '\n');
        return 0;
    }
    if (!options.source.head && !options.source.layer) {
        write_output(to_json(mask).dump(1) + '\n');
        return 0;
    }
    require_head(mask, options.source);
    const MaskExpression own = at_head(mask, options.source.head.value_or(0), options.source.layer.value_or(0));
    write_output(to_json(own).dump(1) + '\n');
    return 0;
}

}  // namespace

void declare_mask_show(CLI::App& verb, VerbAction& action) {
    const auto options = std::make_shared<Options>();
    declare_mask_source(verb, options->source);
    declare_head_counts(verb, options->heads, options->layers);
    verb.footer(
        "--head and --layer: the mask of one head, which does not depend on them. --heads and --layers: each "
        "different mask, with the heads that have it.");
    verb.callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace longscope
