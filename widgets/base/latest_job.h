// SPDX-License-Identifier: GPL-3.0-or-later
// Work off the GUI thread of which only the newest counts: starting one lets go of those before it, whose results are
// never delivered.
#pragma once

#include <QObject>
#include <QThreadPool>
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace longscope {

// Lives on the GUI thread. Its destructor cancels and waits for the work that runs.
template <typename Result>
class LatestJob {
  public:
    // Runs on another thread; should end soon once `cancelled` is true. What it throws goes to `failed`.
    using Work = std::function<Result(const std::atomic<bool>& cancelled)>;
    using Deliver = std::function<void(Result)>;
    using Failed = std::function<void(std::exception_ptr)>;

    LatestJob() { pool_.setMaxThreadCount(1); }
    LatestJob(const LatestJob&) = delete;
    LatestJob& operator=(const LatestJob&) = delete;
    ~LatestJob() {
        cancel();
        pool_.waitForDone();
    }

    // `deliver` or `failed` is called on this thread, unless another start() or cancel() came in between.
    void start(Work work, Deliver deliver, Failed failed) {
        cancel();
        cancelled_ = std::make_shared<std::atomic<bool>>(false);
        pool_.start([this, work = std::move(work), deliver = std::move(deliver), failed = std::move(failed),
                     cancelled = cancelled_] {
            if (*cancelled) {
                return;
            }
            std::shared_ptr<Result> result;
            std::exception_ptr error;
            try {
                result = std::make_shared<Result>(work(*cancelled));
            } catch (...) {
                error = std::current_exception();
            }
            // What is posted to an object that is gone is dropped; the destructor has waited for this thread.
            QMetaObject::invokeMethod(
                &receiver_,
                [this, result, error, cancelled, deliver, failed] {
                    if (*cancelled) {
                        return;
                    }
                    cancelled_.reset();
                    if (error != nullptr) {
                        failed(error);
                    } else {
                        deliver(std::move(*result));
                    }
                },
                Qt::QueuedConnection);
        });
    }

    void cancel() {
        if (cancelled_ != nullptr) {
            *cancelled_ = true;
            cancelled_.reset();
        }
        pool_.clear();
    }

    // Has something been started that was not delivered yet?
    [[nodiscard]] bool running() const { return cancelled_ != nullptr; }

  private:
    std::shared_ptr<std::atomic<bool>> cancelled_;  // of the newest, until it is delivered
    QObject receiver_;
    QThreadPool pool_;
};

}  // namespace longscope
