// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include "app/headless/verbs/verb.h"

namespace longscope {

void declare_devices(CLI::App& verb, VerbAction& action) {
    verb.callback([&action] {
        action = [] {
            fmt::print("cpu\n");
            return 0;
        };
    });
}

}  // namespace longscope
