// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/run_progress.h"

namespace longscope {

namespace {

class BothProgress final : public RunProgress {
  public:
    BothProgress(std::unique_ptr<RunProgress> first, std::unique_ptr<RunProgress> second)
        : first_(std::move(first)), second_(std::move(second)) {}

    void started(std::int64_t run, const std::string& uuid, const std::string& run_folder) override {
        first_->started(run, uuid, run_folder);
        second_->started(run, uuid, run_folder);
    }
    void heard(const Json& message, double done) override {
        first_->heard(message, done);
        second_->heard(message, done);
    }
    void log(const std::string& text) override {
        first_->log(text);
        second_->log(text);
    }
    void ended(const std::string& state, const std::string& message) override {
        first_->ended(state, message);
        second_->ended(state, message);
    }

  private:
    std::unique_ptr<RunProgress> first_;
    std::unique_ptr<RunProgress> second_;
};

}  // namespace

std::unique_ptr<RunProgress> make_both(std::unique_ptr<RunProgress> first, std::unique_ptr<RunProgress> second) {
    return std::make_unique<BothProgress>(std::move(first), std::move(second));
}

}  // namespace longscope
