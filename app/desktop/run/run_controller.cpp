// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run/run_controller.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QDir>
#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QUuid>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/headless/run/run_control.h"
#include "app/headless/run/run_folder.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"

namespace longscope {

namespace {

constexpr int poll_ms = 100;
constexpr int most_reading_ms = 8;
constexpr int most_log_lines = 5000;
constexpr int most_watched_ranks = 256;

// A process that has ended but that nobody has waited for is still there under its number.
bool is_alive(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const std::size_t name_end = text.rfind(')');
    return name_end != std::string::npos && name_end + 2 < text.size() && text[name_end + 2] != 'Z';
}

QString last_line(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string last;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty()) {
            last = line;
        }
    }
    return to_qstring(last);
}

// Documents and logs count draws from 0, people from 1.
QString draws_from_one(const QString& line) {
    static const QRegularExpression draw(QStringLiteral("\\bdraw (\\d{1,6})\\b"));
    const QRegularExpressionMatch found = draw.match(line);
    return found.hasMatch() ? QString(line).replace(found.capturedStart(1), found.capturedLength(1),
                                                    QString::number(found.captured(1).toInt() + 1))
                            : line;
}

// Starts the engine in a new folder, which keeps the experiment and what the engine prints; says its process. To start
// a program means to copy the tables of this one, and to wait until the other is there. Throws Error(failed).
std::int64_t launch(const QString& engine, const std::filesystem::path& folder, const std::string& experiment,
                    const std::filesystem::path& database) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw failed(folder.string() + ": cannot be made: " + error.message());
    }
    write_file_atomically(folder / "experiment.json", experiment);
    QProcess process;
    process.setProgram(engine);
    process.setArguments({QStringLiteral("run"), to_qstring((folder / "experiment.json").string()),
                          QStringLiteral("--db"), to_qstring(database.string()), QStringLiteral("--progress"),
                          QStringLiteral("jsonl")});
    process.setStandardInputFile(QProcess::nullDevice());
    process.setStandardOutputFile(to_qstring((folder / "output.jsonl").string()));
    process.setStandardErrorFile(to_qstring((folder / "errors.txt").string()));
    qint64 pid = 0;
    if (!process.startDetached(&pid)) {
        throw failed(engine.toStdString() + ": cannot be started");
    }
    return pid;
}

}  // namespace

QString RunStatus::end_text() const {
    const QString text = run == 0                         ? RunController::tr("The run did not begin")
                         : state == QLatin1String("done") ? RunController::tr("Run %1 is done.").arg(run)
                                                          : RunController::tr("Run %1: %2").arg(run).arg(state);
    return message.isEmpty() ? text : text + QStringLiteral(": ") + message;
}

RunController::RunController(QObject* parent) : QObject(parent) {
    connect(&timer_, &QTimer::timeout, this, &RunController::poll);
}

RunController::~RunController() {
    launcher_.waitForDone();
}

QString RunController::engine_path() {
    const QString beside = QCoreApplication::applicationDirPath() + QStringLiteral("/longscope-engine");
    return QFileInfo(beside).isExecutable() ? beside
                                            : QStandardPaths::findExecutable(QStringLiteral("longscope-engine"));
}

void RunController::start(const Json& experiment, const QString& name, const std::filesystem::path& database) {
    if (status_.going_on()) {
        throw failed("a run is going on already: cancel it, or wait for its end");
    }
    const QString engine = engine_path();
    if (engine.isEmpty()) {
        throw failed("longscope-engine is neither beside this program nor on the path");
    }
    const QDir cache(QStandardPaths::writableLocation(QStandardPaths::CacheLocation));
    launch_ =
        cache.filePath(QStringLiteral("launches/") + QUuid::createUuid().toString(QUuid::WithoutBraces)).toStdString();
    pid_ = 0;
    cancel_wanted_ = false;
    status_ = {};
    status_.phase = RunStatus::Phase::starting;
    status_.name = name;
    status_.database = database;
    status_.state = tr("starting");
    log_.clear();
    rank_logs_.clear();
    launcher_.start([this, engine, folder = launch_, text = experiment.dump(2), database] {
        std::int64_t pid = 0;
        QString problem;
        try {
            pid = launch(engine, folder, text, database);
        } catch (...) {
            problem = error_text(std::current_exception());
        }
        QMetaObject::invokeMethod(
            this, [this, pid, problem] { launched(pid, problem); }, Qt::QueuedConnection);
    });
    Q_EMIT changed();
}

void RunController::launched(std::int64_t pid, const QString& problem) {
    if (!problem.isEmpty()) {
        end(tr("failed"), problem);
        return;
    }
    pid_ = pid;
    if (cancel_wanted_) {
        ::kill(static_cast<pid_t>(pid_), SIGTERM);
    }
    lines_ = std::make_unique<GrowingFile>(launch_ / "output.jsonl");
    timer_.start(poll_ms);
}

void RunController::follow(const std::filesystem::path& folder, const QString& name) {
    const RunFolderState state = read_run_folder_state(folder);
    const bool stopping = status_.phase == RunStatus::Phase::starting && status_.stopping;
    status_ = {};
    status_.phase = RunStatus::Phase::running;
    status_.stopping = stopping;
    status_.name = name;
    status_.run = state.run;
    status_.folder = folder;
    status_.database = state.database;
    status_.state = to_qstring(state.state);
    log_.clear();
    rank_logs_.clear();
    lines_ = std::make_unique<GrowingFile>(progress_path(folder));
    caught_up_ = false;
    timer_.start(poll_ms);
    poll();
}

void RunController::cancel() {
    if (status_.phase == RunStatus::Phase::starting) {
        cancel_wanted_ = true;
        if (pid_ > 0) {
            ::kill(static_cast<pid_t>(pid_), SIGTERM);
        }
    } else if (status_.phase == RunStatus::Phase::running) {
        request_cancel(status_.folder);
    }
    status_.stopping = true;
    say(tr("Cancelling: what was measured is stored."));
    Q_EMIT changed();
}

std::optional<Nanoseconds> RunController::left_ns() const {
    constexpr double enough = 0.02;
    const double seen = status_.done - done_at_first_;
    if (status_.phase != RunStatus::Phase::running || !caught_up_ || seen < enough) {
        return std::nullopt;
    }
    const double elapsed_ns = static_cast<double>(elapsed_.nsecsElapsed());
    return static_cast<Nanoseconds>(elapsed_ns * (1 - status_.done) / seen);
}

void RunController::poll() {
    try {
        if (status_.phase == RunStatus::Phase::starting) {
            poll_start();
        } else if (status_.phase == RunStatus::Phase::running) {
            poll_folder();
        }
    } catch (const std::exception& error) {
        end(tr("failed"), to_qstring(error.what()));
    }
}

void RunController::poll_start() {
    // Asked before the lines are read: what it wrote at its end is then not missed.
    const bool alive = is_alive(pid_);
    for (std::string line; status_.phase == RunStatus::Phase::starting && lines_->next(line);) {
        const Json message = Json::parse(line, nullptr, false);
        if (message.is_object() && message.value("type", "") == "started") {
            const QString name = status_.name;
            follow(message.value("run_folder", ""), name);
            say(tr("Run %1 started").arg(status_.run));
            // From here on the run's own folder tells everything.
            std::error_code ignored;
            std::filesystem::remove_all(launch_, ignored);
            return;
        }
    }
    if (!alive && cancel_wanted_) {
        end(tr("cancelled"), tr("It was cancelled before."));
    } else if (!alive) {
        QString why = last_line(launch_ / "errors.txt");
        why.remove(QRegularExpression(QStringLiteral("^longscope-engine: ")));
        end(tr("failed"), why.isEmpty() ? tr("The engine ended before the run began.") : why);
    }
}

void RunController::poll_folder() {
    const bool over = is_abandoned(status_.folder.string());
    const bool all = catch_up();
    timer_.setInterval(all ? poll_ms : 0);
    if (!all) {
        Q_EMIT changed();
        return;
    }
    if (!caught_up_) {
        caught_up_ = true;
        done_at_first_ = status_.done;
        elapsed_.start();
    }
    if (over) {
        const RunFolderState state = read_run_folder_state(status_.folder);
        const bool lost = state.state == "running" || state.state == "queued";
        end(lost ? QStringLiteral("lost") : to_qstring(state.state),
            lost ? tr("The engine ended without a word: nobody supervises the run any more.")
                 : to_qstring(state.message));
        return;
    }
    Q_EMIT changed();
}

// What is new in the run's folder, for as long as the window can wait: a run that is picked up may have told a lot.
// False when there is more.
bool RunController::catch_up() {
    const QDeadlineTimer enough(most_reading_ms);
    std::string line;
    while (lines_->next(line)) {
        hear(line);
        if (enough.hasExpired()) {
            return false;
        }
    }
    for (int rank = 0; rank < most_watched_ranks; ++rank) {
        auto& file = rank_logs_[rank];
        if (file == nullptr) {
            const std::filesystem::path path = status_.folder / ("rank-" + std::to_string(rank) + ".log");
            std::error_code ignored;
            if (!std::filesystem::exists(path, ignored)) {
                rank_logs_.erase(rank);
                return true;
            }
            file = std::make_unique<GrowingFile>(path);
        }
        while (file->next(line)) {
            // Without the time, which comes first.
            status_.ranks[rank] = draws_from_one(to_qstring(std::string_view(line).substr(line.find(' ') + 1)));
            if (enough.hasExpired()) {
                return false;
            }
        }
    }
    return true;
}

void RunController::hear(const std::string& line) {
    const Json message = Json::parse(line, nullptr, false);
    if (!message.is_object()) {
        return;
    }
    const std::string type = message.value("type", "");
    if (type == "progress") {
        status_.done = message.value("done", status_.done);
    } else if (type == "metric" && message.value("name", "") == "duration_ns") {
        status_.repetition_ns = message.value("value", std::int64_t{0});
        status_.repetition_flops = message.value("flops", 0.0);
        say(tr("Draw %1, %2 %3: %4")
                .arg(message.value("draw", 0) + 1)
                .arg(message.value("measured", true) ? tr("repetition") : tr("warm-up"))
                .arg(message.value("repetition", 0) + 1)
                .arg(to_qstring(format_duration(*status_.repetition_ns))));
    } else if (type == "metric") {
        const Json value = message.value("value", Json());
        say(tr("Draw %1: %2 %3")
                .arg(message.value("draw", 0) + 1)
                .arg(
                    to_qstring(message.value("name", "")).replace(QLatin1Char('_'), QLatin1Char(' ')),
                    value.is_number_float() ? QString::number(value.get<double>(), 'g', 2) : to_qstring(shown(value))));
    } else if (type == "log") {
        say(to_qstring(message.value("text", "")));
    }
}

void RunController::say(const QString& line) {
    if (log_.size() >= most_log_lines) {
        log_.removeFirst();
    }
    log_ << line;
    Q_EMIT logged(line);
}

void RunController::end(const QString& state, const QString& message) {
    timer_.stop();
    status_.phase = RunStatus::Phase::ended;
    status_.state = state;
    status_.message = draws_from_one(message);
    status_.stopping = false;
    if (state == QLatin1String("done")) {
        status_.done = 1;
    } else {
        for (auto& [rank, text] : status_.ranks) {
            // Of a cancelled run a rank may have finished what was not stored any more.
            text = state == QLatin1String("cancelled") ? tr("ended") : tr("ended; last: %1").arg(text);
        }
    }
    say(status_.end_text());
    Q_EMIT changed();
    Q_EMIT ended();
}

}  // namespace longscope
