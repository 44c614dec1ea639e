// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/opened_files.h"

#include <QCoreApplication>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "app/desktop/document/mask_file.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/experiment.h"
#include "engine/workload/length_file.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"

namespace longscope {

namespace {

constexpr std::uintmax_t arrays_take_their_time = std::uintmax_t{1} << 30;

bool begins_as_database(const std::filesystem::path& path) {
    constexpr std::string_view magic("SQLite format 3\0", 16);
    std::string head(magic.size(), ' ');
    std::ifstream file(path, std::ios::binary);
    return file.read(head.data(), static_cast<std::streamsize>(head.size())) && head == magic;
}

bool is_database(const std::filesystem::path& path) {
    const std::string suffix = path.extension().string();
    return suffix == ".db" || suffix == ".sqlite" || begins_as_database(path);
}

// Text has no control characters but white space, and is UTF-8.
bool is_text(const std::string& content) {
    constexpr std::size_t enough = 4096;
    const std::string_view head = std::string_view(content).substr(0, enough);
    const bool control = std::any_of(head.begin(), head.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 && std::string_view("\t\n\v\f\r").find(c) == std::string_view::npos;
    });
    // A letter may be cut at the end.
    return !control &&
           QString::fromUtf8(head.data(), static_cast<int>(head.size())).count(QChar(QChar::ReplacementCharacter)) <=
               (content.size() > enough ? 3 : 0);
}

std::pair<FileKind, OpenedFile> read_file(const std::filesystem::path& path) {
    OpenedFile file{std::filesystem::absolute(path), nullptr, nullptr};
    const auto as_mask = [&] {
        file.mask = std::make_shared<const MaskFile>(read_mask_file(path));
        return std::pair(FileKind::mask, std::move(file));
    };
    if (is_database(path)) {
        return {FileKind::database, std::move(file)};
    }
    const std::string suffix = path.extension().string();
    if (suffix == ".safetensors") {
        throw bad_input(path.string(), "tensors", "cannot be shown yet",
                        "an experiment, lengths, a mask or a database; `longscope-engine attend` and `verify` take "
                        "tensors");
    }
    if (suffix == ".npz") {
        throw bad_input(path.string(), "several arrays in one file", "cannot be read",
                        "one .npy file of truth values, or a folder of the arrays of a mask");
    }
    if (may_be_mask_arrays(path)) {
        return as_mask();
    }
    const std::string content = read_bounded_file(path, max_length_file_bytes);
    if (!is_text(content)) {
        throw bad_input(path.string(), "its content", "is no text and no database",
                        "an experiment, lengths, a histogram, a mask or a result database");
    }
    const std::size_t first = content.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && content[first] == '{') {
        Json document = parse_json(content, path.string());
        if (looks_like_experiment(document)) {
            file.experiment = std::make_shared<const Json>(std::move(document));
            return {FileKind::experiment, std::move(file)};
        }
        // A histogram has bins, and one whose bins are wrong is told why.
        const bool bins = document.is_object() && !document.empty() && document.begin().key().front() == '[';
        if (!bins && may_be_mask(document)) {
            return as_mask();
        }
        if (!bins) {
            throw bad_input(path.string(), "its content",
                            "is neither an experiment nor a histogram of lengths nor a mask",
                            "an object with the field longscope_experiment, {\"[a,b)\": weight, ...}, or a mask such "
                            "as {\"causal\": {}}");
        }
    }
    (void)parse_lengths(content, path.string());
    return {FileKind::lengths, std::move(file)};
}

}  // namespace

OpenedFiles read_files(const std::vector<std::filesystem::path>& paths) {
    OpenedFiles opened;
    for (const std::filesystem::path& path : paths) {
        try {
            if (!opened.found.insert(read_file(path)).second) {
                opened.problems << QCoreApplication::translate("OpenedFiles",
                                                               "%1: not opened, one file of its kind is open at a time")
                                       .arg(to_qstring(path.string()));
            }
        } catch (...) {
            opened.problems << error_text(std::current_exception());
        }
    }
    return opened;
}

std::uintmax_t bytes_to_read(const std::vector<std::filesystem::path>& paths) {
    std::uintmax_t bytes = 0;
    for (const std::filesystem::path& path : paths) {
        std::error_code error;
        if (may_be_mask_arrays(path)) {
            bytes += arrays_take_their_time;
            continue;
        }
        const std::uintmax_t file_bytes = is_database(path) ? 0 : std::filesystem::file_size(path, error);
        bytes += error ? 0 : file_bytes;
    }
    return bytes;
}

OpenedFiles read_lengths_file(const std::filesystem::path& path) {
    OpenedFiles opened;
    try {
        (void)read_length_file(path);
        opened.found[FileKind::lengths] = {std::filesystem::absolute(path), nullptr, nullptr};
    } catch (...) {
        opened.problems << error_text(std::current_exception());
    }
    return opened;
}

}  // namespace longscope
