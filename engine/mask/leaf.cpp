// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaf.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace longscope {

std::string parameter_names(const LeafEntry& entry) {
    std::string names;
    for (const LeafParameter& parameter : entry.parameters) {
        names += names.empty() ? "" : ", ";
        names += parameter.name;
    }
    return names;
}

ZoneTree MaskLeaf::tree(const MaskDomain& domain, const std::string& path) const {
    ZoneTree tree{ZoneTree::Kind::zones, zones(domain, path), {}};
    std::erase_if(tree.zones, [](const Zone& zone) { return zone.empty(); });
    return tree;
}

Json MaskLeaf::at_head(std::int64_t /*head*/, std::int64_t /*layer*/, const std::string& path) const {
    throw failed(path + ": does not depend on the head");
}

}  // namespace longscope
