// SPDX-License-Identifier: GPL-3.0-or-later
// A folder for files that are passed to a child process, removed with all its content at the end.
#pragma once

#include <filesystem>

namespace longscope {

class WorkFolder {
  public:
    // In the system's folder of temporary files. Throws Error(failed).
    WorkFolder();
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    WorkFolder(WorkFolder&&) = delete;
    WorkFolder& operator=(WorkFolder&&) = delete;
    ~WorkFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace longscope
