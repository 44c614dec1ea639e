// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_examples.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/mask/expression.h"
#include "engine/mask/mask_difference.h"

namespace longscope {

namespace {

constexpr std::int64_t leaf_tokens = 64;
constexpr std::int64_t preset_tokens = 16384;

MaskExample over(const MaskExpression& expression, std::int64_t queries, std::int64_t tokens) {
    const MaskDomain plain{queries, tokens, {}};
    std::unique_ptr<Mask> mask = compile_mask(expression, plain);
    if (queries != tokens) {
        return {std::move(mask), {}};
    }
    MaskDomain packed = plain;
    for (const std::int64_t share : {0, 20, 32, 56, 64}) {
        packed.cu_seqlens.push_back(tokens / 64 * share);
    }
    std::unique_ptr<Mask> of_documents = compile_mask(expression, packed);
    if (mask_difference(*mask, *of_documents).equal()) {
        packed.cu_seqlens.clear();
    }
    return {std::move(of_documents), std::move(packed.cu_seqlens)};
}

}  // namespace

MaskExample example_of(const LeafEntry& leaf) {
    const std::string name(leaf.name);
    const Json parameters = parse_json(leaf.picture.empty() ? leaf.example : leaf.picture, name);
    return over(parse_mask(Json{{name, parameters}}, "mask"), leaf.picture_queries, leaf_tokens);
}

MaskExample example_of(const OrderEntry& order) {
    const Json window{{"window", {{"left", 12}, {"right", 0}}}};
    const Json permuted{{"axis", "both"}, {"order", parse_json(order.example, order.name)}, {"mask", window}};
    return over(parse_mask(Json{{"permute", permuted}}, "mask"), leaf_tokens, leaf_tokens);
}

MaskExample example_of(const MaskPreset& preset) {
    const Json expression = parse_json(preset.expression, std::string(preset.name));
    const std::int64_t tokens = std::max(preset_tokens, preset.tokens);
    return over(parse_mask(expression, "mask"), tokens, tokens);
}

}  // namespace longscope
