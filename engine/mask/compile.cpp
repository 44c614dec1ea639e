// SPDX-License-Identifier: GPL-3.0-or-later
// From expressions to masks: leaves become zones, operators stay what they are.
#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "engine/mask/expression.h"
#include "engine/mask/zone_tree.h"

namespace longscope {

namespace {

std::size_t count_zones(const ZoneTree& tree) {
    std::size_t zones = tree.zones.size() + tree.striped.size();
    for (const ZoneTree& operand : tree.operands) {
        zones += count_zones(operand);
    }
    return zones;
}

// Adds the zones of the leaves to `zones`.
ZoneTree prepare(const MaskExpression& expression, const MaskDomain& domain, const std::string& path,
                 std::size_t& zones) {
    ZoneTree tree;
    switch (expression.kind) {
        case MaskExpression::Kind::leaf:
            tree = expression.leaf->tree(domain, path + "." + expression.leaf_name);
            zones += count_zones(tree);
            if (zones > static_cast<std::size_t>(max_zones)) {
                throw bad_input(path, fmt::format("a mask of more than {} zones", format_count(max_zones)),
                                "is too large", "fewer documents, or fewer leaves that hold them");
            }
            break;
        case MaskExpression::Kind::complement:
            tree.kind = ZoneTree::Kind::complement;
            tree.operands.push_back(prepare(expression.operands.front(), domain, path + ".not", zones));
            break;
        case MaskExpression::Kind::difference: {
            // The first without any of the others.
            tree.kind = ZoneTree::Kind::all_of;
            for (std::size_t i = 0; i < expression.operands.size(); ++i) {
                ZoneTree operand =
                    prepare(expression.operands[i], domain, path + ".minus[" + std::to_string(i) + "]", zones);
                if (i == 0) {
                    tree.operands.push_back(std::move(operand));
                } else {
                    tree.operands.push_back({ZoneTree::Kind::complement, {}, {std::move(operand)}});
                }
            }
            break;
        }
        case MaskExpression::Kind::change: {
            const std::string inner = path + "." + expression.change_name;
            tree = expression.change->tree(
                [&](const MaskDomain& part) {
                    return prepare(expression.operands.front(), part, inner + ".mask", zones);
                },
                domain, inner);
            break;
        }
        case MaskExpression::Kind::per_heads: {
            const std::string inner = path + ".per_heads";
            const std::size_t index = operand_at(expression, domain.head, domain.layer, inner);
            tree = prepare(expression.operands[index], domain, inner + "." + operand_field(expression, index), zones);
            break;
        }
        case MaskExpression::Kind::all_of:
        case MaskExpression::Kind::any_of: {
            const bool all = expression.kind == MaskExpression::Kind::all_of;
            tree.kind = all ? ZoneTree::Kind::all_of : ZoneTree::Kind::any_of;
            const std::string inner = path + (all ? ".and[" : ".or[");
            for (std::size_t i = 0; i < expression.operands.size(); ++i) {
                tree.operands.push_back(
                    prepare(expression.operands[i], domain, inner + std::to_string(i) + "]", zones));
            }
            break;
        }
    }
    return tree;
}

}  // namespace

ZoneTree zone_tree(const MaskExpression& expression, const MaskDomain& domain, const std::string& path) {
    std::size_t zones = 0;
    return prepare(expression, domain, path, zones);
}

void check_mask(const MaskExpression& expression, const MaskDomain& domain, const std::string& path) {
    (void)zone_tree(expression, domain, path);
}

std::unique_ptr<Mask> compile_mask(const MaskExpression& expression, const MaskDomain& domain,
                                   const std::string& path) {
    return compile_tree(std::make_shared<const ZoneTree>(zone_tree(expression, domain, path)), domain.query_tokens,
                        domain.key_tokens);
}

}  // namespace longscope
