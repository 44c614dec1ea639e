// SPDX-License-Identifier: GPL-3.0-or-later
// Puts in front of a message where it happened: the file, or the field that named the file.
#pragma once

#include <string>

#include "engine/base/error.h"

namespace longscope {

template <typename Action>
auto in_context(const std::string& context, const Action& action) {
    try {
        return action();
    } catch (const Error& error) {
        throw Error(error.kind(), context + ": " + error.what());
    }
}

}  // namespace longscope
