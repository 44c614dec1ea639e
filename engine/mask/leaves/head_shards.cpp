// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/mask/head_choice.h"
#include "engine/mask/leaves/composed_leaf.h"
#include "engine/mask/leaves/leaf_support.h"

namespace longscope {

std::shared_ptr<const MaskLeaf> parse_head_shards_leaf(JsonObject parameters) {
    constexpr std::int64_t most_blocks = std::int64_t{1} << 20;  // their product with a block fits
    const std::int64_t block = parameters.integer("block", 1, max_tokens / most_blocks);
    const std::int64_t local = parameters.integer("local", 1, most_blocks);
    const std::int64_t stride = parameters.integer("stride", 1, most_blocks);
    const std::int64_t heads = parameters.integer("heads", 1, max_mask_heads);
    const std::int64_t dense = parameters.integer("dense", 0, heads);
    const std::int64_t shared = parameters.integer("shared", 1, max_mask_heads);
    parameters.finish();
    const auto expression = [=](std::int64_t head, std::int64_t /*layer*/, const std::string& path) {
        const std::int64_t shard = head / shared;
        if (shard >= heads) {
            throw bad_input(path + ".heads", std::to_string(heads), fmt::format("has no head {}", head),
                            fmt::format("as many heads as the model has, {} query heads for each", shared));
        }
        const Json causal{{"causal", Json::object()}};
        if (shard >= heads - dense) {
            return causal;
        }
        const std::int64_t step = std::max<std::int64_t>(1, stride / heads);
        const std::int64_t first = (stride - shard * step % stride) % stride;
        const Json near{{"block_window", {{"block", block}, {"left", local - 1}, {"right", 0}}}};
        const Json columns{
            {"strided_columns", {{"stride", stride * block}, {"first", first * block}, {"width", block}}}};
        return Json{{"and", {causal, {{"or", {near, columns}}}}}};
    };
    const auto check = [=](const MaskDomain& domain, const std::string& path) {
        check_at_most(path + ".local", local, 1, ceil_divided(domain.key_tokens, block));
    };
    return make_composed_leaf({{{"block", block},
                                {"local", local},
                                {"stride", stride},
                                {"heads", heads},
                                {"dense", dense},
                                {"shared", shared}},
                               {true, false},
                               expression,
                               check});
}

}  // namespace longscope
