// SPDX-License-Identifier: GPL-3.0-or-later
// What the gallery of masks lists: every leaf and every preset of the engine's registries.
#pragma once

#include <QString>
#include <string>
#include <vector>

#include "engine/mask/leaf.h"
#include "engine/mask/mask_examples.h"
#include "engine/mask/mask_presets.h"

namespace longscope {

struct GalleryEntry {
    // One of them; the registries live as long as the program.
    const LeafEntry* leaf = nullptr;
    const MaskPreset* preset = nullptr;

    [[nodiscard]] QString name() const;
    [[nodiscard]] QString kind() const;        // "leaf", "preset"
    [[nodiscard]] QString meaning() const;     // one line
    [[nodiscard]] QString definition() const;  // a predicate, or how leaves are joined
    [[nodiscard]] QString source() const;
    [[nodiscard]] QString rich_text() const;  // all of it, with the parameters
    // As in a document, to begin with.
    [[nodiscard]] std::string expression() const;
    [[nodiscard]] MaskExample example() const;
};

[[nodiscard]] std::vector<GalleryEntry> gallery_entries();

}  // namespace longscope
