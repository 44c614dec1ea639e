// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/error.h"

namespace longscope {

namespace {

std::filesystem::path lock_path(const std::filesystem::path& folder) {
    return folder / "lock";
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path path) : path_(std::move(path)) {
    std::error_code error;
    std::filesystem::create_directories(path_, error);
    if (error) {
        throw failed(fmt::format("{}: cannot make the run folder: {}", path_.string(), error.message()));
    }
    lock_ = open(lock_path(path_).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0 || flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        const std::string reason = system_error_text(errno);
        if (lock_ >= 0) {
            close(lock_);
        }
        throw failed(fmt::format("{}: cannot lock: {}", lock_path(path_).string(), reason));
    }
    log_ = open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

RunFolder::~RunFolder() {
    close(lock_);
    if (log_ >= 0) {
        close(log_);
    }
}

void RunFolder::append_log(std::string_view text) const {
    while (log_ >= 0 && !text.empty()) {
        const ssize_t put = write(log_, text.data(), text.size());
        if (put <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(put));
    }
}

bool is_abandoned(const std::string& folder) {
    const int lock = open(lock_path(folder).c_str(), O_RDONLY | O_CLOEXEC);
    if (lock < 0) {
        return errno == ENOENT || errno == ENOTDIR;
    }
    const bool free = flock(lock, LOCK_SH | LOCK_NB) == 0;
    close(lock);
    return free;
}

}  // namespace longscope
