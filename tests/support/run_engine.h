// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a command line of longscope-engine inside the test and keeps what it prints.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/headless/command_line.h"

namespace longscope {

struct EngineRun {
    int code = -1;
    std::string out;
    std::string error;
};

inline EngineRun run_engine(const std::vector<std::string>& arguments) {
    std::vector<const char*> pointers{"longscope-engine"};
    for (const std::string& argument : arguments) {
        pointers.push_back(argument.c_str());
    }
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EngineRun run;
    run.code = run_command_line(static_cast<int>(pointers.size()), pointers.data());
    run.out = testing::internal::GetCapturedStdout();
    run.error = testing::internal::GetCapturedStderr();
    return run;
}

}  // namespace longscope
