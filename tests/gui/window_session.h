// SPDX-License-Identifier: GPL-3.0-or-later
// A session of everything that the window does, over a million tokens, ten thousand runs and a trace of a hundred
// thousand events; each turn of the event loop is timed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/desktop/mask_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/sanitized.h"
#include "tests/support/turns.h"

namespace longscope {

inline constexpr double longest_turn_ms = 50 * sanitizer_slowdown;
inline constexpr std::int64_t million_tokens = 1'048'576;

// An experiment of so many tokens, in documents.
[[nodiscard]] Json million_token_experiment();

class WindowSession : public WindowTest {
  protected:
    // Says what took longest.
    void TearDown() override;

    void expect_no_long_turn() const;

    // What a user does, and the turns until it is painted: a window without a screen paints 5 ms after it was asked to.
    void turn(const std::string& what, const std::function<void()>& action);
    void wait(const char* for_what, const std::function<bool()>& done);
    void wait_for_cost();
    void wait_until_sharp();
    void trigger(const char* id);
    void show_tab(QWidget& page);

    MaskCanvas& canvas() { return window_->mask_page().canvas(); }
    template <typename Page>
    Page& page() {
        return *window_->findChild<Page*>();
    }

    // session_compose.cpp
    void compose();
    void use_canvas();
    void hover();
    void edit_fields();
    void edit_layers();
    void edit_layout();
    void edit_lengths();
    void edit_json();
    void undo_and_redo();
    void open_long_list();
    // session_look.cpp
    void use_results();
    void use_timeline();
    void use_charts();
    void take_pictures();
    void use_helpers();
    void run_here();

    TurnWatch watch_;
    std::int64_t edited_ns_ = 0;
    std::vector<std::pair<double, std::string>> answers_ms_;  // from an edit until its cost is shown
};

}  // namespace longscope
