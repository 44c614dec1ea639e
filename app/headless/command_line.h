// SPDX-License-Identifier: GPL-3.0-or-later
// The command line of longscope-engine.
#pragma once

namespace longscope {

// Exit codes of every verb.
inline constexpr int exit_done = 0;
inline constexpr int exit_bad_input = 2;
inline constexpr int exit_failed = 3;
inline constexpr int exit_interrupted = 130;

// Parses, runs the chosen verb and returns the exit code. Every error becomes one line on standard error.
int run_command_line(int argc, const char* const* argv);

}  // namespace longscope
