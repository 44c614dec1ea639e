// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QMimeData>
#include <QSettings>
#include <QTabWidget>
#include <QTimer>
#include <QUrl>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "app/desktop/actions/command_palette.h"
#include "app/desktop/actions/shortcut_sheet.h"
#include "app/desktop/history_reader.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/panels/cost_panel.h"
#include "app/desktop/panels/experiment_panel.h"
#include "app/desktop/panels/json_editor.h"
#include "app/desktop/run/run_panel.h"
#include "app/desktop/timeline_page.h"
#include "app/desktop/unsaved_bar.h"
#include "app/headless/data_folder.h"
#include "app/headless/experiment_names.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/experiment.h"
#include "engine/workload/length_file.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/run_history_chart.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {

namespace {

// Raised whenever docks come, go or change their names.
constexpr int layout_version = 1;

QWidget* titled(QTabWidget& tabs, QWidget* page, const QString& title) {
    tabs.addTab(page, title);
    return page;
}

}  // namespace

MainWindow::MainWindow(WindowOptions options)
    : settings_(std::move(options.settings)),
      chooser_(std::move(options.chooser)),
      database_(options.database.empty() ? default_database_path() : std::move(options.database)),
      evaluator_(document_),
      actions_(*this) {
    if (settings_ == nullptr) {
        settings_ = std::make_unique<QSettings>();
    }
    if (chooser_ == nullptr) {
        chooser_ = std::make_unique<DialogFileChooser>();
    }
    appearance_.set_mode(settings_->value(QStringLiteral("dark")).toBool() ? Appearance::Mode::dark
                                                                           : Appearance::Mode::light);
    setObjectName(QStringLiteral("main_window"));
    setAcceptDrops(true);
    setDockNestingEnabled(true);
    make_views();
    make_docks();
    make_actions();
    palette_ = new CommandPalette(actions_, *this);
    sheet_ = new ShortcutSheet(actions_, *this);
    resize(1440, 900);
    default_state_ = saveState(layout_version);
    restore_state();

    connect(&document_, &ExperimentDocument::location_changed, this, &MainWindow::update_title);
    connect(&runs_, &RunController::ended, this, &MainWindow::run_ended);
    connect(&exports_, &ExportQueue::saved, this, [this](const QString& path) {
        messages_->show_message(tr("Saved %1.").arg(path), MessageBar::Kind::note);
    });
    connect(&exports_, &ExportQueue::failed, messages_, &MessageBar::show_error);
    connect(results_, &RunTable::run_activated, this, &MainWindow::open_run);
    connect(results_, &RunTable::selection_changed, this, &MainWindow::show_selected_runs);
    connect(&results_->model(), &RunTableModel::settled_changed, this, [this] {
        if (results_->model().settled()) {
            refresh_history();
        }
    });
    connect(history_, &RunHistoryChart::run_activated, this, &MainWindow::open_run);
    connect(&evaluator_, &Evaluator::finished, this, [this] {
        if (run_when_known_) {
            start_run();
        }
    });
    connect(run_panel_, &RunPanel::run_wanted, this, &MainWindow::start_run);
    connect(run_panel_, &RunPanel::cancel_wanted, this, [this] { attempt([this] { runs_.cancel(); }); });
    connect(&experiment_panel_->lengths(), &LengthsEditor::file_wanted, this, &MainWindow::use_lengths);
    update_title();
    results_->set_closed_text(tr("No runs yet: Run (F5) makes the first one"));
    connect(&runs_, &RunController::changed, this, &MainWindow::list_new_run);
    open_results();
}

MainWindow::~MainWindow() = default;

void MainWindow::make_views() {
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    messages_ = new MessageBar(page);
    unsaved_ = new UnsavedBar(page);
    tabs_ = new QTabWidget(page);
    tabs_->setObjectName(QStringLiteral("views"));
    tabs_->setDocumentMode(true);
    column->addWidget(messages_);
    column->addWidget(unsaved_);
    column->addWidget(tabs_, 1);
    setCentralWidget(page);

    titled(*tabs_, mask_page_ = new MaskPage(evaluator_, appearance_), tr("Mask"));
    titled(*tabs_, timeline_page_ = new TimelinePage(appearance_), tr("Timeline"));
    titled(*tabs_, results_ = new RunTable(appearance_), tr("Results"));
    titled(*tabs_, comparison_ = new RunComparisonView(appearance_), tr("Compare"));
    titled(*tabs_, history_ = new RunHistoryChart(appearance_), tr("History"));
    titled(*tabs_, rank_chart_ = new RankChart(appearance_), tr("Ranks"));
    history_reader_ = std::make_unique<HistoryReader>();
}

QDockWidget* MainWindow::add_dock(const QString& id, const QString& title, QWidget* content, Qt::DockWidgetArea area) {
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(id);
    dock->setWidget(content);
    addDockWidget(area, dock);
    return dock;
}

void MainWindow::make_docks() {
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    experiment_panel_ = new ExperimentPanel(document_, evaluator_, appearance_);
    run_panel_ = new RunPanel(runs_);
    QDockWidget* experiment =
        add_dock(QStringLiteral("experiment_dock"), tr("Experiment"), experiment_panel_, Qt::LeftDockWidgetArea);
    QDockWidget* cost = add_dock(QStringLiteral("cost_dock"), tr("Cost"), new CostPanel(evaluator_, appearance_),
                                 Qt::RightDockWidgetArea);
    json_editor_ = new JsonEditor(document_);
    QDockWidget* json = add_dock(QStringLiteral("json_dock"), tr("JSON"), json_editor_, Qt::RightDockWidgetArea);
    QDockWidget* run = add_dock(QStringLiteral("run_dock"), tr("Run"), run_panel_, Qt::BottomDockWidgetArea);
    tabifyDockWidget(cost, json);
    cost->raise();
    resizeDocks({experiment, cost}, {340, 300}, Qt::Horizontal);
    resizeDocks({run}, {150}, Qt::Vertical);
}

void MainWindow::update_title() {
    setWindowTitle(QStringLiteral("%1[*] - Longscope").arg(document_.title()));
    setWindowModified(document_.modified());
}

bool MainWindow::attempt(const std::function<void()>& work) {
    try {
        work();
        return true;
    } catch (...) {
        messages_->show_error(error_text(std::current_exception()));
        return false;
    }
}

// ---- files ----

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
    attempt([&] {
        constexpr std::int64_t most_bytes = std::int64_t{256} << 20;
        const std::string content = read_bounded_file(file, most_bytes);
        const std::size_t first = content.find_first_not_of(" \t\r\n");
        if (first != std::string::npos && content[first] == '{' &&
            looks_like_experiment(parse_json(content, file.string()))) {
            open_experiment(file);
            return;
        }
        (void)parse_lengths(content, file.string());
        experiment_panel_->lengths().use_file(std::filesystem::absolute(file));
        messages_->show_message(tr("Documents are drawn from %1 now.").arg(path), MessageBar::Kind::note);
        tabs_->setCurrentWidget(mask_page_);
    });
}

void MainWindow::open_experiment(const std::filesystem::path& path) {
    guard([this, path] {
        if (attempt([&] { document_.open(path); })) {
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
        attempt([&] {
            (void)read_length_file(path.toStdString());
            experiment_panel_->lengths().use_file(path.toStdString());
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

// ---- runs ----

void MainWindow::start_run() {
    if (!commit_edits()) {
        return;
    }
    run_when_known_ = evaluator_.busy();
    if (run_when_known_) {
        return;
    }
    if (evaluator_.current() == nullptr) {
        messages_->show_error(tr("This experiment cannot be run: %1").arg(evaluator_.refusal()));
        return;
    }
    const Evaluation& known = *evaluator_.current();
    attempt([&] {
        if (database_ == default_database_path()) {
            create_folder_of(database_);
        }
        run_panel_->set_flops(known.cost.forward_flops);
        runs_.start(to_json(with_absolute_paths(known.experiment())), to_qstring(known.experiment().name), database_);
        messages_->clear();
    });
}

void MainWindow::run_ended() {
    const RunStatus& status = runs_.status();
    results_->refresh();
    if (status.state == QLatin1String("done")) {
        messages_->show_message(tr("Run %1 is done.").arg(status.run), MessageBar::Kind::note);
    } else {
        messages_->show_message(
            status.message.isEmpty() ? tr("Run %1: %2.").arg(status.run).arg(status.state)
                                     : tr("Run %1: %2: %3").arg(status.run).arg(status.state, status.message),
            status.state == QLatin1String("cancelled") ? MessageBar::Kind::warning : MessageBar::Kind::error);
    }
    if (status.run == 0) {
        return;
    }
    run_job_.start([database = database_, run = status.run](
                       const std::atomic<bool>&) { return std::make_shared<const LoadedRun>(load_run(database, run)); },
                   [this](const std::shared_ptr<const LoadedRun>& loaded) { show_run(*loaded); },
                   [this](const std::exception_ptr& error) { messages_->show_error(error_text(error)); });
}

void MainWindow::show_run(const LoadedRun& loaded) {
    timeline_page_->show_trace(loaded.trace, loaded.shares, loaded.caption);
    rank_chart_->set_ranks(loaded.ranks, loaded.caption);
}

void MainWindow::open_run(std::int64_t run) {
    guard([this, run] {
        run_job_.start(
            [database = database_, run](const std::atomic<bool>&) {
                return std::make_shared<const LoadedRun>(load_run(database, run));
            },
            [this, run](const std::shared_ptr<const LoadedRun>& loaded) {
                attempt([&] {
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

void MainWindow::show_selected_runs(const std::vector<std::int64_t>& runs) {
    if (runs.size() == 2) {
        comparison_->compare(to_qstring(database_.string()), runs[1], runs[0]);
    } else {
        comparison_->clear();
    }
}

void MainWindow::refresh_history() {
    history_reader_->read(database_, [this](std::vector<RunRow> rows) { history_->set_runs(std::move(rows)); });
}

void MainWindow::pick_up_runs() {
    if (runs_.status().going_on()) {
        return;
    }
    running_job_.start([database = database_](const std::atomic<bool>&) { return running_runs(database); },
                       [this](const std::vector<RunningRun>& running) {
                           if (!running.empty() && !runs_.status().going_on()) {
                               attempt([&] {
                                   runs_.follow(running.front().folder, to_qstring(running.front().name));
                                   messages_->show_message(
                                       tr("Run %1 goes on; following it again.").arg(running.front().run),
                                       MessageBar::Kind::note);
                               });
                           }
                       },
                       // Without a database there is nothing to follow; its table says what is wrong with it.
                       [](const std::exception_ptr&) {});
}

// ---- the window ----

void MainWindow::restore_state() {
    restoreGeometry(settings_->value(QStringLiteral("geometry")).toByteArray());
    if (!restoreState(settings_->value(QStringLiteral("layout")).toByteArray(), layout_version)) {
        restoreState(default_state_, layout_version);
    }
    results_->restore_layout_state(settings_->value(QStringLiteral("results")).toByteArray());
}

void MainWindow::save_state() {
    settings_->setValue(QStringLiteral("geometry"), saveGeometry());
    settings_->setValue(QStringLiteral("layout"), saveState(layout_version));
    settings_->setValue(QStringLiteral("results"), results_->layout_state());
    settings_->setValue(QStringLiteral("dark"), appearance_.mode() == Appearance::Mode::dark);
    settings_->sync();
}

void MainWindow::reset_layout() {
    for (QDockWidget* dock : findChildren<QDockWidget*>()) {
        dock->setFloating(false);
        dock->show();
    }
    restoreState(default_state_, layout_version);
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!closing_ && (!commit_edits() || document_.modified())) {
        event->ignore();
        guard([this] {
            closing_ = true;
            close();
        });
        return;
    }
    save_state();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls() && event->mimeData()->urls().front().isLocalFile()) {
        event->acceptProposedAction();
    }
}

void MainWindow::dropEvent(QDropEvent* event) {
    for (const QUrl& url : event->mimeData()->urls()) {
        open_file(url.toLocalFile());
    }
    event->acceptProposedAction();
}

}  // namespace longscope
