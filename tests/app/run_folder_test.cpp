// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/run_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "engine/base/bounded_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class RunFolderTest : public testing::Test {
  protected:
    TemporaryFolder temporary_;
    std::filesystem::path path_ = temporary_.path() / "a" / "b";
};

TEST_F(RunFolderTest, IsMadeWithTheFoldersAboveIt) {
    const RunFolder folder(path_);
    EXPECT_TRUE(std::filesystem::is_directory(path_));
    EXPECT_EQ(folder.path(), path_);
    EXPECT_EQ(folder.experiment(), path_ / "experiment.json");
}

TEST_F(RunFolderTest, IsHeldAsLongAsTheObjectLives) {
    auto folder = std::make_unique<RunFolder>(path_);
    EXPECT_FALSE(is_abandoned(path_.string()));
    EXPECT_FALSE(is_abandoned(path_.string())) << "asking changes nothing";
    expect_error(ErrorKind::failed, {path_.string(), "cannot lock"}, [&] { const RunFolder second(path_); });
    EXPECT_FALSE(is_abandoned(path_.string())) << "trying changes nothing";
    folder.reset();
    EXPECT_TRUE(is_abandoned(path_.string()));
    const RunFolder again(path_);
    EXPECT_FALSE(is_abandoned(path_.string()));
}

TEST_F(RunFolderTest, AMissingFolderIsAbandoned) {
    EXPECT_TRUE(is_abandoned(path_.string()));
    EXPECT_TRUE(is_abandoned(""));
    std::ofstream(temporary_.path() / "file") << "text";
    EXPECT_TRUE(is_abandoned((temporary_.path() / "file").string()));
}

TEST_F(RunFolderTest, TheLogGrows) {
    {
        const RunFolder folder(path_);
        folder.append_log("one\n");
        folder.append_log("two\n");
    }
    const RunFolder again(path_);
    again.append_log("three\n");
    EXPECT_EQ(read_bounded_file(again.log(), 1000), "one\ntwo\nthree\n");
}

TEST_F(RunFolderTest, AFileInTheWayIsNamed) {
    std::ofstream(temporary_.path() / "a") << "text";
    expect_error(ErrorKind::failed, {path_.string(), "cannot make the run folder", "Not a directory"},
                 [&] { const RunFolder folder(path_); });
}

}  // namespace
}  // namespace longscope
