// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaf.h"

namespace longscope {

ZoneTree MaskLeaf::tree(const MaskDomain& domain, const std::string& path) const {
    ZoneTree tree{ZoneTree::Kind::zones, zones(domain, path), {}};
    std::erase_if(tree.zones, [](const Zone& zone) { return zone.empty(); });
    return tree;
}

const std::vector<LeafEntry>& mask_leaves() {
    static const std::vector<LeafEntry> leaves{
        {"full", "", "every query sees every key", parse_full_leaf, "{}"},
        {"causal", "", "k <= q, aligned at the bottom right when lengths differ", parse_causal_leaf, "{}"},
        {"window", "left, right", "q - left <= k <= q + right, both ends included: left 1024, right 0 keeps 1025 keys",
         parse_window_leaf, R"({"left": 1023, "right": 0})"},
        {"documents", "", "query and key belong to the same document of the packed sequence", parse_documents_leaf,
         "{}"},
        {"prefix", "tokens", "k < tokens, for every query", parse_prefix_leaf, R"({"tokens": 64})"},
        {"sink", "tokens", "k < tokens and k <= q", parse_sink_leaf, R"({"tokens": 4})"},
        {"custom", "expression", "what a condition on q, k, doc(q), doc(k), position(q), position(k) says",
         parse_custom_leaf, R"x({"expression": "k <= q && (doc(q) == doc(k) || k < 64)"})x"},
    };
    return leaves;
}

}  // namespace longscope
