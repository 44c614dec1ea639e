// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/verbs/db.h"

#include "app/headless/data_folder.h"
#include "app/headless/output.h"

namespace longscope {

void add_database_option(CLI::App& verb, std::string& file) {
    file = default_database_path().string();
    verb.add_option("--db", file, "The result database")->type_name("FILE")->capture_default_str();
}

std::optional<std::string> bench_name(const std::string& text) {
    constexpr std::string_view prefix = "bench:";
    return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
}

std::unique_ptr<Database> open_to_read(const std::string& file) {
    auto database = std::make_unique<Database>(file, OpenMode::read_only);
    for (const std::string& notice : database->notices()) {
        write_note(notice);
    }
    return database;
}

void declare_db(CLI::App& verb, VerbAction& action) {
    verb.require_subcommand(1);
    declare_db_list(verb, action);
    declare_db_show(verb, action);
    declare_db_export(verb, action);
    declare_db_render(verb, action);
    declare_db_edit(verb, action);
}

}  // namespace longscope
