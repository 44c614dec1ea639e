// SPDX-License-Identifier: GPL-3.0-or-later
// Validation against the part of JSON Schema (draft 2020-12) that our schemas use. A keyword that is not understood is
// an error of the schema, never ignored. Unlike the standard, 1.0 is not an integer.
#pragma once

#include <string>

#include "engine/base/json.h"

namespace longscope {

// Empty when valid, else what does not fit: "/shape/batch: above the maximum 1".
// Throws std::logic_error when the schema uses an unknown keyword.
[[nodiscard]] std::string schema_violation(const Json& instance, const Json& root);

// The schema that a "$ref" names, or the schema itself.
[[nodiscard]] const Json& resolved_schema(const Json& schema, const Json& root);

}  // namespace longscope
