// SPDX-License-Identifier: GPL-3.0-or-later
// What is edited of stored runs, written to their database. On any thread; they throw Error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace longscope {

// Tags with commas between them: the run has these and no others.
void write_run_tags(const std::filesystem::path& database, std::int64_t run, const std::string& tags);
// Empty: removes it. A note that is longer than the table shows is not replaced by what was seen of it.
void write_run_note(const std::filesystem::path& database, std::int64_t run, const std::string& note);

}  // namespace longscope
