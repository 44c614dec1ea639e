// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/peers/work_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>

#include "engine/base/error.h"

namespace longscope {

WorkFolder::WorkFolder() {
    std::error_code unknown;
    std::string pattern = (std::filesystem::temp_directory_path(unknown) / "longscope-XXXXXX").string();
    if (unknown || mkdtemp(pattern.data()) == nullptr) {
        throw failed(pattern + ": cannot make a folder: " + (unknown ? unknown.message() : system_error_text(errno)));
    }
    path_ = pattern;
}

WorkFolder::~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace longscope
