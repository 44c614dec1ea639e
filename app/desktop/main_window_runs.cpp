// SPDX-License-Identifier: GPL-3.0-or-later
// Runs: started, followed, picked up again, opened, compared.
#include <QTabWidget>
#include <nlohmann/json.hpp>

#include "app/desktop/history_reader.h"
#include "app/desktop/main_window.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/repetition_chooser.h"
#include "app/desktop/run/run_panel.h"
#include "app/desktop/run_edits.h"
#include "app/desktop/timeline_page.h"
#include "app/headless/data_folder.h"
#include "engine/experiment/experiment.h"
#include "storage/run_edit.h"
#include "storage/run_query.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/roofline_view.h"
#include "widgets/charts/run_history_chart.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {

void MainWindow::start_run() {
    if (!commit_edits()) {
        return;
    }
    run_when_known_ = evaluator_.busy();
    if (run_when_known_) {
        return;
    }
    if (evaluator_.current() == nullptr) {
        show_refusal(tr("This experiment cannot be run: %1").arg(evaluator_.refusal()));
        return;
    }
    const Evaluation& known = *evaluator_.current();
    attempt([&] {
        if (database_ == default_database_path()) {
            create_folder_of(database_);
        }
        runs_.start(to_json(with_absolute_paths(known.experiment())), to_qstring(known.experiment().name), database_);
        messages_->clear();
    });
}

void MainWindow::run_ended() {
    const RunStatus& status = runs_.status();
    results_->refresh();
    const MessageBar::Kind kind = status.state == QLatin1String("done")        ? MessageBar::Kind::note
                                  : status.state == QLatin1String("cancelled") ? MessageBar::Kind::warning
                                                                               : MessageBar::Kind::error;
    messages_->show_message(status.end_text(), kind);
    if (status.run == 0) {
        return;
    }
    shown_database_ = status.database;
    run_job_.start([database = status.database, run = status.run](
                       const std::atomic<bool>&) { return std::make_shared<const LoadedRun>(load_run(database, run)); },
                   [this](const std::shared_ptr<const LoadedRun>& loaded) { show_run(*loaded); },
                   [this](const std::exception_ptr& error) { messages_->show_error(error_text(error)); });
    if (status.state == QLatin1String("lost")) {
        pick_up_runs();
    }
}

void MainWindow::show_run(const LoadedRun& loaded) {
    chooser_of_repetitions_->show_run(loaded.run, loaded.place);
    if (loaded.run.id == runs_.status().run && loaded.run.record.run_folder == runs_.status().folder) {
        run_panel_->show_result(loaded.run.id, figures_of(loaded.run), measured_draws(loaded.run));
    }
    timeline_page_->show_trace(loaded.trace, loaded.shares, loaded.caption);
    rank_chart_->set_ranks(loaded.ranks, loaded.caption);
    roofline_->show_kernels(loaded.kernels, loaded.caption);
}

void MainWindow::open_run(std::int64_t run) {
    guard(tr("Open run %1").arg(run), [this, run] {
        run_job_.start(
            [database = database_, run](const std::atomic<bool>&) {
                return std::make_shared<const LoadedRun>(load_run(database, run));
            },
            [this, run](const std::shared_ptr<const LoadedRun>& loaded) {
                attempt([&] {
                    shown_database_ = database_;
                    document_.take_over(parse_json(loaded->experiment, "the stored experiment"));
                    show_run(*loaded);
                    tabs_->setCurrentWidget(loaded->trace != nullptr ? static_cast<QWidget*>(timeline_page_)
                                                                     : mask_page_);
                    messages_->show_message(tr("This is run %1: its experiment, mask and timeline.").arg(run),
                                            MessageBar::Kind::note);
                });
            },
            [this](const std::exception_ptr& error) { messages_->show_error(error_text(error)); });
    });
}

// Its mask, its timeline and its ranks, beside the experiment that is being edited.
void MainWindow::look_at_run(std::int64_t run) {
    shown_database_ = database_;
    run_job_.start(
        [database = database_, run](const std::atomic<bool>&) {
            return std::make_shared<const LoadedRun>(load_run_with_mask(database, run));
        },
        [this, run](const std::shared_ptr<const LoadedRun>& loaded) {
            show_run(*loaded);
            show_mask_of(*loaded);
            tabs_->setCurrentWidget(loaded->trace != nullptr ? static_cast<QWidget*>(timeline_page_) : mask_page_);
            const bool whole = loaded->mask != nullptr;
            messages_->offer(whole
                                 ? tr("Mask, timeline and ranks are of run %1; the experiment stays as it is.").arg(run)
                                 : tr("Timeline and ranks are of run %1, the mask is not: %2")
                                       .arg(QString::number(run), loaded->no_mask),
                             whole ? MessageBar::Kind::note : MessageBar::Kind::warning, tr("Open its experiment"),
                             [this, run] { open_run(run); });
        },
        [this](const std::exception_ptr& error) { messages_->show_error(error_text(error)); });
}

void MainWindow::show_mask_of(const LoadedRun& loaded) {
    if (loaded.mask == nullptr) {
        mask_page_->end_look();
        return;
    }
    const QString name = tr("run %1").arg(loaded.run.id);
    looked_at_ = {name, loaded.mask->draw.experiment.mask};
    const QString of_draw = loaded.run.draws.size() > 1
                                ? tr(", draw %1 of %2").arg(loaded.place.draw + 1).arg(loaded.run.draws.size())
                                : QString();
    mask_page_->look_at(
        loaded.mask, tr("Mask of %1%2: %3").arg(name, of_draw, to_qstring(to_text(loaded.mask->draw.experiment.mask))));
}

void MainWindow::change_tags(std::int64_t run, const QString& tags) {
    edits_.add({}, [database = database_, run, text = tags.toStdString()] { write_run_tags(database, run, text); });
}

void MainWindow::change_note(std::int64_t run, const QString& note) {
    edits_.add(
        {}, [database = database_, run, text = note.trimmed().toStdString()] { write_run_note(database, run, text); });
}

void MainWindow::ask_to_delete(const std::vector<std::int64_t>& runs) {
    if (runs.empty()) {
        return;
    }
    const QString what = runs.size() == 1 ? tr("run %1").arg(runs.front()) : tr("%1 runs").arg(runs.size());
    messages_->offer(tr("Delete %1 with all that was measured? It cannot be taken back.").arg(what),
                     MessageBar::Kind::warning, tr("Delete %1").arg(what), [this, runs, what] {
                         edits_.add(tr("Deleted %1.").arg(what), [database = database_, runs] {
                             Database file(database);
                             delete_runs(file, runs);
                         });
                     });
}

// Another draw or repetition of the run that is shown; the experiment stays as it is.
void MainWindow::show_repetition(std::int64_t run, const RepetitionPlace& place) {
    const bool with_mask = mask_page_->looking();
    run_job_.start(
        [database = shown_database_, run, place, with_mask](const std::atomic<bool>&) {
            return std::make_shared<const LoadedRun>(with_mask ? load_run_with_mask(database, run, place)
                                                               : load_run(database, run, place));
        },
        [this, with_mask](const std::shared_ptr<const LoadedRun>& loaded) {
            show_run(*loaded);
            if (with_mask && mask_page_->looking()) {
                show_mask_of(*loaded);
            }
        },
        [this](const std::exception_ptr& error) { messages_->show_error(error_text(error)); });
}

void MainWindow::show_selected_runs(const std::vector<std::int64_t>& runs) {
    if (runs.size() == 2) {
        comparison_->compare(to_qstring(database_.string()), runs[1], runs[0]);
    } else {
        comparison_->clear();
    }
}

void MainWindow::refresh_history() {
    const std::string filter = results_->model().query().filter;
    history_reader_->read(database_, filter, [this, filter](std::vector<RunRow> rows) {
        history_->set_runs(std::move(rows), to_qstring(filter));
    });
}

void MainWindow::pick_up_runs() {
    if (runs_.status().going_on()) {
        return;
    }
    running_job_.start(
        [database = database_](const std::atomic<bool>&) {
            const bool lost = mark_lost_runs(database);
            return std::pair(lost, running_runs(database));
        },
        [this](const std::pair<bool, std::vector<RunningRun>>& found) {
            const auto& [lost, running] = found;
            if (lost) {
                results_->refresh();
            }
            if (!running.empty() && !runs_.status().going_on()) {
                attempt([&, &run = running.front()] {
                    runs_.follow(run.folder, to_qstring(run.name));
                    messages_->show_message(tr("Run %1 goes on; following it again.").arg(run.run),
                                            MessageBar::Kind::note);
                });
            }
        },
        // Without a database there is nothing to follow; its table says what is wrong with it.
        [](const std::exception_ptr&) {});
}

}  // namespace longscope
