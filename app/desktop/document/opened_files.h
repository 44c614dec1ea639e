// SPDX-License-Identifier: GPL-3.0-or-later
// Files that the user wants to open, told apart by their content and read as far as needed. For any thread.
#pragma once

#include <QStringList>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/json.h"

namespace longscope {

struct MaskFile;  // app/desktop/document/mask_file.h

// In the order in which they are opened.
enum class FileKind { experiment, lengths, mask, database };

struct OpenedFile {
    std::filesystem::path path;              // absolute
    std::shared_ptr<const Json> experiment;  // the document of an experiment
    std::shared_ptr<const MaskFile> mask;    // of a mask
};

struct OpenedFiles {
    // One of each kind can be open: the first that was asked for.
    std::map<FileKind, OpenedFile> found;
    QStringList problems;  // one line for each file that is not opened
};

// A histogram counts as lengths. Whether a database is one of ours is not looked at.
[[nodiscard]] OpenedFiles read_files(const std::vector<std::filesystem::path>& paths);
// How much read_files() will read: of databases next to nothing.
[[nodiscard]] std::uintmax_t bytes_to_read(const std::vector<std::filesystem::path>& paths);
// A file that must hold lengths or a histogram.
[[nodiscard]] OpenedFiles read_lengths_file(const std::filesystem::path& path);

}  // namespace longscope
