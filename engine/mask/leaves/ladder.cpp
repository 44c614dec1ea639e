// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/mask/head_choice.h"
#include "engine/mask/leaves/composed_leaf.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

namespace {

Json columns(std::int64_t stride, std::int64_t first, std::int64_t width) {
    return {{"strided_columns", {{"stride", stride}, {"first", first}, {"width", width}}}};
}

}  // namespace

std::shared_ptr<const MaskLeaf> parse_ladder_leaf(JsonObject parameters) {
    const std::int64_t sink = parameters.integer("sink", 0, max_tokens);
    const std::int64_t recent = parameters.integer("recent", 1, max_tokens);
    const std::int64_t slot = parameters.integer("slot", 1, max_tokens / (2 * max_mask_heads));
    const std::int64_t layers = parameters.integer("layers", 1, max_mask_heads);
    const std::int64_t span = parameters.integer("span", 1, layers);
    const std::int64_t overlap = parameters.integer("overlap", 0, span - 1);
    parameters.finish();
    const std::int64_t slots = 1 + ceil_divided(layers - span, span - overlap);
    const std::int64_t kept = std::min(ceil_divided(span, span - overlap), slots);
    const auto expression = [=](std::int64_t /*head*/, std::int64_t layer, const std::string& /*path*/) {
        Json any = Json::array({{{"window", {{"left", recent - 1}, {"right", 0}}}}});
        if (sink > 0) {
            any.push_back({{"sink", {{"tokens", sink}}}});
        }
        // Counted from the end of the sink, columns may go around the end of the stride.
        const std::int64_t stride = slots * slot;
        const std::int64_t first = (sink + layer % (slots - kept + 1) * slot) % stride;
        const std::int64_t before_end = std::min(kept * slot, stride - first);
        any.push_back(columns(stride, first, before_end));
        if (before_end < kept * slot) {
            any.push_back(columns(stride, 0, kept * slot - before_end));
        }
        return Json{{"and", {{{"causal", Json::object()}}, {{"or", std::move(any)}}}}};
    };
    const auto check = [=](const MaskDomain& domain, const std::string& path) {
        check_at_most(path + ".sink", sink, 0, domain.longest());
        check_at_most(path + ".recent", recent, 1, domain.longest());
    };
    return make_composed_leaf(
        {{{"sink", sink}, {"recent", recent}, {"slot", slot}, {"layers", layers}, {"span", span}, {"overlap", overlap}},
         {false, kept < slots},
         expression,
         check});
}

}  // namespace longscope
