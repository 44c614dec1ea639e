// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/verbs/verb.h"

namespace longscope {

const std::vector<VerbEntry>& verbs() {
    static const std::vector<VerbEntry> entries{
        {"db", "lists, shows and exports stored runs", declare_db},
        {"devices", "lists the backends and what they run on", declare_devices},
    };
    return entries;
}

}  // namespace longscope
