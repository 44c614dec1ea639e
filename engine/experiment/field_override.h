// SPDX-License-Identifier: GPL-3.0-or-later
// A field of an experiment that the user sets beside its document, as options of the command line do.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/json.h"

namespace longscope {

// A field that the user sets from outside: "layout.ranks" to 8. Fields on the way that are missing are made.
struct FieldOverride {
    std::string field;
    Json value;
};

// Throws Error(bad_input) when a name on the way is empty or lies inside of what is not an object.
void set_field(Json& document, const FieldOverride& change);

}  // namespace longscope
