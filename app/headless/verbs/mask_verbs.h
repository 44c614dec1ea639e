// SPDX-License-Identifier: GPL-3.0-or-later
// What the verb "mask" can do, one file each.
#pragma once

#include "app/headless/verbs/verb.h"

namespace longscope {

void declare_mask_leaves(CLI::App& verb, VerbAction& action);
void declare_mask_orders(CLI::App& verb, VerbAction& action);
void declare_mask_presets(CLI::App& verb, VerbAction& action);
void declare_mask_show(CLI::App& verb, VerbAction& action);
void declare_mask_stats(CLI::App& verb, VerbAction& action);
void declare_mask_render(CLI::App& verb, VerbAction& action);
void declare_mask_convert(CLI::App& verb, VerbAction& action);
void declare_mask_code(CLI::App& verb, VerbAction& action);
void declare_mask_diff(CLI::App& verb, VerbAction& action);

}  // namespace longscope
