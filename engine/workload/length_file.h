// SPDX-License-Identifier: GPL-3.0-or-later
// Reading of lengths from files of the user. Two formats, told apart by content:
//   - one length a line; blank lines and lines that begin with '#' are ignored;
//   - a JSON object {"[a,b)": weight, ...}: a histogram of half-open bins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/workload/length_source.h"

namespace longscope {

inline constexpr std::int64_t max_length_file_bytes = std::int64_t{256} << 20;
inline constexpr std::int64_t max_listed_lengths = 100'000'000;

// Throws Error(bad_input) that begins with the file's name and, for a list, names the line.
[[nodiscard]] LengthSource read_length_file(const std::filesystem::path& path);

// The same, of content that was read from `name`.
[[nodiscard]] LengthSource parse_lengths(std::string_view content, const std::string& name);

// A histogram that stands inside a document as the field `name`.
[[nodiscard]] LengthSource parse_histogram(const Json& value, const std::string& name);

// The document's form of a histogram.
[[nodiscard]] Json to_json(const std::vector<LengthBin>& bins);

}  // namespace longscope
