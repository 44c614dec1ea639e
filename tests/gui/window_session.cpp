// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/window_session.h"

#include <QTabWidget>
#include <algorithm>
#include <cstdio>

namespace longscope {

Json million_token_experiment() {
    return {
        {"longscope_experiment", 1},
        {"name", "a million tokens"},
        {"shape",
         {{"query_heads", 64}, {"key_value_heads", 64}, {"head_dim_qk", 64}, {"head_dim_v", 64}, {"dtype", "float32"}}},
        {"sequence",
         {{"tokens", million_tokens}, {"lengths", {{"histogram", {{"[100,2000)", 3}, {"[2000,60000)", 1}}}}}}},
        {"mask", {{"and", {{{"documents", Json::object()}}, {{"causal", Json::object()}}}}}},
        {"layout", {{"ranks", 8}, {"strategy", "ring"}, {"dispatch", "per_document_zigzag"}}}};
}

void WindowSession::TearDown() {
    if (!answers_ms_.empty()) {
        std::sort(answers_ms_.begin(), answers_ms_.end());
        std::printf("%zu edits: the cost is shown after %.1f ms (median); the longest:\n", answers_ms_.size(),
                    answers_ms_[answers_ms_.size() / 2].first);
        const std::size_t shown = std::min<std::size_t>(8, answers_ms_.size());
        for (auto answer = answers_ms_.rbegin(); answer != answers_ms_.rbegin() + static_cast<std::ptrdiff_t>(shown);
             ++answer) {
            std::printf("  %6.1f ms  %s\n", answer->first, answer->second.c_str());
        }
    }
    std::printf("%d turns; the longest:\n", watch_.turns());
    for (const TurnWatch::Turn& turn : watch_.longest(12)) {
        std::printf("  %6.1f ms  %s%s\n", turn.ms(), turn.what.c_str(),
                    turn.after == 0 ? "" : (", " + std::to_string(turn.after) + " turns later").c_str());
    }
}

void WindowSession::expect_no_long_turn() const {
    for (const TurnWatch::Turn& turn : watch_.longest(100)) {
        EXPECT_LT(turn.ms(), longest_turn_ms) << turn.what << ", " << turn.after << " turns later";
    }
}

void WindowSession::turn(const std::string& what, const std::function<void()>& action) {
    constexpr std::int64_t frame_ns = 8'000'000;
    watch_.turn(what, action);
    const std::int64_t until_ns = now_ns() + frame_ns;
    ASSERT_TRUE(watch_.wait([&] { return now_ns() > until_ns; }));
}

void WindowSession::wait(const char* for_what, const std::function<bool()>& done) {
    constexpr double patience_ns = 3e10 * sanitizer_slowdown;
    ASSERT_TRUE(watch_.wait(done, patience_ns)) << for_what;
}

void WindowSession::wait_for_cost() {
    wait("the cost", [&] { return !window_->evaluator().busy(); });
    ASSERT_EQ(window_->evaluator().refusal().toStdString(), "");
}

void WindowSession::wait_until_sharp() {
    wait("a sharp mask", [&] { return canvas().frame_quality().sharp(); });
}

void WindowSession::trigger(const char* id) {
    turn(id, [&] { action(id).trigger(); });
}

void WindowSession::show_tab(QWidget& page) {
    turn(std::string("show ") + page.metaObject()->className(), [&] { window_->tabs().setCurrentWidget(&page); });
}

}  // namespace longscope
