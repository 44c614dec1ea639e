// SPDX-License-Identifier: GPL-3.0-or-later
// What worker processes have in common, however they were started.
#pragma once

#include <filesystem>
#include <functional>

#include "app/headless/worker/message.h"

namespace longscope {

// Writes each message as one line to standard output at once; from any thread. Throws Error(failed) when nobody reads.
void write_message(const Json& message);

// Runs `action`; an error becomes a "failed" message of this rank. Returns the exit code.
int report_errors(int rank, const std::function<void()>& action);

// A worker must not outlive whoever started it: asks the kernel to end it with its parent, and ends the process at once
// when nobody reads its standard output any more, which means that the parent has gone before.
void end_with_parent();

// Ranks as threads of this process. Returns the exit code.
int run_thread_ranks(const std::filesystem::path& experiment_file, int ranks, std::int64_t max_events);

}  // namespace longscope
