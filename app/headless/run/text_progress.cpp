// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/headless/output.h"
#include "app/headless/progress_bar.h"
#include "app/headless/run/run_progress.h"
#include "engine/base/units.h"

namespace longscope {

namespace {

class TextProgress final : public RunProgress {
  public:
    explicit TextProgress(const Experiment& experiment) : draws_(experiment.sequence.draws) {
        line(fmt::format("{}: {} tokens, {} over {} rank{}, {} dispatch", experiment.name,
                         format_count(experiment.sequence.tokens), experiment.layout.strategy, experiment.layout.ranks,
                         experiment.layout.ranks == 1 ? "" : "s", experiment.layout.dispatch));
    }

    void started(std::int64_t /*run*/, const std::string& /*uuid*/, const std::string& /*run_folder*/) override {
        bar_.start();
        bar(0.0);
    }

    void heard(const Json& message, double done) override {
        const std::string type = message.value("type", "");
        if (type == "started") {
            const auto ranks = message.value("ranks", std::int64_t{0});
            line(fmt::format("{} rank{}: {}", ranks, ranks == 1 ? "" : "s", message.value("kernel", "")));
        } else if (type == "draw") {
            draw_ = message.value("draw", std::int64_t{0});
            const auto documents = message.value("documents", std::int64_t{0});
            line(fmt::format("draw {}: {} document{}, {} pairs", draw_, format_count(documents),
                             documents == 1 ? "" : "s", format_count(message.value("pairs", std::int64_t{0}))));
        }
        bar(done);
    }

    void log(const std::string& text) override { line(text); }
    void ended(const std::string& /*state*/, const std::string& /*message*/) override { bar_.clear(); }

  private:
    void line(const std::string& text) {
        bar_.clear();
        write_error(text + "\n");
    }

    void bar(double done) { bar_.show(done, fmt::format("draw {} ({} in all)", draw_, draws_)); }

    ProgressBar bar_;
    std::int64_t draws_;
    std::int64_t draw_ = 0;
};

}  // namespace

std::unique_ptr<RunProgress> make_text_progress(const Experiment& experiment) {
    return std::make_unique<TextProgress>(experiment);
}

}  // namespace longscope
