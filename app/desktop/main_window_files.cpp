// SPDX-License-Identifier: GPL-3.0-or-later
// What the window opens and saves.
#include <QSettings>
#include <QTabWidget>
#include <nlohmann/json.hpp>

#include "app/desktop/document/mask_file.h"
#include "app/desktop/main_window.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/panels/experiment_panel.h"
#include "app/desktop/panels/json_editor.h"
#include "app/desktop/unsaved_bar.h"
#include "app/headless/experiment_names.h"
#include "engine/base/units.h"
#include "engine/workload/length_file.h"
#include "storage/database.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {

void MainWindow::guard(const QString& what, const std::function<void()>& go_on) {
    if (commit_edits() && !document_.modified()) {
        go_on();
        return;
    }
    if (messages_->kind() == MessageBar::Kind::note) {
        messages_->clear();  // what was said before has been read; the question needs the room
    }
    unsaved_->ask(
        tr("%1: save the changes to %2 first?").arg(what, document_.title()), [this] { return save(); },
        [this, go_on] {
            json_editor_->discard();  // text that was not taken over is given up, too
            go_on();
        });
}

void MainWindow::open_files(const QStringList& paths) {
    std::vector<std::filesystem::path> files;
    for (const QString& path : paths) {
        files.emplace_back(path.toStdString());
    }
    read_then_open(files, [files] { return read_files(files); });
}

// Small files are read at once, others on another thread.
void MainWindow::read_then_open(const std::vector<std::filesystem::path>& files,
                                const std::function<OpenedFiles()>& read) {
    constexpr std::uintmax_t small_bytes = 64 * 1024;
    if (bytes_to_read(files) <= small_bytes) {
        take_files(read());
        return;
    }
    messages_->show_message(tr("Reading %1...").arg(to_qstring(files.front().string())), MessageBar::Kind::note);
    file_job_.start([read](const std::atomic<bool>&) { return read(); },
                    [this](const OpenedFiles& opened) { take_files(opened); },
                    [this](const std::exception_ptr& problem) { messages_->show_error(error_text(problem)); });
}

void MainWindow::take_files(const OpenedFiles& opened) {
    auto open_all = [this, opened] {
        messages_->clear();
        QStringList problems = opened.problems;
        for (const auto& [kind, file] : opened.found) {
            try {
                open_as(kind, file);
            } catch (...) {
                problems << error_text(std::current_exception());
            }
        }
        show_problems(problems);
    };
    const auto experiment = opened.found.find(FileKind::experiment);
    if (experiment != opened.found.end()) {
        guard(tr("Open %1").arg(to_qstring(experiment->second.path.filename().string())), open_all);
    } else {
        open_all();
    }
}

// A line for each of the files that were opened together.
void MainWindow::show_problems(const QStringList& problems) {
    constexpr int most = 6;
    problems_ = problems;
    if (problems.isEmpty()) {
        return;
    }
    QStringList lines = problems.mid(0, most);
    if (problems.size() > most) {
        lines << tr("and %1 more").arg(problems.size() - most);
    }
    messages_->show_error(lines.join(QLatin1Char('\n')));
}

void MainWindow::open_as(FileKind kind, const OpenedFile& file) {
    switch (kind) {
        case FileKind::experiment:
            document_.open(file.path, *file.experiment);
            remember_file(to_qstring(file.path.string()));
            tabs_->setCurrentWidget(mask_page_);
            break;
        case FileKind::lengths:
            experiment_panel_->lengths().use_file(file.path);
            tell_of_lengths(tr("Documents are drawn from %1 now.").arg(to_qstring(file.path.string())));
            tabs_->setCurrentWidget(mask_page_);
            break;
        case FileKind::mask:
            use_mask(file);
            break;
        case FileKind::database:
            open_database(file.path);
            break;
    }
}

// In the place of the whole mask; one step that can be undone. A mask of so many tokens makes the sequence as long.
void MainWindow::use_mask(const OpenedFile& file) {
    const QString name = to_qstring(file.path.filename().string());
    bool longer = false;
    document_.edit(tr("Use the mask of %1").arg(name), {}, [&](Json& json) {
        json["mask"] = *file.mask->mask;
        if (file.mask->tokens == 0) {
            return;
        }
        if (!json["sequence"].is_object()) {
            json["sequence"] = Json::object();
        }
        Json& sequence = json["sequence"];
        longer = !sequence.contains("tokens") || sequence["tokens"] != file.mask->tokens;
        sequence["tokens"] = file.mask->tokens;
        if (longer && sequence.contains("lengths") && sequence["lengths"].contains("list")) {
            sequence.erase("lengths");  // they were of a sequence of another length
        }
    });
    const QString whose = tr("The mask is that of %1 now").arg(name);
    messages_->show_message(
        longer
            ? tr("%1, and the sequence is as long: %2 tokens.").arg(whose, to_qstring(format_count(file.mask->tokens)))
            : whose + QLatin1Char('.'),
        MessageBar::Kind::note);
    tabs_->setCurrentWidget(mask_page_);
}

// Documents that the mask does not tell apart see one another, which is seldom meant.
void MainWindow::tell_of_lengths(const QString& text) {
    const std::string mask = document_.json().value("mask", Json()).dump();
    const auto says = [&](const char* word) { return mask.find(word) != std::string::npos; };
    if (says("document") || says("shared_question") || says("causal_blockwise") || says("doc(")) {
        messages_->show_message(text, MessageBar::Kind::note);
    } else {
        messages_->offer(text + QLatin1Char(' ') + tr("The mask does not keep them apart."), MessageBar::Kind::note,
                         tr("Add layer documents"), [this] { experiment_panel_->mask().add_layer("documents"); });
    }
}

// As a document without a file: the example stays as it is.
void MainWindow::open_example(const std::filesystem::path& file) {
    guard(tr("Open the example %1").arg(to_qstring(file.stem().string())), [this, file] {
        attempt([&] {
            document_.take_over(to_json(with_absolute_paths(read_experiment(file, experiment_names()))));
            messages_->clear();
            tabs_->setCurrentWidget(mask_page_);
        });
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

// The results that are shown stay until the file has turned out to be a database of ours.
void MainWindow::open_database(const std::filesystem::path& path) {
    database_job_.start(
        [path](const std::atomic<bool>&) {
            const Database file(path, OpenMode::read_only);
            return path;
        },
        [this](const std::filesystem::path& file) {
            database_ = file;
            results_->open(to_qstring(database_.string()));
            comparison_->clear();
            remember_file(to_qstring(database_.string()));
            tabs_->setCurrentWidget(results_);
            pick_up_runs();
        },
        [this](const std::exception_ptr& error) { show_problems(problems_ + QStringList(error_text(error))); });
}

void MainWindow::open_dialog() {
    const QString path = chooser_->to_open(
        *this, tr("Open"), tr("Experiments, lengths, masks, databases (*.json *.txt *.npy *.db);;All files (*)"));
    if (!path.isEmpty()) {
        open_file(path);
    }
}

void MainWindow::use_lengths() {
    const QString path = chooser_->to_open(*this, tr("Lengths of documents"),
                                           tr("Lengths files and histograms (*.txt *.json);;All files (*)"));
    if (!path.isEmpty()) {
        const std::filesystem::path file = path.toStdString();
        read_then_open({file}, [file] { return read_lengths_file(file); });
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
        show_refusal(json_editor_->problem());
        return false;
    }
    return true;
}

void MainWindow::show_refusal(const QString& text) {
    refused_text_ = text;
    messages_->show_error(text);
}

// What is wrong with the experiment is said no longer than it is.
void MainWindow::drop_refusal() {
    if (!refused_text_.isEmpty() && messages_->text() == refused_text_) {
        messages_->clear();
    }
    refused_text_.clear();
}

bool MainWindow::save() {
    if (!commit_edits()) {
        return false;
    }
    if (document_.path().empty()) {
        return save_as();
    }
    if (!attempt([this] { document_.save_as(document_.path()); })) {
        return false;
    }
    was_saved();
    return true;
}

void MainWindow::was_saved() {
    if (messages_->kind() == MessageBar::Kind::error) {
        messages_->clear();  // that it could not be saved, and why
    }
    warn_of_refusal();
}

void MainWindow::warn_of_refusal() {
    warn_when_known_ = evaluator_.busy();
    if (!warn_when_known_ && !evaluator_.refusal().isEmpty()) {
        refused_text_ = tr("Saved as it stands; it cannot be run: %1").arg(evaluator_.refusal());
        messages_->show_message(refused_text_, MessageBar::Kind::warning);
    }
}

bool MainWindow::save_as() {
    if (!commit_edits()) {
        return false;
    }
    const QString suggestion =
        document_.path().empty()
            ? document_.title().replace(QLatin1Char('/'), QLatin1Char('-')) + QStringLiteral(".json")
            : to_qstring(document_.path().string());
    const QString path =
        chooser_->to_save(*this, tr("Save experiment"), suggestion, tr("Experiments (*.json);;All files (*)"));
    if (path.isEmpty() || !attempt([&] { document_.save_as(path.toStdString()); })) {
        return false;
    }
    remember_file(to_qstring(std::filesystem::absolute(document_.path()).string()));
    was_saved();
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
