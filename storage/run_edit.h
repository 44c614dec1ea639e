// SPDX-License-Identifier: GPL-3.0-or-later
// What users change of what is stored: tags and notes of runs, and runs and benches that they no longer want.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/database.h"

namespace longscope {

// All of them or none. Throws Error(bad_input) that names a run that is still going on. Experiments and environments
// that nothing refers to any more go too. The file gets smaller only by vacuum().
void delete_runs(Database& database, const std::vector<std::int64_t>& runs,
                 const std::vector<std::int64_t>& benches = {});

// Gives what was freed back to the file system. Waits for readers; throws Error(failed) when they do not end.
void vacuum(Database& database);

// Throws Error(bad_input) for a tag that is empty, longer than 100 characters or has control characters.
void add_tag(Database& database, std::int64_t run, const std::string& tag);
// False when it had none of that name.
bool remove_tag(Database& database, std::int64_t run, const std::string& tag);
// Empty: removes it.
void set_note(Database& database, std::int64_t run, const std::string& text);

}  // namespace longscope
