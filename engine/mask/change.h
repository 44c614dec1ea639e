// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that change one mask as a whole: move it, cut it, repeat it. To add one: a class in its own file under
// changes/, one line in change_registry.cpp, one test line, one doc line (resources/docs/masks.md).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/leaf.h"
#include "engine/mask/zone_tree.h"

namespace longscope {

class MaskChange {
  public:
    // The mask that is changed, over a domain: this one's, or parts of it.
    using Operand = std::function<ZoneTree(const MaskDomain& domain)>;

    MaskChange() = default;
    MaskChange(const MaskChange&) = delete;
    MaskChange& operator=(const MaskChange&) = delete;
    MaskChange(MaskChange&&) = delete;
    MaskChange& operator=(MaskChange&&) = delete;
    virtual ~MaskChange() = default;

    // Zones inside the domain. Throws Error(bad_input), naming the field under `path`.
    [[nodiscard]] virtual ZoneTree tree(const Operand& operand, const MaskDomain& domain,
                                        const std::string& path) const = 0;
    // The parameters as they stand in a document beside the mask.
    [[nodiscard]] virtual Json parameters() const = 0;
};

struct ChangeEntry {
    std::string_view name;
    std::string_view parameters;  // "queries, keys"; without the mask
    std::string_view meaning;     // one line, with the convention
    std::shared_ptr<const MaskChange> (*parse)(JsonObject& parameters);
};

// The registry, in the order in which help and documentation list it.
[[nodiscard]] const std::vector<ChangeEntry>& mask_changes();

// Parsers of the changes, one file each. They ask for all of their parameters and leave the mask.
[[nodiscard]] std::shared_ptr<const MaskChange> parse_shift(JsonObject& parameters);
[[nodiscard]] std::shared_ptr<const MaskChange> parse_crop(JsonObject& parameters);
[[nodiscard]] std::shared_ptr<const MaskChange> parse_per_document(JsonObject& parameters);
[[nodiscard]] std::shared_ptr<const MaskChange> parse_permute(JsonObject& parameters);

}  // namespace longscope
