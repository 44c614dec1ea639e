// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <sstream>

namespace longscope {

namespace {

// The kernel cuts the name of a program after this many bytes.
constexpr std::size_t max_name_bytes = 15;

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};

}  // namespace

std::string text_or_nothing(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return "";
    }
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t got = read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            close(descriptor);
            return got == 0 ? text : "";  // ESRCH: the process went after it was opened
        }
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

std::string process_text(pid_t process, std::string_view file) {
    return text_or_nothing("/proc/" + std::to_string(process) + "/" + std::string(file));
}

std::vector<pid_t> all_processes() {
    std::vector<pid_t> found;
    const std::unique_ptr<DIR, CloseFolder> folder(opendir("/proc"));
    while (const struct dirent* entry = folder == nullptr ? nullptr : readdir(folder.get())) {
        const std::string_view name = entry->d_name;
        if (name.find_first_not_of("0123456789") == std::string_view::npos) {
            found.push_back(static_cast<pid_t>(std::atol(entry->d_name)));
        }
    }
    return found;
}

std::optional<ChildCount> count_children(pid_t parent, std::string_view program) {
    if (process_text(getpid(), "stat").empty()) {
        return std::nullopt;
    }
    const std::string_view name = program.substr(0, max_name_bytes);
    ChildCount count;
    for (const pid_t process : all_processes()) {
        // "number (name) state parent ..."; a name may hold blanks and brackets.
        const std::string text = process_text(process, "stat");
        const std::size_t begin = text.find('(');
        const std::size_t end = text.rfind(')');
        if (end == std::string::npos || std::string_view(text).substr(begin + 1, end - begin - 1) != name) {
            continue;
        }
        char state = 0;
        pid_t its_parent = 0;
        std::istringstream rest(text.substr(end + 1));
        rest >> state >> its_parent;
        if (its_parent == parent) {
            ++(state == 'Z' || state == 'X' ? count.ended : count.living);
        }
    }
    return count;
}

}  // namespace longscope
