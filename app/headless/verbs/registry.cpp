// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/verbs/verb.h"

namespace longscope {

const std::vector<VerbEntry>& verbs() {
    static const std::vector<VerbEntry> entries{
        {"devices", "lists the backends and what they run on", declare_devices},
        {"mask", "counts and draws masks", declare_mask},
    };
    return entries;
}

}  // namespace longscope
