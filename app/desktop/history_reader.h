// SPDX-License-Identifier: GPL-3.0-or-later
// The runs of a database that match the filter, for the chart of runs, read on another thread; only the newest answer
// is given.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "app/desktop/main_window.h"
#include "storage/run_page.h"

namespace longscope {

class MainWindow::HistoryReader {
  public:
    void read(const std::filesystem::path& database, const std::string& filter,
              std::function<void(std::vector<RunRow>)> deliver) {
        job_.start(
            [database, filter](const std::atomic<bool>&) {
                Database file(database, OpenMode::read_only);
                RunPages pages(file);
                pages.refresh();
                RunQuery query;
                query.filter = filter;
                query.descending = true;
                return pages.page(query, 0, most_runs);
            },
            std::move(deliver),
            // The table of runs says what is wrong with the database.
            [](const std::exception_ptr&) {});
    }

  private:
    static constexpr std::int64_t most_runs = 2000;
    LatestJob<std::vector<RunRow>> job_;
};

}  // namespace longscope
