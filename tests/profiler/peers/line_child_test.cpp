// SPDX-License-Identifier: GPL-3.0-or-later
// A child that answers line by line: whatever it does becomes an answer or one line with the reason.
#include "profiler/peers/line_child.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "tests/support/expect_error.h"

namespace longscope {
namespace {

constexpr double long_limit_s = 60;
constexpr double short_limit_s = 0.2;

// A shell that runs these commands with each request in $line.
LineChild child(const std::string& commands) {
    return LineChild({"/bin/sh", "-c", "while read -r line; do " + commands + "; done"}, {});
}

TEST(LineChild, AnswersAndStaysAlive) {
    LineChild counting = child("n=$((n + 1)); echo noise >&2; echo \"{\\\"ok\\\": true, \\\"n\\\": $n}\"");
    EXPECT_FALSE(counting.running());
    EXPECT_EQ(counting.ask({{"do", "a"}}, long_limit_s)["n"], 1);
    EXPECT_EQ(counting.ask({{"do", "b"}}, long_limit_s)["n"], 2);
    EXPECT_TRUE(counting.running());
}

TEST(LineChild, GetsTheRequestAsOneLine) {
    LineChild echo = child("printf '{\"ok\": true, \"got\": %s}\\n' \"$line\"");
    const Json request{{"do", "x"}, {"text", "two\nlines"}};
    EXPECT_EQ(echo.ask(request, long_limit_s)["got"], request);
}

TEST(LineChild, TellsARefusalFromAFailureAndStaysAlive) {
    LineChild refusing = child(R"(printf '%s\n' '{"ok": false, "unsupported": true, "why": "no such\nkernel"}')");
    expect_error(ErrorKind::unsupported, {"no such"}, [&] { (void)refusing.ask({{"do", "x"}}, long_limit_s); });
    EXPECT_TRUE(refusing.running());
    LineChild failing = child(R"(echo '{"ok": false, "why": "RuntimeError: broken"}')");
    expect_error(ErrorKind::failed, {"RuntimeError: broken"}, [&] { (void)failing.ask({{"do", "x"}}, long_limit_s); });
    EXPECT_TRUE(failing.running());
}

TEST(LineChild, GarbageIsAFailure) {
    for (const char* answer :
         {"echo garbage", "echo '[1, 2]'", "echo '{\"fine\": true}'", "echo '{\"ok\": 1}'", "echo"}) {
        LineChild confused = child(answer);
        expect_error(ErrorKind::failed, {"answered what "}, [&] { (void)confused.ask({{"do", "x"}}, long_limit_s); });
        EXPECT_FALSE(confused.running()) << "who knows what it says next";
    }
    LineChild endless = child("cat /dev/zero | tr '\\0' x");
    expect_error(ErrorKind::failed, {"line without an end"}, [&] { (void)endless.ask({{"do", "x"}}, long_limit_s); });
}

TEST(LineChild, ACrashIsAFailureWithItsLastWordsAndTheNextQuestionStartsAnother) {
    LineChild crashing = child("echo 'first' >&2; echo 'no memory left' >&2; kill -9 $$");
    for (int i = 0; i < 2; ++i) {
        expect_error(ErrorKind::failed, {"was ended by signal 9; its last words: no memory left"}, [&] {
            (void)crashing.ask({{"do", "x"}}, long_limit_s);
        });
        EXPECT_FALSE(crashing.running());
    }
    LineChild leaving({"/bin/sh", "-c", "exit 7"}, {});
    expect_error(ErrorKind::failed, {"ended with exit code 7"}, [&] {
        (void)leaving.ask({{"do", "x"}}, long_limit_s);
    });
}

TEST(LineChild, SilenceEndsAtTheLimitAndTheChildWithIt) {
    LineChild silent({"/bin/sh", "-c", "trap '' TERM; exec sleep 1000"}, {});
    const Nanoseconds begin_ns = now_ns();
    expect_error(ErrorKind::failed, {"gave no answer within 0.2 s"}, [&] {
        (void)silent.ask({{"do", "x"}}, short_limit_s);
    });
    EXPECT_GE(now_ns() - begin_ns, 200'000'000);
    EXPECT_LT(now_ns() - begin_ns, 100'000'000'000) << "it would have slept for 1,000 s";
    EXPECT_FALSE(silent.running());
}

TEST(LineChild, WhatCannotBeStartedIsAFailure) {
    LineChild missing({"/nowhere/python"}, {});
    expect_error(ErrorKind::failed, {"/nowhere/python"}, [&] { (void)missing.ask({{"do", "x"}}, long_limit_s); });
}

}  // namespace
}  // namespace longscope
