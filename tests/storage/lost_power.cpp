// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/storage/lost_power.h"

#include <algorithm>
#include <set>

namespace longscope {

namespace {

using Kind = DiskOperation::Kind;
using Names = std::map<std::string, int>;

std::size_t up_to(std::size_t most, std::mt19937_64& chance) {
    return std::uniform_int_distribution<std::size_t>(0, most)(chance);
}

bool one_in(std::size_t n, std::mt19937_64& chance) {
    return up_to(n - 1, chance) == 0;
}

void grow(std::string& content, std::size_t size, bool garbage, std::mt19937_64& chance) {
    while (content.size() < size) {
        content.push_back(garbage ? static_cast<char>(chance()) : '\0');
    }
}

void apply(const DiskOperation& operation, std::string& content) {
    const auto offset = static_cast<std::size_t>(operation.offset);
    if (operation.kind == Kind::truncate) {
        content.resize(offset);
        return;
    }
    content.resize(std::max(content.size(), offset + operation.bytes.size()));
    content.replace(offset, operation.bytes.size(), operation.bytes);
}

// All sectors of a write, or each by chance.
void apply_sectors(const DiskOperation& operation, std::string& content, bool all, bool garbage,
                   std::mt19937_64& chance) {
    const auto offset = static_cast<std::size_t>(operation.offset);
    const std::size_t end = offset + operation.bytes.size();
    grow(content, end, garbage, chance);
    for (std::size_t begin = offset; begin < end;) {
        const std::size_t next = std::min(end, (begin / sector_bytes + 1) * sector_bytes);
        if (all || one_in(2, chance)) {
            content.replace(begin, next - begin, operation.bytes, begin - offset, next - begin);
        }
        begin = next;
    }
}

struct File {
    std::string synced;
    std::vector<const DiskOperation*> later;
};

std::string after_loss(const File& file, std::mt19937_64& chance) {
    std::string content = file.synced;
    const bool garbage = one_in(2, chance);
    const std::size_t manner = up_to(3, chance);
    const std::size_t kept = manner == 0 ? up_to(file.later.size(), chance) : file.later.size();
    for (std::size_t i = 0; i < kept; ++i) {
        const DiskOperation& operation = *file.later[i];
        // 0: in order up to some write, which is torn; 1: all but a few; 2: few; 3: each at random.
        const bool whole = manner == 0   ? i + 1 < kept
                           : manner == 1 ? !one_in(8, chance)
                           : manner == 2 ? one_in(8, chance)
                                         : one_in(2, chance);
        if (operation.kind == Kind::write && (whole || one_in(2, chance))) {
            apply_sectors(operation, content, whole, garbage, chance);
        } else if (operation.kind == Kind::truncate && whole) {
            apply(operation, content);
        }
    }
    return content;
}

void apply(const DiskOperation& operation, Names& names) {
    if (operation.kind == Kind::create) {
        names[operation.name] = operation.file;
    } else if (operation.kind == Kind::remove) {
        names.erase(operation.name);
    } else if (const auto from = names.find(operation.name); from != names.end()) {
        names[operation.new_name] = from->second;
        names.erase(operation.name);
    }
}

// Either as a file system with a journal does, the first changes up to some, or each name by itself.
Names after_loss(Names names, const std::vector<const DiskOperation*>& later, std::mt19937_64& chance) {
    if (one_in(2, chance)) {
        const std::size_t kept = up_to(later.size(), chance);
        std::for_each_n(later.begin(), kept, [&](const DiskOperation* operation) { apply(*operation, names); });
        return names;
    }
    std::set<std::string> stopped;
    for (const DiskOperation* operation : later) {
        const std::string& name = operation->kind == Kind::rename ? operation->new_name : operation->name;
        if (stopped.count(name) == 0 && one_in(2, chance)) {
            stopped.insert(name);
        }
        if (stopped.count(name) == 0) {
            apply(*operation, names);
        }
    }
    return names;
}

}  // namespace

std::map<std::string, std::string> files_after_loss(const std::vector<DiskOperation>& log, std::size_t done,
                                                    std::mt19937_64& chance) {
    std::map<int, File> files;
    Names names;
    std::vector<const DiskOperation*> later;
    for (std::size_t i = 0; i < done; ++i) {
        const DiskOperation& operation = log[i];
        switch (operation.kind) {
            case Kind::write:
            case Kind::truncate:
                files[operation.file].later.push_back(&operation);
                break;
            case Kind::sync:
                for (const DiskOperation* earlier : files[operation.file].later) {
                    apply(*earlier, files[operation.file].synced);
                }
                files[operation.file].later.clear();
                break;
            case Kind::create:
            case Kind::remove:
            case Kind::rename:
                later.push_back(&operation);
                break;
            case Kind::sync_folder:
                for (const DiskOperation* earlier : later) {
                    apply(*earlier, names);
                }
                later.clear();
                break;
        }
    }
    std::map<std::string, std::string> contents;
    for (const auto& [name, file] : after_loss(std::move(names), later, chance)) {
        contents[name] = after_loss(files[file], chance);
    }
    return contents;
}

}  // namespace longscope
