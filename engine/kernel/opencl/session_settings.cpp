// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/session_settings.h"

#include <cstdlib>
#include <string>

#include "engine/base/error.h"

namespace longscope::opencl {

namespace {

std::string value_of(const char* variable) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return value == nullptr ? "" : value;
}

}  // namespace

Nanoseconds asked_watchdog_ns() {
    constexpr double usual_seconds = 60.0;
    constexpr double most_seconds = 1e6;
    const std::string text = value_of(watchdog_variable);
    if (text.empty()) {
        return static_cast<Nanoseconds>(usual_seconds * 1e9);
    }
    char* end = nullptr;
    const double seconds = std::strtod(text.c_str(), &end);
    if (end != text.c_str() + text.size() || !(seconds > 0.0) || seconds > most_seconds) {
        throw bad_input(watchdog_variable, text, "is no time that a kernel may take", "seconds, more than 0, to 1e6");
    }
    return static_cast<Nanoseconds>(seconds * 1e9);
}

bool asks_for_copies() {
    const std::string text = value_of(memory_variable);
    if (!text.empty() && text != "shared" && text != "copied") {
        throw bad_input(memory_variable, text, "says nothing about the memory of devices", "shared, copied");
    }
    return text == "copied";
}

}  // namespace longscope::opencl
