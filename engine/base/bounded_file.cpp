// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/bounded_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/atomic_file.h"
#include "engine/base/error.h"
#include "engine/base/file_descriptor.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

Error cannot_read(const std::filesystem::path& path, int error_number) {
    return {ErrorKind::bad_input,
            fmt::format("{}: cannot read: {}", one_line(path.string(), 500), system_error_text(error_number))};
}

}  // namespace

std::int64_t regular_file_size(int descriptor, const std::filesystem::path& path) {
    struct stat status {};
    if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
        throw cannot_read(path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        throw bad_input(path.string(), S_ISDIR(status.st_mode) ? "a folder" : "a special file", "cannot be read",
                        "a regular file");
    }
    return status.st_size;
}

std::string read_bounded_file(const std::filesystem::path& path, std::int64_t max_bytes) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const std::int64_t size = regular_file_size(file.get(), path);
    if (size > max_bytes) {
        throw bad_input(path.string(), format_bytes(size), "is too large",
                        fmt::format("at most {}", format_bytes(max_bytes)));
    }
    std::string content(static_cast<std::size_t>(size), '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw cannot_read(path, errno);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
    AtomicFile file(path);
    file.stream().write(content.data(), static_cast<std::streamsize>(content.size()));
    file.commit();
}

}  // namespace longscope
