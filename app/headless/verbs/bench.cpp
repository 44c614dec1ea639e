// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench: what Longscope itself takes, measured on this machine.
#include "app/headless/verbs/bench.h"

#include <nlohmann/json.hpp>

namespace longscope {

Json to_json(const Summary& summary) {
    return {{"min", summary.min},
            {"first_quartile", summary.first_quartile},
            {"median", summary.median},
            {"third_quartile", summary.third_quartile},
            {"max", summary.max}};
}

void add_bench_database_option(CLI::App& verb, std::string& file) {
    verb.add_option("--db", file, "store what was measured in this result database (see db list)")->type_name("FILE");
}

void declare_bench(CLI::App& verb, VerbAction& action) {
    verb.require_subcommand(1);
    declare_bench_attention(
        *verb.add_subcommand("attention", "computes attention, and says what share of the machine's peak that was"),
        action);
    declare_bench_masks(
        *verb.add_subcommand("masks", "compiles masks, counts their pairs and tiles, and says how long it took"),
        action);
}

}  // namespace longscope
