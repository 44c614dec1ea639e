// SPDX-License-Identifier: GPL-3.0-or-later
// What one rank did, line by line with the time, in rank-N.log beside the experiment it was started with.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace longscope {

class RankLog {
  public:
    // Where the folder is not there, as on a machine that does not share it, nothing is written.
    RankLog(const std::filesystem::path& experiment_file, int rank);
    void line(std::string_view text);

  private:
    std::ofstream file_;
};

}  // namespace longscope
