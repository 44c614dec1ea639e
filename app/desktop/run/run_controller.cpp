// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run/run_controller.h"

#include <QCoreApplication>
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

namespace longscope {

namespace {

constexpr int poll_ms = 100;
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

}  // namespace

RunController::RunController(QObject* parent) : QObject(parent) {
    timer_.setInterval(poll_ms);
    connect(&timer_, &QTimer::timeout, this, &RunController::poll);
}

RunController::~RunController() = default;

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
    std::error_code error;
    std::filesystem::create_directories(launch_, error);
    if (error) {
        throw failed(launch_.string() + ": cannot be made: " + error.message());
    }
    write_file_atomically(launch_ / "experiment.json", experiment.dump(2));

    QProcess process;
    process.setProgram(engine);
    process.setArguments({QStringLiteral("run"), to_qstring((launch_ / "experiment.json").string()),
                          QStringLiteral("--db"), to_qstring(database.string()), QStringLiteral("--progress"),
                          QStringLiteral("jsonl")});
    process.setStandardInputFile(QProcess::nullDevice());
    process.setStandardOutputFile(to_qstring((launch_ / "output.jsonl").string()));
    process.setStandardErrorFile(to_qstring((launch_ / "errors.txt").string()));
    qint64 pid = 0;
    if (!process.startDetached(&pid)) {
        throw failed(engine.toStdString() + ": cannot be started");
    }
    pid_ = pid;
    status_ = {};
    status_.phase = RunStatus::Phase::starting;
    status_.name = name;
    status_.state = tr("starting");
    log_.clear();
    rank_logs_.clear();
    lines_ = std::make_unique<GrowingFile>(launch_ / "output.jsonl");
    elapsed_.start();
    timer_.start();
    Q_EMIT changed();
}

void RunController::follow(const std::filesystem::path& folder, const QString& name) {
    const RunFolderState state = read_run_folder_state(folder);
    status_ = {};
    status_.phase = RunStatus::Phase::running;
    status_.name = name;
    status_.run = state.run;
    status_.folder = folder;
    status_.state = to_qstring(state.state);
    log_.clear();
    rank_logs_.clear();
    lines_ = std::make_unique<GrowingFile>(progress_path(folder));
    timer_.start();
    poll();
    done_at_first_ = status_.done;
    elapsed_.start();
}

void RunController::cancel() {
    if (status_.phase == RunStatus::Phase::starting && pid_ > 0) {
        ::kill(static_cast<pid_t>(pid_), SIGTERM);
    } else if (status_.phase == RunStatus::Phase::running) {
        request_cancel(status_.folder);
    }
    say(tr("Cancelling: what was measured is stored."));
}

std::optional<Nanoseconds> RunController::left_ns() const {
    constexpr double enough = 0.02;
    const double seen = status_.done - done_at_first_;
    if (status_.phase != RunStatus::Phase::running || seen < enough) {
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
            return;
        }
    }
    if (!alive) {
        QString why = last_line(launch_ / "errors.txt");
        why.remove(QRegularExpression(QStringLiteral("^longscope-engine: ")));
        end(tr("failed"), why.isEmpty() ? tr("The engine ended before the run began.") : why);
    }
}

void RunController::poll_folder() {
    const bool over = is_abandoned(status_.folder.string());
    for (std::string line; lines_->next(line);) {
        hear(line);
    }
    read_ranks();
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

void RunController::read_ranks() {
    for (int rank = 0; rank < most_watched_ranks; ++rank) {
        auto& file = rank_logs_[rank];
        if (file == nullptr) {
            const std::filesystem::path path = status_.folder / ("rank-" + std::to_string(rank) + ".log");
            std::error_code ignored;
            if (!std::filesystem::exists(path, ignored)) {
                rank_logs_.erase(rank);
                return;
            }
            file = std::make_unique<GrowingFile>(path);
        }
        for (std::string line; file->next(line);) {
            // Without the time, which comes first.
            status_.ranks[rank] = to_qstring(std::string_view(line).substr(line.find(' ') + 1));
        }
    }
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
        say(tr("Draw %1, %2 %3: %4")
                .arg(message.value("draw", 0))
                .arg(message.value("measured", true) ? tr("repetition") : tr("warm-up"))
                .arg(message.value("repetition", 0))
                .arg(to_qstring(format_duration(*status_.repetition_ns))));
    } else if (type == "metric") {
        const Json value = message.value("value", Json());
        say(tr("Draw %1: %2 %3")
                .arg(message.value("draw", 0))
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
    status_.message = message;
    if (state == QLatin1String("done")) {
        status_.done = 1;
    }
    say(message.isEmpty() ? tr("Run %1: %2").arg(status_.run).arg(state)
                          : tr("Run %1: %2: %3").arg(status_.run).arg(state, message));
    Q_EMIT changed();
    Q_EMIT ended();
}

}  // namespace longscope
