// SPDX-License-Identifier: GPL-3.0-or-later
// Registries are tables of entries with a name: finding one, and listing them all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"

namespace longscope {

template <typename Entry>
[[nodiscard]] std::vector<std::string> names_of(const std::vector<Entry>& entries) {
    std::vector<std::string> names;
    for (const Entry& entry : entries) {
        names.emplace_back(entry.name);
    }
    return names;
}

// Throws Error(bad_input): "FIELD: NAME is not WHAT; accepted: ...".
template <typename Entry>
[[nodiscard]] const Entry& find_entry(const std::vector<Entry>& entries, std::string_view name, std::string_view field,
                                      std::string_view what) {
    std::string names;
    for (const Entry& entry : entries) {
        if (entry.name == name) {
            return entry;
        }
        names += (names.empty() ? "" : ", ") + std::string(entry.name);
    }
    throw bad_input(field, name, "is not " + std::string(what), names);
}

}  // namespace longscope
