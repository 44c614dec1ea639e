// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/data_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "engine/base/bounded_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

// Sets a variable, or removes it (nullptr), and puts back what was there.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* before = std::getenv(name)) {
            before_ = before;
        }
        set(value);
    }
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    void set(const char* value) const {
        if (value == nullptr) {
            ::unsetenv(name_);
        } else {
            ::setenv(name_, value, 1);
        }
    }
    const char* name_;
    std::optional<std::string> before_;
};

std::string path_with(const char* own, const char* xdg, const char* home) {
    const Variable a("LONGSCOPE_DATA_FOLDER", own);
    const Variable b("XDG_DATA_HOME", xdg);
    const Variable c("HOME", home);
    return default_database_path().string();
}

TEST(DataFolder, TheFirstVariableThatIsSetDecides) {
    EXPECT_EQ(path_with("own", "/xdg", "/home/u"), "own/results.db");
    EXPECT_EQ(path_with(nullptr, "/xdg", "/home/u"), "/xdg/longscope/results.db");
    EXPECT_EQ(path_with("", "", "/home/u"), "/home/u/.local/share/longscope/results.db");
    EXPECT_EQ(path_with(nullptr, "relative", "/home/u"), "/home/u/.local/share/longscope/results.db");
    EXPECT_EQ(path_with(nullptr, nullptr, nullptr), "longscope-data/results.db");
}

TEST(DataFolder, IsNotTheUsersInTests) {
    EXPECT_EQ(default_database_path(), LONGSCOPE_BINARY_DIR "/test-data/longscope/results.db");
}

TEST(DataFolder, IsMadeWhenAskedFor) {
    const TemporaryFolder folder;
    create_folder_of(folder.path() / "a" / "b" / "results.db");
    create_folder_of(folder.path() / "a" / "b" / "results.db");
    EXPECT_TRUE(std::filesystem::is_directory(folder.path() / "a" / "b"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "a" / "b" / "results.db"));
    write_file_atomically(folder.path() / "file", "");
    expect_error(ErrorKind::failed, {"file/x: cannot make the folder: Not a directory"},
                 [&] { create_folder_of(folder.path() / "file" / "x" / "results.db"); });
}

}  // namespace
}  // namespace longscope
