// SPDX-License-Identifier: GPL-3.0-or-later
// A stored run for other programs.
#pragma once

#include <cstdint>
#include <ostream>

#include "engine/base/json.h"
#include "storage/database.h"

namespace longscope {

// RFC 4180: a header with units in its names, then one row per repetition and rank (per repetition when no rank
// results were stored); '.' as decimal point, UTF-8, lines end in CR LF. A draw's check stands in each of its rows;
// an error that is not a number is an empty field.
void export_csv(Database& database, std::int64_t run, std::ostream& out);

// Everything that is stored about the run: run_to_json with the plans of each draw and the events of each repetition,
// in one consistent view.
[[nodiscard]] Json run_document(Database& database, std::int64_t run);
void export_json(Database& database, std::int64_t run, std::ostream& out);

}  // namespace longscope
