// SPDX-License-Identifier: GPL-3.0-or-later
#include <nlohmann/json.hpp>

#include "engine/mask/change.h"

namespace longscope {

namespace {

bool same_shape(const ZoneTree& a, const ZoneTree& b) {
    if (a.kind != b.kind || a.kind == ZoneTree::Kind::mask || a.operands.size() != b.operands.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.operands.size(); ++i) {
        if (!same_shape(a.operands[i], b.operands[i])) {
            return false;
        }
    }
    return true;
}

// Of trees of the same shape.
void append(ZoneTree& tree, const ZoneTree& more) {
    tree.zones.insert(tree.zones.end(), more.zones.begin(), more.zones.end());
    tree.striped.insert(tree.striped.end(), more.striped.begin(), more.striped.end());
    for (std::size_t i = 0; i < tree.operands.size(); ++i) {
        append(tree.operands[i], more.operands[i]);
    }
}

// One tree for all documents whose masks have the same operators, which then work on the zones of each where these are.
// What "not" lets in outside of these documents is cut away again.
class PerDocument final : public MaskChange {
  public:
    [[nodiscard]] ZoneTree tree(const Operand& operand, const MaskDomain& domain,
                                const std::string& /*path*/) const override {
        if (domain.cu_seqlens.size() < 2) {
            return operand(domain);
        }
        ZoneTree all{ZoneTree::Kind::any_of, {}, {}};  // of pairs: masks, and the documents that they lie in
        for (std::size_t i = 0; i + 1 < domain.cu_seqlens.size(); ++i) {
            const Range tokens{domain.cu_seqlens[i], domain.cu_seqlens[i + 1]};
            if (tokens.empty()) {
                continue;
            }
            const MaskDomain part{tokens.size(), tokens.size(), {}, domain.longest(), domain.head, domain.layer};
            ZoneTree mask = translated(cut_to(part.box(), operand(part)), tokens.begin, tokens.begin);
            const ZoneTree document{ZoneTree::Kind::zones, {box_zone({tokens, tokens})}, {}};
            if (!all.operands.empty() && same_shape(all.operands.back().operands.front(), mask)) {
                append(all.operands.back().operands.front(), mask);
                append(all.operands.back().operands.back(), document);
            } else {
                all.operands.push_back({ZoneTree::Kind::all_of, {}, {std::move(mask), document}});
            }
        }
        return all.operands.empty() ? ZoneTree{} : all;
    }
    [[nodiscard]] Json parameters() const override { return Json::object(); }
};

}  // namespace

std::shared_ptr<const MaskChange> parse_per_document(JsonObject& /*parameters*/) {
    return std::make_shared<PerDocument>();
}

}  // namespace longscope
