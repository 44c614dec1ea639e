// SPDX-License-Identifier: GPL-3.0-or-later
// The text whose hash all ranks compare before they start: everything that their parts of the schedule follow from, and
// the version of the program that derives them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/mask/token_set.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/pass.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

// `layout` is what the experiment says of it.
[[nodiscard]] std::string plan_text(const AttentionShape& shape, const Json& mask, const PackedSequence& sequence,
                                    const Json& layout, const std::vector<TokenSet>& tokens, std::uint64_t input_seed,
                                    Pass pass = Pass::forward);

}  // namespace longscope
