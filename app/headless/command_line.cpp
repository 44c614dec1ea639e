// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/command_line.h"

#include <fmt/format.h>

#include <new>

#include "app/headless/output.h"
#include "app/headless/verbs/verb.h"
#include "engine/base/error.h"
#include "engine/base/version.h"

namespace longscope {

namespace {

int exit_code_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::bad_input:
        case ErrorKind::infeasible:
        case ErrorKind::unsupported:
            return exit_bad_input;
        case ErrorKind::cancelled:
            return exit_interrupted;
        case ErrorKind::failed:
        case ErrorKind::out_of_memory:
            return exit_failed;
    }
    return exit_failed;
}

int fail(int code, std::string_view message) {
    write_error(fmt::format("longscope-engine: {}\n", message));
    return code;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
    CLI::App app{"Longscope: long-context attention configurations, run exactly, counted and drawn.",
                 "longscope-engine"};
    app.set_version_flag("--version",
                         fmt::format("longscope {} ({}, {})", version_text(), revision_text(), compiler_text()));
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done, 2 bad input, 3 failed, 130 interrupted. 'longscope-engine VERB --help' tells more.");
    VerbAction action;
    for (const VerbEntry& entry : verbs()) {
        CLI::App* verb = app.add_subcommand(std::string(entry.name), std::string(entry.summary));
        entry.declare(*verb, action);
    }
    try {
        app.parse(argc, argv);
        return action ? action() : exit_done;
    } catch (const CLI::Success& wanted) {  // --help, --version
        return app.exit(wanted);
    } catch (const CLI::ParseError& error) {
        return fail(exit_bad_input, fmt::format("{} (see --help)", error.what()));
    } catch (const Error& error) {
        return fail(exit_code_of(error.kind()), error.what());
    } catch (const std::bad_alloc&) {
        return fail(exit_failed, "out of memory");
    } catch (const std::exception& error) {
        return fail(exit_failed, error.what());
    }
}

}  // namespace longscope
