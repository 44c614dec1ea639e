// SPDX-License-Identifier: GPL-3.0-or-later
// Layers of the mask that are hidden are no part of it: they are kept beside it in the document, under "editor", for
// whoever opens it in a window again.
#pragma once

#include "engine/base/json.h"
#include "engine/mask/mask_stack.h"

namespace longscope {

// The mask of the document becomes that of the stack's visible layers; hidden ones are kept.
void put_stack(Json& document, const MaskStack& stack);

// The layers of the document's mask, with the hidden ones that belong to it.
[[nodiscard]] MaskStack stack_of(const Json& document);

}  // namespace longscope
