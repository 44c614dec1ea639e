// SPDX-License-Identifier: GPL-3.0-or-later
// Result databases. An input is one of three things, told by its first byte:
//   'S'  a database file ("SQLite format 3"), as it is;
//   '='  lines "TABLE COLUMN ROW VALUE": values in a database without constraints;
//   else changes to the bytes of a sound database: three bytes with the place, one with the new value, and so on.
#include <SQLiteCpp/SQLiteCpp.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

#include "app/headless/run_report.h"
#include "storage/check.h"
#include "storage/export.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "tests/fuzz/database_seed.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace longscope;

std::string with_changes(std::string file, std::string_view changes) {
    constexpr std::size_t change_bytes = 4;
    for (; changes.size() >= change_bytes; changes.remove_prefix(change_bytes)) {
        std::size_t place = 0;
        for (const char c : changes.substr(0, change_bytes - 1)) {
            place = place * 256 + static_cast<unsigned char>(c);
        }
        file[place % file.size()] = changes[change_bytes - 1];
    }
    return file;
}

class Reader {
  public:
    void read(std::string_view input) {
        // A name of its own each: a journal that one left behind belongs to no other.
        const TemporaryFolder folder;
        const std::filesystem::path file = folder.path() / "input.db";
        const bool values = input.starts_with('=');
        write(file, values                   ? unconstrained_.content()
                    : input.starts_with('S') ? std::string(input)
                                             : with_changes(sound_, input));
        if (values) {
            SQLite::Database forged(file.string(), SQLite::OPEN_READWRITE);
            unconstrained_.set_values(forged, input.substr(1));
        }
        (void)fuzz::accepts([&] {
            Database database(file, OpenMode::read_only);
            (void)fuzz::accepts([&] {
                for (const std::string& problem : check_database(database)) {
                    fuzz::require(!problem.empty(), "a problem has a text");
                }
            });
            (void)fuzz::accepts([&] { show(database); });
        });
    }

  private:
    static void write(const std::filesystem::path& file, const std::string& content) {
        std::ofstream stream(file, std::ios::binary);
        stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    }

    // As the verbs db list, show and export do.
    static void show(Database& database) {
        for (const RunSummary& summary : list_runs(database)) {
            (void)fuzz::accepts([&] {
                (void)resolve_run(database, summary.uuid);
                fuzz::require(!run_report(read_run(database, summary.id)).empty(), "a run has a report");
                std::ostringstream out;
                export_csv(database, summary.id, out);
                export_json(database, summary.id, out);
            });
        }
    }

    TemporaryFolder folder_;
    std::string sound_ = fuzz::sound_database(folder_.path());
    fuzz::UnconstrainedDatabase unconstrained_{folder_.path()};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Reader reader;
    reader.read(fuzz::text_of(data, size));
    return 0;
}
