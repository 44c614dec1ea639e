// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "engine/base/error.h"

namespace longscope {

void write_output(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        throw failed(fmt::format("standard output: cannot write: {}", system_error_text(errno)));
    }
}

void write_error(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

void write_note(std::string_view text) {
    write_error(fmt::format("longscope-engine: note: {}\n", text));
}

}  // namespace longscope
