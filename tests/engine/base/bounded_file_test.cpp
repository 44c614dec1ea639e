// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/bounded_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>

#include "engine/base/error.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

TEST(BoundedFile, ReadsBackWhatWasWritten) {
    const TemporaryFolder folder;
    const std::string content("a\0b\nc", 5);
    write_file_atomically(folder.path() / "f", content);
    EXPECT_EQ(read_bounded_file(folder.path() / "f", 5), content);
    write_file_atomically(folder.path() / "f", "new");
    EXPECT_EQ(read_bounded_file(folder.path() / "f", 5), "new");
}

TEST(BoundedFile, RefusesWhatIsTooLargeMissingOrNotAFile) {
    const TemporaryFolder folder;
    write_file_atomically(folder.path() / "f", "123456");
    EXPECT_THROW((void)read_bounded_file(folder.path() / "f", 5), Error);
    EXPECT_THROW((void)read_bounded_file(folder.path() / "missing", 5), Error);
    EXPECT_THROW((void)read_bounded_file(folder.path(), 5), Error);
    EXPECT_THROW((void)read_bounded_file("/dev/zero", 5), Error);
}

// Names of files stand in documents, and may be anything.
TEST(BoundedFile, ErrorsAreOneLineWhateverTheName) {
    const TemporaryFolder folder;
    const std::filesystem::path name = folder.path() / "a\nb\x01" / "c";
    for (const std::function<void()>& access : std::initializer_list<std::function<void()>>{
             [&] { (void)read_bounded_file(name, 5); }, [&] { write_file_atomically(name, "x"); }}) {
        try {
            access();
            FAIL() << "no error";
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find("a b /c: cannot "), std::string::npos) << error.what();
        }
    }
}

TEST(BoundedFile, WritingIntoAMissingFolderFailsWithItsName) {
    const TemporaryFolder folder;
    try {
        write_file_atomically(folder.path() / "none" / "f", "x");
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::failed);
        EXPECT_NE(std::string(error.what()).find("none/f: cannot write: No such file"), std::string::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace longscope
