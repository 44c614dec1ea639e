// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever is wrong with what the user gives is said in one line, and nothing is stored.
#include <unistd.h>

#include "app/headless/command_line.h"
#include "engine/base/bounded_file.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

class RunBadInput : public RunFixture {
  protected:
    void expect_refusal(int code, const std::string& part, const std::vector<std::string>& arguments,
                        const EngineProcess::Environment& environment = {}) {
        SCOPED_TRACE(part);
        const EngineEnd end = run_engine_process(arguments, environment);
        EXPECT_EQ(end.status.code, code) << end.text();
        EXPECT_EQ(end.status.signal, 0);
        EXPECT_EQ(end.out, std::vector<std::string>{});
        ASSERT_EQ(end.error.size(), 1U) << end.text();
        EXPECT_EQ(end.error[0].rfind("longscope-engine: ", 0), 0U) << end.error[0];
        EXPECT_NE(end.error[0].find(part), std::string::npos) << end.error[0];
        EXPECT_LE(end.error[0].size(), 400U) << end.error[0];
        EXPECT_EQ(end.error[0].find("longscope-engine", 5), std::string::npos) << end.error[0];
    }
    void expect_bad(const std::string& part, const Json& experiment, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments{"run", put(experiment), "--db", database()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        expect_refusal(exit_bad_input, part, arguments);
        EXPECT_FALSE(std::filesystem::exists(database())) << "nothing is stored";
    }
};

TEST_F(RunBadInput, AWrongField) {
    Json json = small_experiment();
    json["dispatsch"] = 1;
    expect_bad("experiment.json: dispatsch: 1 is an unknown field; accepted: backend", json);
    json = small_experiment();
    json["shape"]["query_heads"] = -4;
    expect_bad("shape.query_heads: -4 is too small", json);
    json = small_experiment();
    json["shape"]["query_heads"] = 3;
    expect_bad("query_heads", json);
    json = small_experiment();
    json["layout"]["strategy"] = "rong";
    expect_bad("layout.strategy: \"rong\" is not known; accepted: ring", json);
    json = small_experiment();
    json["mask"] = {{"window", {{"left", 600}, {"right", 0}}}};
    expect_bad("mask.window.left: 600 is larger than the sequence; accepted: an integer from 0 to 599", json);
}

TEST_F(RunBadInput, AWrongOption) {
    expect_bad("layout.ranks: 0 is too small; accepted: an integer from 1 to", small_experiment(), {"--ranks", "0"});
    expect_bad("layout.ranks: -1 is too small", small_experiment(), {"--ranks", "-1"});
    for (const char* ranks : {"abc", "1.5", "", "99999999999999999999"}) {
        expect_bad("ranks", small_experiment(), {"--ranks", ranks});
    }
    expect_bad("--launcher: slurm is not a launcher; accepted: mpirun, threads", small_experiment(),
               {"--launcher", "slurm"});
    for (const char* hosts : {"a,", ",a", "a b", "a:", "a:x", ":2", "-x", "a:2;b"}) {
        expect_bad(std::string("--hosts: ") + hosts + " is no list of hosts; accepted: HOST or HOST:RANKS",
                   small_experiment(), {std::string("--hosts=") + hosts});
    }
    expect_bad("--hosts: a:2 needs a process a rank; accepted: --launcher mpirun", small_experiment(),
               {"--hosts", "a:2", "--launcher", "threads"});
    expect_bad("--remote-shell: ssh has no hosts to reach; accepted: --hosts with it", small_experiment(),
               {"--remote-shell", "ssh"});
    expect_bad("backend.name: \"gpu\" is not known; accepted: cpu, opencl, reference", small_experiment(),
               {"--backend", "gpu"});
    expect_bad("--theme: pink is not a theme; accepted: light, dark", small_experiment(), {"--theme", "pink"});
    expect_bad("--progress: xml", small_experiment(), {"--progress", "xml"});
    for (const char* seconds : {"-1", "nan", "inf", "1e300", "abc", "-0.001"}) {
        expect_bad("--stall-timeout", small_experiment(), {"--stall-timeout", seconds});
    }
    expect_refusal(exit_bad_input, "FILE is required", {"run"});
    // As a variable of a script that is not set gives it: never the default instead.
    for (const char* option : {"--ranks", "--backend", "--lengths", "--launcher", "--theme", "--stall-timeout"}) {
        expect_bad(option, small_experiment(), {option, ""});
    }
    expect_refusal(exit_bad_input, "--db", {"run", put(small_experiment()), "--db", ""});
}

TEST_F(RunBadInput, AWrongLengthsFile) {
    const auto expect_bad_lengths = [&](const std::string& part, const std::string& text) {
        expect_bad("lengths.txt: line 2: " + part, small_experiment(), {"--lengths", put("lengths.txt", text)});
    };
    expect_bad_lengths("-3 is too small; accepted: one integer from 1 to", "5\n-3\n");
    expect_bad_lengths("99999999999999999999 is too large", "5\n99999999999999999999\n");
    expect_bad_lengths("9223372036854775807 is too large", "5\n9223372036854775807\n");
    expect_bad_lengths("", "5\nfive\n");
    expect_bad("none.txt: cannot read: No such file or directory", small_experiment(),
               {"--lengths", path("none.txt").string()});
    expect_bad("a folder cannot be read", small_experiment(), {"--lengths", path("").string()});
}

TEST_F(RunBadInput, AFileThatIsNoExperiment) {
    for (const char* text : {"", "{", "[]", "null", "{\"[0,5)\": 1.0}", "\177ELF"}) {
        expect_refusal(exit_bad_input, "x.json", {"run", put("x.json", text), "--db", database()});
    }
    expect_refusal(exit_bad_input, "none.json: cannot read", {"run", path("none.json").string()});
    expect_refusal(exit_bad_input, "a folder cannot be read", {"run", path("").string()});
}

TEST_F(RunBadInput, ADatabaseThatIsNotOne) {
    const std::string file = put(small_experiment());
    const auto expect_refused = [&](int code, const std::string& part, const std::string& db) {
        expect_refusal(code, part, {"run", file, "--db", db, "--launcher", "threads"});
    };
    const std::string text = "My notes, which nobody may touch.\n";
    const std::string notes = put("notes.txt", text);
    expect_refused(exit_bad_input, "notes.txt: is not a database; accepted: a result database of longscope", notes);
    EXPECT_EQ(read_bounded_file(notes, 1000), text);
    {
        SQLite::Database other(path("other.db").string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        other.exec("CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
    }
    const std::string before = read_bounded_file(path("other.db"), 1 << 20);
    expect_refused(exit_bad_input, "other.db: ", path("other.db").string());
    EXPECT_EQ(read_bounded_file(path("other.db"), 1 << 20), before);
    expect_refused(exit_bad_input, "the folder", path("missing/r.db").string());
    EXPECT_FALSE(std::filesystem::exists(path("missing")));
    expect_refused(exit_bad_input, "is a folder", path("").string());
    expect_refused(exit_bad_input, "is a special file", "/dev/null");
    expect_refused(exit_failed, "/proc/r.db: cannot open the database", "/proc/r.db");
}

TEST_F(RunBadInput, AFolderThatCannotBeWritten) {
    // Permissions do not bind root: another user then.
    const std::string file = put(small_experiment());
    std::filesystem::create_directory(path("closed"));
    std::filesystem::permissions(path(""), std::filesystem::perms(0755));
    std::filesystem::permissions(path("closed"), std::filesystem::perms(0555));
    std::vector<std::string> command{engine_program(), "run",    file, "--db", path("closed/r.db").string(),
                                     "--launcher",     "threads"};
    if (geteuid() == 0) {
        const EngineEnd reachable = EngineProcess::by({"setpriv", "--reuid", "65534", "--regid", "65534",
                                                       "--clear-groups", engine_program(), "--version"})
                                        .finish();
        if (!reachable.status.good()) {
            GTEST_SKIP() << "another user cannot run " << engine_program();
        }
        command.insert(command.begin(), {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
    }
    EngineProcess engine = EngineProcess::by(command);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find("closed/r.db: cannot open the database"), std::string::npos) << end.text();
    EXPECT_TRUE(std::filesystem::is_empty(path("closed")));
}

TEST_F(RunBadInput, ARunFolderThatCannotBeMade) {
    put("r-runs", "in the way");
    const EngineEnd end =
        run_engine_process({"run", put(small_experiment()), "--db", database(), "--launcher", "threads"});
    EXPECT_EQ(end.status.code, exit_failed);
    ASSERT_EQ(end.error.size(), 1U) << end.text();
    EXPECT_NE(end.error[0].find("cannot make the run folder: Not a directory"), std::string::npos) << end.text();
}

TEST_F(RunBadInput, MissingMpirun) {
    const std::vector<std::string> arguments{"run", put(small_experiment()), "--db", database()};
    std::filesystem::create_directory(path("empty"));
    expect_refusal(exit_failed,
                   "mpirun: not found in PATH; install Open MPI (Debian: openmpi-bin) or run the ranks as threads with "
                   "--launcher threads",
                   arguments, {{"PATH", path("empty").string()}});
    EXPECT_FALSE(std::filesystem::exists(database()));
}

}  // namespace
}  // namespace longscope
