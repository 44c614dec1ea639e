// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/window_request.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/headless/command_line.h"
#include "app/headless/output.h"
#include "engine/base/version.h"

namespace longscope {

std::optional<int> read_window_request(int argc, const char* const* argv, WindowRequest& request) {
    CLI::App app{"The window of Longscope: composes, runs and looks at long-context attention configurations.",
                 "longscope"};
    app.set_version_flag("--version",
                         fmt::format("longscope {} ({}, {})", version_text(), revision_text(), compiler_text()));
    app.add_option("FILE", request.files,
                   "Experiments, lengths files, histograms of lengths, masks, result databases (.db)")
        ->type_name("");
    app.add_option("--db", request.database, "Store runs in this database")->type_name("FILE");
    app.footer(
        "Without a display, longscope-engine does the same from the command line.\n"
        "Exit codes: 0 done, 2 bad input or no display, 3 failed.");
    try {
        app.parse(argc, argv);
        return std::nullopt;
    } catch (const CLI::Success& wanted) {  // --help, --version
        return app.exit(wanted);
    } catch (const CLI::ParseError& error) {
        write_error(fmt::format("longscope: {} (see --help)\n", error.what()));
        return exit_bad_input;
    }
}

}  // namespace longscope
