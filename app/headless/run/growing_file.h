// SPDX-License-Identifier: GPL-3.0-or-later
// A text file that another process appends to.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace longscope {

class GrowingFile {
  public:
    // From its beginning; it must be there.
    explicit GrowingFile(const std::filesystem::path& path) : file_(path) {}

    [[nodiscard]] bool is_open() const { return file_.is_open(); }

    // The next whole line; false when there is none yet.
    bool next(std::string& line) {
        const auto begin = file_.tellg();
        if (file_ && std::getline(file_, line) && !file_.eof()) {
            return true;
        }
        file_.clear();
        file_.seekg(begin);
        return false;
    }

  private:
    std::ifstream file_;
};

}  // namespace longscope
