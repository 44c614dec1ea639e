// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/worker/rank_log.h"

#include <fmt/format.h>

#include "engine/base/clock.h"

namespace longscope {

RankLog::RankLog(const std::filesystem::path& experiment_file, int rank)
    : file_(experiment_file.parent_path() / fmt::format("rank-{}.log", rank), std::ios::app) {}

void RankLog::line(std::string_view text) {
    file_ << utc_now_text() << ' ' << text << '\n' << std::flush;
}

}  // namespace longscope
