// SPDX-License-Identifier: GPL-3.0-or-later
// Leaves that are, for each head, a mask made of others.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/mask/leaf.h"

namespace longscope {

struct ComposedLeaf {
    Json parameters;  // in the order in which they are written
    HeadDependence depends;
    // The mask of a head; the parameters of its leaves are known to suit every domain that `check` lets through.
    std::function<Json(std::int64_t head, std::int64_t layer, const std::string& path)> expression;
    // Throws Error(bad_input), naming the field under the path.
    std::function<void(const MaskDomain& domain, const std::string& path)> check;
};

[[nodiscard]] std::shared_ptr<const MaskLeaf> make_composed_leaf(ComposedLeaf leaf);

}  // namespace longscope
