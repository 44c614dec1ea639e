// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench: what Longscope itself takes, measured on this machine.
#include "app/headless/verbs/bench.h"

namespace longscope {

void declare_bench(CLI::App& verb, VerbAction& action) {
    verb.require_subcommand(1);
    declare_bench_masks(
        *verb.add_subcommand("masks", "compiles masks, counts their pairs and tiles, and says how long it took"),
        action);
}

}  // namespace longscope
