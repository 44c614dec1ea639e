// SPDX-License-Identifier: GPL-3.0-or-later
// What a disk may hold after a loss of power, from the list of all that was asked of it before. Only what was synced
// is sure: of later writes each is there, lost or torn between sectors, a file that grew may have got the room but not
// the content, and a file's name is sure only once its folder was synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace longscope {

struct DiskOperation {
    enum class Kind { create, write, truncate, sync, remove, rename, sync_folder };
    Kind kind{};
    int file = -1;              // create, write, truncate, sync: a number for each file that was made
    std::string name = {};      // create, remove, rename: in the folder
    std::string new_name = {};  // rename
    std::int64_t offset = 0;    // write; truncate: the new size
    std::string bytes = {};     // write
};

constexpr std::size_t sector_bytes = 512;

// Contents by name. Power was lost after the first `done` operations of `log`; `chance` decides what had reached the
// disk of those that were not synced.
std::map<std::string, std::string> files_after_loss(const std::vector<DiskOperation>& log, std::size_t done,
                                                    std::mt19937_64& chance);

}  // namespace longscope
