// SPDX-License-Identifier: GPL-3.0-or-later
// What the window opens and saves.
#include <QSettings>
#include <QTabWidget>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/desktop/main_window.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/panels/experiment_panel.h"
#include "app/desktop/panels/json_editor.h"
#include "app/desktop/unsaved_bar.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/experiment.h"
#include "engine/workload/length_file.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {

struct MainWindow::OpenedFile {
    std::optional<Json> experiment;  // none: lengths
};

void MainWindow::guard(const std::function<void()>& go_on) {
    if (commit_edits() && !document_.modified()) {
        go_on();
        return;
    }
    unsaved_->ask(
        document_.title(), [this] { return save(); }, go_on);
}

void MainWindow::open_file(const QString& path) {
    const std::filesystem::path file = path.toStdString();
    const QString suffix = QString::fromStdString(file.extension().string()).toLower();
    if (suffix == QLatin1String(".db") || suffix == QLatin1String(".sqlite")) {
        open_database(file);
        return;
    }
    if (suffix == QLatin1String(".npy") || suffix == QLatin1String(".safetensors")) {
        messages_->show_error(
            tr("%1: tensors are computed with `longscope-engine attend` and `verify`; the window does "
               "not show them yet")
                .arg(path));
        return;
    }
    read_file(file, [](const std::filesystem::path& from) -> OpenedFile {
        const std::string content = read_bounded_file(from, max_length_file_bytes);
        const std::size_t first = content.find_first_not_of(" \t\r\n");
        if (first != std::string::npos && content[first] == '{') {
            Json document = parse_json(content, from.string());
            if (looks_like_experiment(document)) {
                return {std::move(document)};
            }
        }
        (void)parse_lengths(content, from.string());
        return {};
    });
}

// A small file is read at once, any other on another thread.
void MainWindow::read_file(const std::filesystem::path& path, OpenedFile (*read)(const std::filesystem::path&)) {
    constexpr std::uintmax_t small_bytes = 64 * 1024;
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error || bytes <= small_bytes) {
        attempt([&] { take_file(path, read(path)); });
        return;
    }
    messages_->show_message(tr("Reading %1...").arg(to_qstring(path.string())), MessageBar::Kind::note);
    file_job_.start([path, read](const std::atomic<bool>&) { return std::make_shared<const OpenedFile>(read(path)); },
                    [this, path](const std::shared_ptr<const OpenedFile>& opened) { take_file(path, *opened); },
                    [this](const std::exception_ptr& problem) { messages_->show_error(error_text(problem)); });
}

void MainWindow::take_file(const std::filesystem::path& path, const OpenedFile& opened) {
    if (opened.experiment) {
        open_experiment(path, *opened.experiment);
        return;
    }
    experiment_panel_->lengths().use_file(std::filesystem::absolute(path));
    messages_->show_message(tr("Documents are drawn from %1 now.").arg(to_qstring(path.string())),
                            MessageBar::Kind::note);
    tabs_->setCurrentWidget(mask_page_);
}

void MainWindow::open_experiment(const std::filesystem::path& path, const Json& experiment) {
    guard([this, path, experiment] {
        if (attempt([&] { document_.open(path, experiment); })) {
            messages_->clear();
            remember_file(to_qstring(std::filesystem::absolute(path).string()));
            tabs_->setCurrentWidget(mask_page_);
        }
    });
}

void MainWindow::open_results() {
    // The first run makes the database.
    std::error_code ignored;
    if (results_->model().database().isEmpty() && std::filesystem::exists(database_, ignored)) {
        results_->open(to_qstring(database_.string()));
    }
}

// A run stands in the table from its beginning.
void MainWindow::list_new_run() {
    if (runs_.status().run != 0 && runs_.status().run != listed_run_) {
        listed_run_ = runs_.status().run;
        open_results();
        results_->refresh();
    }
}

void MainWindow::open_database(const std::filesystem::path& path) {
    database_ = std::filesystem::absolute(path);
    results_->open(to_qstring(database_.string()));
    comparison_->clear();
    remember_file(to_qstring(database_.string()));
    tabs_->setCurrentWidget(results_);
    pick_up_runs();
}

void MainWindow::open_dialog() {
    const QString path =
        chooser_->to_open(*this, tr("Open"), tr("Experiments, lengths, databases (*.json *.txt *.db);;All files (*)"));
    if (!path.isEmpty()) {
        open_file(path);
    }
}

void MainWindow::use_lengths() {
    const QString path = chooser_->to_open(*this, tr("Lengths of documents"),
                                           tr("Lengths files and histograms (*.txt *.json);;All files (*)"));
    if (!path.isEmpty()) {
        read_file(path.toStdString(), [](const std::filesystem::path& from) -> OpenedFile {
            (void)read_length_file(from);
            return {};
        });
    }
}

bool MainWindow::commit_edits() {
    if (QWidget* focus = focusWidget()) {
        // Fields take their text over when they lose the focus.
        focus->clearFocus();
        focus->setFocus();
    }
    json_editor_->commit();
    if (!json_editor_->problem().isEmpty()) {
        messages_->show_error(json_editor_->problem());
        return false;
    }
    return true;
}

bool MainWindow::save() {
    if (!commit_edits()) {
        return false;
    }
    if (document_.path().empty()) {
        return save_as();
    }
    return attempt([this] { document_.save_as(document_.path()); });
}

bool MainWindow::save_as() {
    if (!commit_edits()) {
        return false;
    }
    QString path = chooser_->to_save(*this, tr("Save experiment"), document_.title(), tr("Experiments (*.json)"));
    if (path.isEmpty()) {
        return false;
    }
    if (!path.endsWith(QLatin1String(".json"))) {
        path += QLatin1String(".json");
    }
    if (!attempt([&] { document_.save_as(path.toStdString()); })) {
        return false;
    }
    remember_file(path);
    return true;
}

void MainWindow::remember_file(const QString& path) {
    constexpr int most = 10;
    QStringList files = settings_->value(QStringLiteral("recent")).toStringList();
    files.removeAll(path);
    files.prepend(path);
    settings_->setValue(QStringLiteral("recent"), QStringList(files.mid(0, most)));
    fill_recent();
}

}  // namespace longscope
