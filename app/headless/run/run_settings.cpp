// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/run_settings.h"

#include <CLI/CLI.hpp>

#include "app/headless/data_folder.h"

namespace longscope {

CLI::Validator given() {
    return {[](const std::string& text) { return text.empty() ? std::string("needs a value") : std::string(); }, ""};
}

void add_run_settings(CLI::App& verb, RunSettings& settings) {
    verb.add_option("--db", settings.database,
                    "Result database; made when missing (default: " + default_database_path().string() + ")")
        ->check(given());
    verb.add_option("--launcher", settings.launcher, "mpirun: a process a rank; threads: all in one process")
        ->capture_default_str();
    verb.add_option("--hosts", settings.places.hosts,
                    "Nodes that ranks run on, with how many each: node1:4,node2:4 (default: this machine)")
        ->check(given());
    verb.add_option("--remote-shell", settings.places.remote_shell,
                    "Command that reaches them, called as COMMAND HOST WORDS ... (default: ssh)")
        ->check(given());
    verb.add_option("--progress", settings.progress, "text for people, jsonl for programs (one JSON object a line)")
        ->check(CLI::IsMember({"text", "jsonl"}))
        ->capture_default_str();
    verb.add_option("--theme", settings.theme, "Of the pictures: light or dark")->capture_default_str();
    verb.add_option("--pictures", settings.pictures, "What the pictures are stored as: png, svg or pdf")
        ->check(CLI::IsMember({"png", "svg", "pdf"}))
        ->capture_default_str();
    verb.add_option("--stall-timeout", settings.stall_seconds,
                    "Seconds without news after which the run is given up; 0: never")
        ->check(given())
        ->capture_default_str();
    verb.add_option("--max-events", settings.max_events,
                    "Events that each rank keeps of a repetition, the longest ones; 0: 500,000 among all ranks")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{10'000'000}))
        ->type_name("N")
        ->capture_default_str();
}

}  // namespace longscope
