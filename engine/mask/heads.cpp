// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/heads.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

#include "engine/base/error.h"

namespace longscope {

namespace {

// A second or two.
constexpr std::int64_t max_grouped_leaves = std::int64_t{1} << 20U;

void append(std::vector<Range>& numbers, std::int64_t number) {
    if (!numbers.empty() && numbers.back().end == number) {
        ++numbers.back().end;
    } else {
        numbers.push_back({number, number + 1});
    }
}

// The heads of one layer after the other; layers with the same heads become one choice.
void add_layer(HeadGroup& group, std::vector<Range> heads, std::int64_t layer) {
    for (HeadChoice& choice : group.members) {
        if (choice.heads == heads) {
            append(choice.layers, layer);
            return;
        }
    }
    group.members.push_back({std::move(heads), {{layer, layer + 1}}});
}

std::int64_t dependent_leaves(const MaskExpression& expression) {
    const bool leaf = expression.kind == MaskExpression::Kind::leaf;
    std::int64_t leaves = leaf && expression.leaf->depends().any() ? 1 : 0;
    for (const MaskExpression& operand : expression.operands) {
        leaves += dependent_leaves(operand);
    }
    return leaves;
}

// A text for the mask of a head that is the same for masks of the same expression. Leaves may hold long lists: those
// that do not differ between heads are written out once.
class HeadKeys {
  public:
    [[nodiscard]] std::string of(const MaskExpression& expression, std::int64_t head, std::int64_t layer,
                                 const std::string& path) {
        if (expression.kind == MaskExpression::Kind::leaf) {
            const std::string inner = path + "." + expression.leaf_name;
            return expression.leaf->depends().any() ? expression.leaf->at_head(head, layer, inner).dump()
                                                    : fmt::format("#{}", id_of(expression));
        }
        if (expression.kind == MaskExpression::Kind::per_heads) {
            const std::string inner = path + ".per_heads";
            const std::size_t index = operand_at(expression, head, layer, inner);
            return of(expression.operands[index], head, layer, inner + "." + operand_field(expression, index));
        }
        std::string key = fmt::format("{}{}(", static_cast<int>(expression.kind), expression.change_name);
        if (expression.change != nullptr) {
            key += expression.change->parameters().dump();
        }
        for (const MaskExpression& operand : expression.operands) {
            key += of(operand, head, layer, path) + ",";
        }
        return key + ")";
    }

  private:
    [[nodiscard]] std::size_t id_of(const MaskExpression& leaf) {
        const auto known = ids_.find(leaf.leaf.get());
        if (known != ids_.end()) {
            return known->second;
        }
        const std::size_t id = texts_.try_emplace(to_json(leaf).dump(), texts_.size()).first->second;
        return ids_[leaf.leaf.get()] = id;
    }

    std::map<const MaskLeaf*, std::size_t> ids_;
    std::map<std::string, std::size_t> texts_;
};

// Whether so many heads may be asked for.
void check_heads(const MaskExpression& expression, std::int64_t heads, std::int64_t layers, const std::string& path) {
    if (heads < 1 || layers < 1 || heads > max_grouped_heads || layers > max_grouped_heads / heads) {
        throw bad_input("heads", fmt::format("{} heads of {} layers", heads, layers), "are not a number of heads",
                        fmt::format("1 to {} heads in all layers together", max_grouped_heads));
    }
    if (dependent_leaves(expression) > max_grouped_leaves / (heads * layers)) {
        throw bad_input(path, fmt::format("a mask for {} heads of {} layers", heads, layers),
                        "has too many leaves that differ between them", "fewer leaves, or fewer heads");
    }
}

}  // namespace

HeadDependence head_dependence(const MaskExpression& expression) {
    HeadDependence all;
    if (expression.kind == MaskExpression::Kind::leaf) {
        all = expression.leaf->depends();
    }
    for (const HeadChoice& choice : expression.choices) {
        all.head = all.head || !choice.heads.empty();
        all.layer = all.layer || !choice.layers.empty();
    }
    for (const MaskExpression& operand : expression.operands) {
        const HeadDependence own = head_dependence(operand);
        all.head = all.head || own.head;
        all.layer = all.layer || own.layer;
    }
    return all;
}

MaskExpression at_head(const MaskExpression& expression, std::int64_t head, std::int64_t layer,
                       const std::string& path) {
    if (expression.kind == MaskExpression::Kind::leaf) {
        const std::string inner = path + "." + expression.leaf_name;
        return expression.leaf->depends().any() ? parse_mask(expression.leaf->at_head(head, layer, inner), inner)
                                                : expression;
    }
    if (expression.kind == MaskExpression::Kind::per_heads) {
        const std::string inner = path + ".per_heads";
        const std::size_t index = operand_at(expression, head, layer, inner);
        return at_head(expression.operands[index], head, layer, inner + "." + operand_field(expression, index));
    }
    MaskExpression chosen = expression;
    for (MaskExpression& operand : chosen.operands) {
        operand = at_head(operand, head, layer, path);
    }
    return chosen;
}

std::vector<HeadGroup> head_groups(const MaskExpression& expression, std::int64_t heads, std::int64_t layers,
                                   const std::string& path) {
    check_heads(expression, heads, layers, path);
    const HeadDependence depends = head_dependence(expression);
    if (!depends.any()) {
        return {{expression, 0, 0, heads * layers, {{{{0, heads}}, {{0, layers}}}}}};
    }
    std::vector<HeadGroup> groups;
    HeadKeys keys;
    std::map<std::string, std::size_t> known;
    const auto group_of = [&](std::int64_t head, std::int64_t layer) {
        const auto [entry, added] = known.try_emplace(keys.of(expression, head, layer, path), groups.size());
        if (added) {
            groups.push_back({at_head(expression, head, layer, path), head, layer, 0, {}});
        }
        return entry->second;
    };
    std::vector<std::vector<Range>> heads_of;  // of the layer at hand, by group
    for (std::int64_t layer = 0; layer < layers; ++layer) {
        if (layer == 0 || depends.layer) {
            heads_of.clear();
            for (std::int64_t head = 0; head < heads; ++head) {
                if (head > 0 && !depends.head) {
                    heads_of[group_of(0, layer)] = {{0, heads}};
                    break;
                }
                const std::size_t group = group_of(head, layer);
                heads_of.resize(groups.size());
                append(heads_of[group], head);
            }
        }
        for (std::size_t group = 0; group < heads_of.size(); ++group) {
            if (!heads_of[group].empty()) {
                add_layer(groups[group], heads_of[group], layer);
                for (const Range range : heads_of[group]) {
                    groups[group].count += range.size();
                }
            }
        }
    }
    return groups;
}

std::string members_text(const HeadGroup& group) {
    std::string text;
    for (const HeadChoice& choice : group.members) {
        text += fmt::format("{}{}", text.empty() ? "" : "; ", to_text(choice));
    }
    return text;
}

std::string layer_refusal(const MaskExpression& expression) {
    return head_dependence(expression).layer
               ? "the mask differs from layer to layer, and a run is of one layer: the mask of a layer's head is what "
                 "mask show --head H --layer L prints"
               : "";
}

HeadMasks compile_head_masks(const MaskExpression& expression, const MaskDomain& domain, std::int64_t heads,
                             const std::string& path) {
    if (!head_dependence(expression).head) {
        return HeadMasks(compile_mask(expression, domain, path));
    }
    check_heads(expression, heads, 1, path);
    HeadKeys keys;
    std::map<std::string, std::int64_t> known;
    std::vector<std::shared_ptr<const Mask>> kinds;
    std::vector<std::int64_t> kind_of_head;
    for (std::int64_t head = 0; head < heads; ++head) {
        const auto [entry, added] = known.try_emplace(keys.of(expression, head, domain.layer, path), kinds.size());
        if (added) {
            kinds.push_back(compile_mask(at_head(expression, head, domain.layer, path), domain, path));
        }
        kind_of_head.push_back(entry->second);
    }
    return {std::move(kinds), std::move(kind_of_head)};
}

}  // namespace longscope
