// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <limits>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/base/host.h"
#include "engine/base/json.h"

namespace longscope {

namespace {

std::filesystem::path lock_path(const std::filesystem::path& folder) {
    return folder / "lock";
}

std::filesystem::path state_path(const std::filesystem::path& folder) {
    return folder / "state.json";
}

int open_to_append(const std::filesystem::path& path) {
    return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

void append(int file, std::string_view text) {
    while (file >= 0 && !text.empty()) {
        const ssize_t put = write(file, text.data(), text.size());
        if (put <= 0) {
            return;
        }
        text.remove_prefix(static_cast<std::size_t>(put));
    }
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
    log_ = open_to_append(log());
    progress_ = open_to_append(progress_path(path_));
}

RunFolder::~RunFolder() {
    close(lock_);
    for (const int file : {log_, progress_}) {
        if (file >= 0) {
            close(file);
        }
    }
}

void RunFolder::append_log(std::string_view text) const {
    append(log_, text);
}

void RunFolder::append_progress(std::string_view line) const {
    append(progress_, std::string(line) + "\n");
}

void RunFolder::write_state(const RunFolderState& state) const {
    const Json json{{"longscope_run", 1},   {"run", state.run},         {"uuid", state.uuid},
                    {"state", state.state}, {"message", state.message}, {"database", state.database},
                    {"host", state.host},   {"pid", state.pid}};
    try {
        write_file_atomically(state_path(path_), shown(json) + "\n");
    } catch (const Error&) {
    }
}

std::filesystem::path progress_path(const std::filesystem::path& folder) {
    return folder / "progress.jsonl";
}

RunFolderState read_run_folder_state(const std::filesystem::path& folder) {
    constexpr std::int64_t max_bytes = 1 << 20;
    constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
    const std::filesystem::path file = state_path(folder);
    const Json json = parse_json(read_bounded_file(file, max_bytes), file.string());
    JsonObject object(json, file.string());
    object.integer("longscope_run", 1, 1);
    RunFolderState state;
    state.run = object.integer("run", 1, any);
    state.uuid = object.text("uuid", "a uuid");
    state.state = object.text("state", "the state of a run");
    state.message = object.text("message", "a text");
    state.database = object.text("database", "the name of a file");
    state.host = object.text("host", "the name of a machine");
    state.pid = object.integer("pid", 1, any);
    return state;
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

bool is_abandoned_on(const std::string& folder, const std::string& host) {
    std::error_code ignored;
    return (host == host_name() || std::filesystem::exists(lock_path(folder), ignored)) && is_abandoned(folder);
}

}  // namespace longscope
