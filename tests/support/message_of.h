// SPDX-License-Identifier: GPL-3.0-or-later
// The message of the bad input that an action complains of.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "engine/base/error.h"

namespace longscope {

template <typename Action>
[[nodiscard]] std::string message_of(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
        return error.what();
    }
    return "(no error)";
}

}  // namespace longscope
