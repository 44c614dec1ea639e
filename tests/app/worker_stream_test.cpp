// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/worker_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

namespace longscope {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): the tests that derive from it end with it.
class WorkerStream : public testing::Test {
  protected:
    WorkerStream() { EXPECT_EQ(pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC), 0); }
    ~WorkerStream() override {
        close(ends_[0]);
        end();
    }
    void put(const std::string& text) const {
        ASSERT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    void end() {
        if (ends_[1] >= 0) {
            close(ends_[1]);
        }
        ends_[1] = -1;
    }
    bool take() {
        lines_.clear();
        return reader_.read_from(ends_[0], [this](std::string_view line) { lines_.emplace_back(line); });
    }

    std::array<int, 2> ends_{-1, -1};
    LineReader reader_;
    std::vector<std::string> lines_;
};

using Lines = std::vector<std::string>;

TEST_F(WorkerStream, LinesArePutTogetherFromPieces) {
    put("one\ntw");
    EXPECT_TRUE(take());
    EXPECT_EQ(lines_, Lines{"one"});
    put("o\n");
    EXPECT_TRUE(take());
    EXPECT_EQ(lines_, Lines{"two"});
    put("th");
    EXPECT_TRUE(take());
    put("re");
    EXPECT_TRUE(take());
    EXPECT_EQ(lines_, Lines{});
    put("e\nfour\nfive\n");
    EXPECT_TRUE(take());
    EXPECT_EQ(lines_, (Lines{"three", "four", "five"}));
}

TEST_F(WorkerStream, NothingToReadIsNotTheEnd) {
    EXPECT_TRUE(take());
    EXPECT_EQ(lines_, Lines{});
}

TEST_F(WorkerStream, ALastLineWithoutAnEndCounts) {
    put("one\ntwo");
    end();
    EXPECT_FALSE(take());
    EXPECT_EQ(lines_, (Lines{"one", "two"}));
    EXPECT_FALSE(take());
    EXPECT_EQ(lines_, Lines{}) << "only once";
}

TEST_F(WorkerStream, AnEndAfterAWholeLineAddsNothing) {
    put("one\n");
    end();
    EXPECT_FALSE(take());
    EXPECT_EQ(lines_, Lines{"one"});
}

TEST_F(WorkerStream, EmptyLinesAndZeroBytesAreKept) {
    put(std::string("\n\na\0b\n", 6));
    EXPECT_TRUE(take());
    EXPECT_EQ(lines_, (Lines{"", "", std::string("a\0b", 3)}));
}

TEST_F(WorkerStream, LinesMayBeLongerThanThePipe) {
    const std::string piece(30'000, 'x');
    for (int i = 0; i < 10; ++i) {
        put(piece);
        EXPECT_TRUE(take());
        EXPECT_EQ(lines_, Lines{});
    }
    put("\n");
    EXPECT_TRUE(take());
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_EQ(lines_[0], std::string(300'000, 'x'));
}

}  // namespace
}  // namespace longscope
