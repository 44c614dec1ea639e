// SPDX-License-Identifier: GPL-3.0-or-later
// Linked into every test program: what it and the processes that it starts keep for the user (results, and the tile
// sizes that are read from there) has a folder of the build. A result database is touched by reading it, too. What they
// leave in a folder for temporary files when they are killed, as tests of crashes do, goes with that folder.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/support/paths.h"

namespace {

[[maybe_unused]] const int configured =
    setenv("XDG_DATA_HOME", LONGSCOPE_BINARY_DIR "/test-data", 1) + unsetenv("LONGSCOPE_DATA_FOLDER");

class OwnTemporaryFiles {
  public:
    OwnTemporaryFiles() {
        // Ranks find those of the mpirun that started them.
        if (getenv("OMPI_COMM_WORLD_RANK") != nullptr) {
            return;
        }
        std::string pattern = (std::filesystem::temp_directory_path() / "longscope-tests-XXXXXX").string();
        if (mkdtemp(pattern.data()) != nullptr) {
            folder_ = pattern;
            chmod(folder_.c_str(), 0711);  // for tests that become another user; each has a folder of its own in it
            setenv("TMPDIR", folder_.c_str(), 1);
        }
    }
    OwnTemporaryFiles(const OwnTemporaryFiles&) = delete;
    OwnTemporaryFiles& operator=(const OwnTemporaryFiles&) = delete;
    OwnTemporaryFiles(OwnTemporaryFiles&&) = delete;
    OwnTemporaryFiles& operator=(OwnTemporaryFiles&&) = delete;
    ~OwnTemporaryFiles() {
        if (!folder_.empty() && getpid() == owner_) {  // not when a process that a test forked ends
            std::error_code ignored;
            std::filesystem::remove_all(folder_, ignored);
        }
    }

  private:
    pid_t owner_ = getpid();
    std::string folder_;
};

[[maybe_unused]] const OwnTemporaryFiles temporary_files;

}  // namespace
