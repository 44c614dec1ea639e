// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "app/headless/output.h"
#include "app/headless/run/run_progress.h"
#include "engine/base/clock.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

constexpr int bar_width = 30;

class TextProgress final : public RunProgress {
  public:
    explicit TextProgress(const Experiment& experiment)
        : terminal_(isatty(STDERR_FILENO) != 0), draws_(experiment.sequence.draws) {
        line(fmt::format("{}: {} tokens, {} over {} rank{}, {} dispatch", experiment.name,
                         format_count(experiment.sequence.tokens), experiment.layout.strategy, experiment.layout.ranks,
                         experiment.layout.ranks == 1 ? "" : "s", experiment.layout.dispatch));
    }
    ~TextProgress() override { clear(); }

    void started(std::int64_t /*run*/, const std::string& /*uuid*/, const std::string& /*run_folder*/) override {
        start_ns_ = now_ns();
        bar(0.0);
    }

    void heard(const Json& message, double done) override {
        const std::string type = message.value("type", "");
        if (type == "started") {
            const auto ranks = message.value("ranks", std::int64_t{0});
            line(fmt::format("{} rank{}: {}", ranks, ranks == 1 ? "" : "s", message.value("kernel", "")));
        } else if (type == "draw") {
            draw_ = message.value("draw", std::int64_t{0});
            line(fmt::format("draw {}: {} documents, {} pairs", draw_,
                             format_count(message.value("documents", std::int64_t{0})),
                             format_count(message.value("pairs", std::int64_t{0}))));
        }
        bar(done);
    }

    void log(const std::string& text) override { line(text); }
    void ended(const std::string& /*state*/, const std::string& /*message*/) override { clear(); }

  private:
    void clear() {
        if (terminal_ && bar_shown_) {
            write_error("\r\x1b[K");
        }
        bar_shown_ = false;
    }

    void line(const std::string& text) {
        clear();
        write_error(text + "\n");
    }

    void bar(double done) {
        if (!terminal_) {
            return;
        }
        const auto filled = static_cast<std::size_t>(done * bar_width);
        std::string left;
        if (done > 0.02) {
            const auto elapsed = static_cast<double>(now_ns() - start_ns_);
            left =
                fmt::format("  about {} left", format_duration(static_cast<Nanoseconds>(elapsed / done * (1 - done))));
        }
        write_error(fmt::format("\r\x1b[K[{:{}}] {:3.0f} %  draw {} ({} in all){}", std::string(filled, '='), bar_width,
                                done * 100.0, draw_, draws_, left));
        bar_shown_ = true;
    }

    bool terminal_;
    bool bar_shown_ = false;
    std::int64_t draws_;
    std::int64_t draw_ = 0;
    Nanoseconds start_ns_ = 0;
};

}  // namespace

std::unique_ptr<RunProgress> make_text_progress(const Experiment& experiment) {
    return std::make_unique<TextProgress>(experiment);
}

}  // namespace longscope
