// SPDX-License-Identifier: GPL-3.0-or-later
// Read-only files and folders. Permissions do not bind root: each test runs in a child process that, as root, becomes
// an ordinary user first.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "engine/base/error.h"
#include "storage/database.h"
#include "storage/run_list.h"
#include "storage/run_store.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr unsigned ordinary_user = 65534;

[[noreturn]] void finish(bool good, const std::string& message) {
    std::fputs(message.c_str(), stderr);
    std::fflush(stderr);
    ::_exit(good ? 0 : 1);
}

void become_ordinary() {
    if (::geteuid() == 0 && (::setgid(ordinary_user) != 0 || ::setuid(ordinary_user) != 0)) {
        finish(false, "cannot change the user");
    }
}

// A folder that others may read but not change, with a finished database in it.
class ReadOnlyFolder {
  public:
    ReadOnlyFolder() {
        {
            Database database(file());
            RunStore store(database);
            store_sample_run(store);
        }
        set(0555, 0444);
    }
    ~ReadOnlyFolder() { set(0755, 0644); }
    ReadOnlyFolder(const ReadOnlyFolder&) = delete;
    ReadOnlyFolder& operator=(const ReadOnlyFolder&) = delete;

    [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "results.db"; }
    [[nodiscard]] std::filesystem::path path() const { return folder_.path(); }
    void set(unsigned folder_mode, unsigned file_mode) const {
        std::filesystem::permissions(file(), std::filesystem::perms{file_mode});
        std::filesystem::permissions(path(), std::filesystem::perms{folder_mode});
    }

  private:
    TemporaryFolder folder_;
};

[[noreturn]] void open_as_ordinary(const std::filesystem::path& path, OpenMode mode) {
    become_ordinary();
    try {
        Database database(path, mode);
        finish(true, std::to_string(list_runs(database).size()) + " run");
    } catch (const Error& error) {
        finish(false, std::string(to_string(error.kind())) + ": " + error.what());
    }
}

TEST(PermissionsDeathTest, ANewFileInAReadOnlyFolder) {
    const ReadOnlyFolder folder;
    EXPECT_EXIT(open_as_ordinary(folder.path() / "new.db", OpenMode::create_or_open), testing::ExitedWithCode(1),
                "failed: .*new.db: cannot open the database: Permission denied");
}

TEST(PermissionsDeathTest, WritingToAReadOnlyFile) {
    const ReadOnlyFolder folder;
    EXPECT_EXIT(open_as_ordinary(folder.file(), OpenMode::create_or_open), testing::ExitedWithCode(1),
                "failed: .*results.db: cannot open the database for writing: Permission denied");
}

TEST(PermissionsDeathTest, AFileThatMayNotBeRead) {
    const ReadOnlyFolder folder;
    folder.set(0555, 0000);
    EXPECT_EXIT(open_as_ordinary(folder.file(), OpenMode::read_only), testing::ExitedWithCode(1),
                "failed: .*results.db: cannot open the database: Permission denied");
}

TEST(PermissionsDeathTest, ReadingInAReadOnlyFolderWorks) {
    const ReadOnlyFolder folder;
    EXPECT_EXIT(open_as_ordinary(folder.file(), OpenMode::read_only), testing::ExitedWithCode(0), "1 run");
}

}  // namespace
}  // namespace longscope
