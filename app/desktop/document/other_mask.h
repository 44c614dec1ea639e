// SPDX-License-Identifier: GPL-3.0-or-later
// A mask that the experiment's is compared with: where it comes from, and what it is over the experiment's tokens.
#pragma once

#include <QString>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "engine/mask/expression.h"
#include "engine/mask/leaf.h"
#include "engine/mask/mask.h"
#include "engine/mask/mask_presets.h"

namespace longscope {

struct OtherMask {
    QString name;
    // Over these queries, keys and documents. Called on one other thread at a time. Throws Error.
    std::function<std::unique_ptr<Mask>(const MaskDomain& domain)> over;
};

[[nodiscard]] OtherMask other_mask(const MaskPreset& preset);
[[nodiscard]] OtherMask other_mask(const QString& name, const MaskExpression& mask);
// The mask of an experiment as text, which may be wrong.
[[nodiscard]] OtherMask other_mask(const QString& name, const std::string& experiment);
// A mask in any form, or an experiment, whose mask is taken over the other experiment's tokens. The file is read when
// it is first asked for.
[[nodiscard]] OtherMask other_mask(const std::filesystem::path& file);

}  // namespace longscope
