// SPDX-License-Identifier: GPL-3.0-or-later
// Expectations on the one clear line that an error gives.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/error.h"

namespace longscope {

// Runs `action`, which must throw Error of this kind with a one-line message that holds every part.
template <typename Action>
void expect_error(ErrorKind kind, const std::vector<std::string>& parts, const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        const std::string message = error.what();
        EXPECT_EQ(to_string(error.kind()), to_string(kind)) << message;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        for (const std::string& part : parts) {
            EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' is not in: " << message;
        }
        return;
    }
    ADD_FAILURE() << "no error; expected " << to_string(kind);
}

}  // namespace longscope
