// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "engine/base/error.h"

namespace longscope {

namespace {

Error cannot_write(const std::filesystem::path& path, int error_number) {
    return {ErrorKind::failed,
            fmt::format("{}: cannot write: {}", one_line(path.string(), 500), system_error_text(error_number))};
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path)
    : path_(std::move(path)),
      temporary_(fmt::format("{}.tmp{}", path_.string(), ::getpid())),
      descriptor_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
      stream_(this) {
    if (descriptor_ < 0) {
        throw cannot_write(path_, errno);
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
}

AtomicFile::~AtomicFile() {
    if (descriptor_ >= 0) {
        close();
        ::unlink(temporary_.c_str());
    }
}

void AtomicFile::commit() {
    stream_.flush();
    if (error_number_ == 0 && ::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) {
        error_number_ = errno;
    }
    if (error_number_ == 0) {
        close();
        if (::rename(temporary_.c_str(), path_.c_str()) == 0) {
            return;
        }
        error_number_ = errno;
    }
    close();
    ::unlink(temporary_.c_str());
    throw cannot_write(path_, error_number_);
}

AtomicFile::int_type AtomicFile::overflow(int_type character) {
    if (!write_out()) {
        return traits_type::eof();
    }
    if (!traits_type::eq_int_type(character, traits_type::eof())) {
        sputc(traits_type::to_char_type(character));
    }
    return traits_type::not_eof(character);
}

int AtomicFile::sync() {
    return write_out() ? 0 : -1;
}

bool AtomicFile::write_out() {
    const char* at = pbase();
    while (error_number_ == 0 && at < pptr()) {
        const ssize_t put = ::write(descriptor_, at, static_cast<std::size_t>(pptr() - at));
        if (put >= 0) {
            at += put;
        } else if (errno != EINTR) {
            error_number_ = errno;
        }
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return error_number_ == 0;
}

void AtomicFile::close() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
        descriptor_ = -1;
    }
}

}  // namespace longscope
