// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/storage/losing_vfs.h"

#include <sqlite3.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

namespace longscope {

namespace {

using Kind = DiskOperation::Kind;

// SQLite gives the memory for it; the usual layer's own structure follows.
struct File {
    sqlite3_file base;
    int number;

    sqlite3_file* usual() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& ours(sqlite3_file* file) {
    return *reinterpret_cast<File*>(file);
}

sqlite3_vfs* usual_vfs() {
    static sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
    return vfs;
}

// Hands a call on that needs nothing but the usual layer's file.
template <auto member, typename... Arguments>
auto hand_on(sqlite3_file* file, Arguments... arguments) noexcept {
    sqlite3_file* usual = ours(file).usual();
    return (usual->pMethods->*member)(usual, arguments...);
}

void add(sqlite3_file* file, DiskOperation operation) {
    if (ours(file).number >= 0 && LosingVfs::instance().recording()) {
        operation.file = ours(file).number;
        LosingVfs::instance().add(std::move(operation));
    }
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) noexcept {
    add(file, {.kind = Kind::write,
               .offset = offset,
               .bytes = std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))});
    return hand_on<&sqlite3_io_methods::xWrite>(file, bytes, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) noexcept {
    add(file, {.kind = Kind::truncate, .offset = size});
    return hand_on<&sqlite3_io_methods::xTruncate>(file, size);
}

int sync(sqlite3_file* file, int flags) noexcept {
    if (!LosingVfs::instance().recording()) {
        return SQLITE_OK;
    }
    add(file, {.kind = Kind::sync});
    return hand_on<&sqlite3_io_methods::xSync>(file, flags);
}

constexpr sqlite3_io_methods methods_without_shared_memory{
    1,
    hand_on<&sqlite3_io_methods::xClose>,
    hand_on<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    write,
    truncate,
    sync,
    hand_on<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    hand_on<&sqlite3_io_methods::xLock, int>,
    hand_on<&sqlite3_io_methods::xUnlock, int>,
    hand_on<&sqlite3_io_methods::xCheckReservedLock, int*>,
    hand_on<&sqlite3_io_methods::xFileControl, int, void*>,
    hand_on<&sqlite3_io_methods::xSectorSize>,
    hand_on<&sqlite3_io_methods::xDeviceCharacteristics>,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

constexpr sqlite3_io_methods methods_with_shared_memory() {
    sqlite3_io_methods methods = methods_without_shared_memory;
    methods.iVersion = 2;
    methods.xShmMap = hand_on<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>;
    methods.xShmLock = hand_on<&sqlite3_io_methods::xShmLock, int, int, int>;
    methods.xShmBarrier = hand_on<&sqlite3_io_methods::xShmBarrier>;
    methods.xShmUnmap = hand_on<&sqlite3_io_methods::xShmUnmap, int>;
    return methods;
}

constexpr sqlite3_io_methods with_shared_memory = methods_with_shared_memory();

int open_file(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* out_flags) noexcept {
    file->pMethods = nullptr;
    const bool existed = name != nullptr && std::filesystem::exists(name);
    const int result = usual_vfs()->xOpen(usual_vfs(), name, ours(file).usual(), flags, out_flags);
    if (result == SQLITE_OK) {
        LosingVfs& vfs = LosingVfs::instance();
        file->pMethods = vfs.shared_memory() ? &with_shared_memory : &methods_without_shared_memory;
        ours(file).number = name == nullptr ? -1 : vfs.open(name, existed);
    }
    return result;
}

int remove_file(sqlite3_vfs* /*vfs*/, const char* name, int sync_folder) noexcept {
    LosingVfs::instance().remove(name);
    return usual_vfs()->xDelete(usual_vfs(), name, LosingVfs::instance().recording() ? sync_folder : 0);
}

// The usual layer opens a folder for one purpose, to sync it: this is how it is known when it does.
using OpenFolder = int (*)(const char*, int*);
OpenFolder usual_open_folder() {
    static const auto function =
        reinterpret_cast<OpenFolder>(usual_vfs()->xGetSystemCall(usual_vfs(), "openDirectory"));
    return function;
}

int open_folder(const char* name, int* descriptor) noexcept {
    if (LosingVfs::instance().recording()) {
        LosingVfs::instance().add({.kind = Kind::sync_folder});
    }
    return usual_open_folder()(name, descriptor);
}

}  // namespace

LosingVfs& LosingVfs::instance() {
    static LosingVfs vfs;
    return vfs;
}

LosingVfs::LosingVfs() {
    static sqlite3_vfs vfs{};
    if (sqlite3_initialize() != SQLITE_OK || usual_vfs() == nullptr || usual_open_folder() == nullptr) {
        std::abort();
    }
    vfs = *usual_vfs();
    vfs.zName = "losing";
    vfs.pNext = nullptr;
    vfs.szOsFile = static_cast<int>(sizeof(File)) + usual_vfs()->szOsFile;
    vfs.xOpen = open_file;
    vfs.xDelete = remove_file;
    usual_vfs()->xSetSystemCall(usual_vfs(), "openDirectory", reinterpret_cast<sqlite3_syscall_ptr>(open_folder));
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) {
        std::abort();
    }
}

bool LosingVfs::in_folder(const std::filesystem::path& path) const {
    return recording_ && path.parent_path() == folder_;
}

void LosingVfs::record(const std::filesystem::path& folder) {
    folder_ = folder;
    log_.clear();
    numbers_.clear();
    recording_ = true;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream stream(entry.path(), std::ios::binary);
        const int number = open(entry.path().c_str(), false);
        add({.kind = Kind::write,
             .file = number,
             .bytes = std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>())});
        add({.kind = Kind::sync, .file = number});
    }
    add({.kind = Kind::sync_folder});
}

std::vector<DiskOperation> LosingVfs::stop() {
    recording_ = false;
    return std::move(log_);
}

void LosingVfs::note_rename(const std::string& name, const std::string& new_name) {
    numbers_[new_name] = numbers_.at(name);
    numbers_.erase(name);
    add({.kind = Kind::rename, .name = name, .new_name = new_name});
}

int LosingVfs::open(const char* path, bool existed) {
    if (!in_folder(path)) {
        return -1;
    }
    const std::string name = std::filesystem::path(path).filename().string();
    if (!existed) {
        numbers_[name] = next_number_++;
        add({.kind = Kind::create, .file = numbers_[name], .name = name});
    }
    return numbers_.at(name);
}

void LosingVfs::add(DiskOperation operation) {
    log_.push_back(std::move(operation));
}

void LosingVfs::remove(const char* path) {
    if (in_folder(path)) {
        add({.kind = Kind::remove, .name = std::filesystem::path(path).filename().string()});
    }
}

}  // namespace longscope
