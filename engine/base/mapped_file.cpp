// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/base/file_descriptor.h"

namespace longscope {

MappedFile::MappedFile(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    size_ = static_cast<std::size_t>(regular_file_size(file.get(), path));
    if (size_ == 0) {
        return;
    }
    void* const map = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
    if (map == MAP_FAILED) {
        throw failed(one_line(path.string(), 500) + ": cannot be mapped: " + system_error_text(errno));
    }
    data_ = static_cast<const std::byte*>(map);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
    if (data_ != nullptr) {
        ::munmap(const_cast<std::byte*>(data_), size_);
    }
}

}  // namespace longscope
