// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/bounded_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/atomic_file.h"
#include "engine/base/error.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

class FileDescriptor {
  public:
    explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    FileDescriptor(FileDescriptor&&) = delete;
    FileDescriptor& operator=(FileDescriptor&&) = delete;
    ~FileDescriptor() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

Error cannot_read(const std::filesystem::path& path, int error_number) {
    return {ErrorKind::bad_input, fmt::format("{}: cannot read: {}", path.string(), system_error_text(error_number))};
}

}  // namespace

std::string read_bounded_file(const std::filesystem::path& path, std::int64_t max_bytes) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) {
        throw cannot_read(path, errno);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        throw cannot_read(path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        throw bad_input(path.string(), S_ISDIR(status.st_mode) ? "a folder" : "a special file", "cannot be read",
                        "a regular file");
    }
    if (status.st_size > max_bytes) {
        throw bad_input(path.string(), format_bytes(status.st_size), "is too large",
                        fmt::format("at most {}", format_bytes(max_bytes)));
    }
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
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
