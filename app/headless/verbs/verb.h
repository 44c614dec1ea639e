// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs of longscope-engine. To add one: a file with its function, one line in registry.cpp, one test, one doc
// line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string_view>
#include <vector>

namespace longscope {

// What a chosen verb does; returns the exit code. May throw Error.
using VerbAction = std::function<int()>;

struct VerbEntry {
    std::string_view name;
    std::string_view summary;
    // Declares the verb's options on `verb` and, when the verb is chosen, stores what to do in `action`.
    // Both outlive the parsing.
    void (*declare)(CLI::App& verb, VerbAction& action);
};

// The registry, in the order of the help text.
[[nodiscard]] const std::vector<VerbEntry>& verbs();

void declare_run(CLI::App& verb, VerbAction& action);
void declare_runs(CLI::App& verb, VerbAction& action);
void declare_sweep(CLI::App& verb, VerbAction& action);
void declare_thread_ranks(CLI::App& verb, VerbAction& action);
void declare_opencl_devices(CLI::App& verb, VerbAction& action);
void declare_attend(CLI::App& verb, VerbAction& action);
void declare_bench(CLI::App& verb, VerbAction& action);
void declare_compare(CLI::App& verb, VerbAction& action);
void declare_db(CLI::App& verb, VerbAction& action);
void declare_plan(CLI::App& verb, VerbAction& action);
void declare_devices(CLI::App& verb, VerbAction& action);
void declare_strategies(CLI::App& verb, VerbAction& action);
void declare_verify(CLI::App& verb, VerbAction& action);
void declare_mask(CLI::App& verb, VerbAction& action);

}  // namespace longscope
