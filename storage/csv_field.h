// SPDX-License-Identifier: GPL-3.0-or-later
// Fields of CSV files (RFC 4180), the same in every export.
#pragma once

#include <cstdint>
#include <string>

namespace longscope {

// Quoted only where RFC 4180 asks for it.
[[nodiscard]] std::string csv_field(const std::string& text);
// The shortest text that reads back as the same number, '.' as decimal point; NaN is an empty field.
[[nodiscard]] std::string csv_field(double value);
[[nodiscard]] std::string csv_field(std::int64_t value);

}  // namespace longscope
