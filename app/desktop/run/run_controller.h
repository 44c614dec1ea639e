// SPDX-License-Identifier: GPL-3.0-or-later
// Starts `longscope-engine run` as a program of its own and follows its run folder: closing the window does not touch a
// run, and a run that goes on is found again. Lives on the GUI thread.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QStringList>
#include <QThreadPool>
#include <QTimer>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "app/headless/run/growing_file.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"

namespace longscope {

struct RunStatus {
    enum class Phase { none, starting, running, ended };

    Phase phase = Phase::none;
    std::int64_t run = 0;  // in the database; 0 until it is known
    QString name;
    QString state;    // "running", "done", ... as in the database
    QString message;  // why it ended as it did
    std::filesystem::path folder;
    std::filesystem::path database;
    double done = 0;                           // from 0 to 1
    std::optional<Nanoseconds> repetition_ns;  // of the last one
    double repetition_flops = 0;               // of the same; 0: not known
    std::map<int, QString> ranks;              // what each did last, as its log says
    bool stopping = false;                     // it was asked to end

    // One line; of a run that has ended.
    [[nodiscard]] QString end_text() const;
    [[nodiscard]] bool going_on() const { return phase == Phase::starting || phase == Phase::running; }
};

class RunController : public QObject {
    Q_OBJECT

  public:
    explicit RunController(QObject* parent = nullptr);
    ~RunController() override;

    // Where the engine is looked for: beside this program, then on the path.
    [[nodiscard]] static QString engine_path();

    // One run at a time. It begins on another thread, and has begun when this object is gone; that it cannot begin is
    // an end of it. Throws Error(failed).
    void start(const Json& experiment, const QString& name, const std::filesystem::path& database);
    // A run that goes on, or has ended, by its folder. Throws Error(bad_input).
    void follow(const std::filesystem::path& folder, const QString& name);
    // The run ends soon after. Throws Error.
    void cancel();

    [[nodiscard]] const RunStatus& status() const { return status_; }
    // Of the newest start; it is there until the run has a folder of its own.
    [[nodiscard]] const std::filesystem::path& launch_folder() const { return launch_; }
    [[nodiscard]] const QStringList& log() const { return log_; }
    // What is left of it, by what is done; none while nobody can tell.
    [[nodiscard]] std::optional<Nanoseconds> left_ns() const;

  Q_SIGNALS:
    void changed();
    void logged(const QString& line);
    void ended();

  private:
    void launched(std::int64_t pid, const QString& problem);
    void poll();
    void poll_start();
    void poll_folder();
    [[nodiscard]] bool catch_up();
    void hear(const std::string& line);
    void say(const QString& line);
    void end(const QString& state, const QString& message);

    RunStatus status_;
    QStringList log_;
    QTimer timer_;
    bool caught_up_ = false;        // with what was written before it was followed
    double done_at_first_ = 0;      // when this window began to follow
    QElapsedTimer elapsed_;         // since then
    std::filesystem::path launch_;  // of a run that starts: experiment.json, output.jsonl, errors.txt
    std::int64_t pid_ = 0;
    bool cancel_wanted_ = false;
    std::unique_ptr<GrowingFile> lines_;
    std::map<int, std::unique_ptr<GrowingFile>> rank_logs_;
    QThreadPool launcher_;
};

}  // namespace longscope
