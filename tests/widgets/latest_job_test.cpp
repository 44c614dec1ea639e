// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/latest_job.h"

#include <gtest/gtest.h>

#include <QTest>
#include <stdexcept>
#include <thread>
#include <vector>

namespace longscope {
namespace {

void fail_with(const std::exception_ptr& /*error*/) {
    FAIL() << "failed";
}

TEST(LatestJob, DeliversOnTheThreadThatStartedIt) {
    LatestJob<int> job;
    const auto caller = std::this_thread::get_id();
    int got = 0;
    std::thread::id worker;
    std::thread::id receiver;
    job.start(
        [&](const std::atomic<bool>&) {
            worker = std::this_thread::get_id();
            return 42;
        },
        [&](int value) {
            got = value;
            receiver = std::this_thread::get_id();
        },
        fail_with);
    EXPECT_TRUE(job.running());
    ASSERT_TRUE(QTest::qWaitFor([&] { return got == 42; }));
    EXPECT_EQ(receiver, caller);
    EXPECT_NE(worker, caller);
    EXPECT_FALSE(job.running());
}

TEST(LatestJob, DeliversOnlyTheNewest) {
    LatestJob<int> job;
    std::vector<int> got;
    for (int i = 0; i < 20; ++i) {
        job.start(
            [i](const std::atomic<bool>& cancelled) {
                while (i < 19 && !cancelled) {  // only the last one ends by itself
                    std::this_thread::yield();
                }
                return i;
            },
            [&](int value) { got.push_back(value); }, fail_with);
    }
    ASSERT_TRUE(QTest::qWaitFor([&] { return !got.empty(); }));
    EXPECT_EQ(got, std::vector<int>{19});
}

TEST(LatestJob, HandsOnWhatTheWorkThrows) {
    LatestJob<int> job;
    std::string message;
    job.start([](const std::atomic<bool>&) -> int { throw std::runtime_error("no"); }, [](int) { FAIL(); },
              [&](const std::exception_ptr& error) {
                  try {
                      std::rethrow_exception(error);
                  } catch (const std::runtime_error& thrown) {
                      message = thrown.what();
                  }
              });
    ASSERT_TRUE(QTest::qWaitFor([&] { return !message.empty(); }));
    EXPECT_EQ(message, "no");
}

TEST(LatestJob, DeliversNothingOnceItIsGone) {
    bool delivered = false;
    {
        LatestJob<int> job;
        job.start(
            [](const std::atomic<bool>& cancelled) {
                while (!cancelled) {
                    std::this_thread::yield();
                }
                return 1;
            },
            [&](int) { delivered = true; }, fail_with);
    }
    QCoreApplication::processEvents();
    EXPECT_FALSE(delivered);
}

}  // namespace
}  // namespace longscope
