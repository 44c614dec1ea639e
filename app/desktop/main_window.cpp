// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/main_window.h"

#include <QCloseEvent>
#include <QDockWidget>
#include <QMimeData>
#include <QScreen>
#include <QSettings>
#include <QTabWidget>
#include <QUrl>
#include <QVBoxLayout>
#include <QWindow>

#include "app/desktop/actions/command_palette.h"
#include "app/desktop/actions/shortcut_sheet.h"
#include "app/desktop/application.h"
#include "app/desktop/history_reader.h"
#include "app/desktop/layout_page.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/panels/cost_panel.h"
#include "app/desktop/panels/experiment_panel.h"
#include "app/desktop/panels/json_editor.h"
#include "app/desktop/panels/mask_gallery_popup.h"
#include "app/desktop/repetition_chooser.h"
#include "app/desktop/run/run_panel.h"
#include "app/desktop/timeline_page.h"
#include "app/desktop/unsaved_bar.h"
#include "app/headless/data_folder.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"
#include "widgets/charts/rank_chart.h"
#include "widgets/charts/roofline_view.h"
#include "widgets/charts/run_history_chart.h"
#include "widgets/results/run_comparison_view.h"
#include "widgets/results/run_table.h"

namespace longscope {

namespace {

// Raised whenever docks come, go or change their names.
constexpr int layout_version = 2;

// The window and what the desktop puts around it, which nobody knows before it is there, are to fit on the screen.
QSize first_size(const QWidget& window) {
    constexpr QSize wanted{1440, 900};
    constexpr QSize frame{16, 48};
    return wanted.boundedTo(window.screen()->availableGeometry().size() - frame);
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
    gallery_ = new MaskGalleryPopup(experiment_panel_->mask(), appearance_, *this);
    palette_ = new CommandPalette(actions_, *this);
    sheet_ = new ShortcutSheet(actions_, *this);
    resize(first_size(*this));
    default_state_ = saveState(layout_version);
    restore_state();

    connect(&document_, &ExperimentDocument::location_changed, this, &MainWindow::update_title);
    connect(&runs_, &RunController::ended, this, &MainWindow::run_ended);
    connect(&exports_, &ExportQueue::saved, this, [this](const QString& path) {
        messages_->show_message(tr("Saved %1.").arg(path), MessageBar::Kind::note);
    });
    connect(&exports_, &ExportQueue::failed, messages_, &MessageBar::show_error);
    connect(results_, &RunTable::run_activated, this, &MainWindow::open_run);
    connect(results_, &RunTable::look_requested, this, &MainWindow::look_at_run);
    connect(&results_->model(), &RunTableModel::tags_edited, this, &MainWindow::change_tags);
    connect(&results_->model(), &RunTableModel::note_edited, this, &MainWindow::change_note);
    connect(&edits_, &ExportQueue::saved, this, [this](const QString& what) {
        results_->refresh();
        if (!what.isEmpty()) {
            messages_->show_message(what, MessageBar::Kind::note);
        }
    });
    connect(&edits_, &ExportQueue::failed, messages_, &MessageBar::show_error);
    connect(results_, &RunTable::deletion_requested, this, &MainWindow::ask_to_delete);
    connect(results_, &RunTable::selection_changed, this, &MainWindow::show_selected_runs);
    connect(&results_->model(), &RunTableModel::settled_changed, this, [this] {
        if (results_->model().settled()) {
            refresh_history();
        }
    });
    connect(&undo_keys_, &UndoKeys::taken, this, [this] { json_editor_->commit(); });
    connect(history_, &RunHistoryChart::run_activated, this, &MainWindow::open_run);
    connect(json_editor_, &JsonEditor::problem_changed, this, &MainWindow::drop_refusal);
    connect(&document_, &ExperimentDocument::changed, this, [this] {
        warn_when_known_ = false;
        mask_page_->end_look();  // who edits wants to see it
        if (json_editor_->problem().isEmpty()) {
            drop_refusal();
        }
    });
    connect(&evaluator_, &Evaluator::finished, this, [this] {
        if (run_when_known_) {
            start_run();
        } else if (warn_when_known_) {
            warn_of_refusal();
        }
    });
    connect(results_, &RunTable::export_requested, this, &MainWindow::export_view);
    for (const ChartPage* chart : {static_cast<ChartPage*>(history_), static_cast<ChartPage*>(rank_chart_)}) {
        connect(chart, &ChartPage::save_requested, this, &MainWindow::export_view);
    }
    connect(roofline_, &RooflineView::save_requested, this, &MainWindow::export_view);
    connect(run_panel_, &RunPanel::run_wanted, this, &MainWindow::start_run);
    connect(run_panel_, &RunPanel::cancel_wanted, this, [this] { attempt([this] { runs_.cancel(); }); });
    connect(&experiment_panel_->lengths(), &LengthsEditor::file_wanted, this, &MainWindow::use_lengths);
    if (const auto* application = qobject_cast<Application*>(QCoreApplication::instance())) {
        connect(application, &Application::thrown, this, [this](const QString& what) {
            messages_->show_error(tr("The program made a mistake, and left off what it was doing: %1").arg(what));
        });
    }
    update_title();
    results_->set_closed_text(tr("No runs yet: Run (F5) makes the first one"));
    connect(&runs_, &RunController::changed, this, &MainWindow::list_new_run);
    open_results();
}

MainWindow::~MainWindow() {
    // A field that loses the focus changes the document, which must still be there.
    hide();
}

void MainWindow::make_views() {
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    messages_ = new MessageBar(this);
    unsaved_ = new UnsavedBar(this);
    tabs_ = new QTabWidget(page);
    tabs_->setObjectName(QStringLiteral("views"));
    tabs_->setAccessibleName(tr("Views"));
    tabs_->setDocumentMode(true);
    column->addWidget(tabs_, 1);
    setCentralWidget(page);

    mask_page_ = new MaskPage(evaluator_, appearance_);
    layout_page_ = new LayoutPage(document_, evaluator_, appearance_);
    timeline_page_ = new TimelinePage(appearance_);
    results_ = new RunTable(appearance_);
    comparison_ = new RunComparisonView(appearance_);
    history_ = new RunHistoryChart(appearance_);
    rank_chart_ = new RankChart(appearance_);
    roofline_ = new RooflineView(appearance_);
    views_ = {view_of(tr("Mask"), *mask_page_),         view_of(tr("Layout"), *layout_page_),
              view_of(tr("Timeline"), *timeline_page_), view_of(tr("Results"), *results_),
              view_of(tr("Compare"), *comparison_),     view_of(tr("History"), *history_),
              view_of(tr("Ranks"), *rank_chart_),       view_of(tr("Roofline"), *roofline_)};
    for (const View& view : views_) {
        tabs_->addTab(view.page, view.title);
    }
    history_reader_ = std::make_unique<HistoryReader>();
    chooser_of_repetitions_ = new RepetitionChooser;
    tabs_->setCornerWidget(chooser_of_repetitions_);
    connect(chooser_of_repetitions_, &RepetitionChooser::chosen, this, &MainWindow::show_repetition);
    connect(chooser_of_repetitions_, &RepetitionChooser::filled, this, &MainWindow::show_chooser_of_repetitions);
    connect(tabs_, &QTabWidget::currentChanged, this, &MainWindow::show_chooser_of_repetitions);
    connect(mask_page_, &MaskPage::look_changed, this, &MainWindow::show_chooser_of_repetitions);
    show_chooser_of_repetitions();
}

// Beside the views that show one repetition, or the mask of one draw, when there are several.
void MainWindow::show_chooser_of_repetitions() {
    const QWidget* page = tabs_->currentWidget();
    chooser_of_repetitions_->setVisible(chooser_of_repetitions_->choices() > 1 &&
                                        (page == timeline_page_ || page == rank_chart_ || page == roofline_ ||
                                         (page == mask_page_ && mask_page_->looking())));
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
    if (!document_.modified()) {
        unsaved_->clear();
    }
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

void MainWindow::restore_state() {
    restoreGeometry(settings_->value(QStringLiteral("geometry")).toByteArray());
    if (!restoreState(settings_->value(QStringLiteral("layout")).toByteArray(), layout_version)) {
        restoreState(default_state_, layout_version);
    }
    results_->restore_layout_state(settings_->value(QStringLiteral("results")).toByteArray());
    layout_page_->restore_page_state(settings_->value(QStringLiteral("layout_page")).toByteArray());
}

void MainWindow::save_state() {
    settings_->setValue(QStringLiteral("geometry"), saveGeometry());
    settings_->setValue(QStringLiteral("layout"), saveState(layout_version));
    settings_->setValue(QStringLiteral("results"), results_->layout_state());
    settings_->setValue(QStringLiteral("layout_page"), layout_page_->page_state());
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
        guard(tr("Close the window"), [this] {
            closing_ = true;
            close();
        });
        return;
    }
    save_state();
    event->accept();
}

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    windowHandle()->installEventFilter(this);
}

// Files can be dropped anywhere, also on fields that would take their names as text.
bool MainWindow::eventFilter(QObject* watched, QEvent* event) {
    const QEvent::Type type = event->type();
    if (watched != windowHandle() || (type != QEvent::DragEnter && type != QEvent::DragMove && type != QEvent::Drop)) {
        return QMainWindow::eventFilter(watched, event);
    }
    auto* drop = static_cast<QDropEvent*>(event);
    const QList<QUrl> urls = drop->mimeData()->urls();
    if (urls.isEmpty()) {
        return false;
    }
    drop->setDropAction(Qt::CopyAction);  // the files stay where they are, whatever was proposed
    drop->accept();
    if (type == QEvent::Drop) {
        QStringList files;
        for (const QUrl& url : urls) {
            files << (url.isLocalFile() ? url.toLocalFile() : url.toString());
        }
        open_files(files);
    }
    return true;
}

}  // namespace longscope
