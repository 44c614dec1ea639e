// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the verb `db`, one file each.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/headless/verbs/verb.h"
#include "storage/database.h"

namespace longscope {

void declare_db_list(CLI::App& db, VerbAction& action);
void declare_db_show(CLI::App& db, VerbAction& action);
void declare_db_export(CLI::App& db, VerbAction& action);
void declare_db_edit(CLI::App& db, VerbAction& action);
void declare_db_render(CLI::App& db, VerbAction& action);

// Declares --db FILE; `file` gets the default place.
void add_database_option(CLI::App& verb, std::string& file);

inline constexpr const char* stored_name_help =
    "A run's number, its uuid or the beginning of it, or last; the same of a bench after bench:";

// Of "bench:NAME" the name, as resolve_bench takes it; nothing for the name of a run.
[[nodiscard]] std::optional<std::string> bench_name(const std::string& text);

// Opens for reading and says on standard error what a user should know about the file.
[[nodiscard]] std::unique_ptr<Database> open_to_read(const std::string& file);

}  // namespace longscope
