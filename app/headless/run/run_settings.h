// SPDX-License-Identifier: GPL-3.0-or-later
// What the verbs that run experiments let the user choose beside the experiment.
#pragma once

#include <cstdint>
#include <string>

#include "app/headless/run/launcher.h"

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace longscope {

struct RunSettings {
    std::string database;  // empty: the default place
    std::string launcher = "mpirun";
    std::string progress = "text";
    std::string theme = "light";
    std::string pictures = "png";
    double stall_seconds = 600;
    std::int64_t max_events = 0;
    LaunchPlaces places;
};

// `settings` outlives the parsing.
void add_run_settings(CLI::App& verb, RunSettings& settings);

// Refuses an empty value, as of a variable that is not set: it must not mean the default.
[[nodiscard]] CLI::Validator given();

}  // namespace longscope
