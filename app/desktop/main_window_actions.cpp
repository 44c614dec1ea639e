// SPDX-License-Identifier: GPL-3.0-or-later
// The table of everything that can be done in the window.
#include <QCoreApplication>
#include <QDockWidget>
#include <QMenu>
#include <QSettings>
#include <QTabWidget>
#include <QToolButton>
#include <nlohmann/json.hpp>

#include "app/desktop/actions/command_palette.h"
#include "app/desktop/actions/example_menu.h"
#include "app/desktop/actions/shortcut_sheet.h"
#include "app/desktop/layout_page.h"
#include "app/desktop/main_window.h"
#include "app/desktop/mask_page.h"
#include "app/desktop/notice_area.h"
#include "app/desktop/panels/json_editor.h"
#include "app/desktop/panels/mask_gallery_popup.h"
#include "app/desktop/timeline_page.h"
#include "app/desktop/unsaved_bar.h"
#include "app/headless/program_files.h"
#include "widgets/base/colours.h"
#include "widgets/results/run_table.h"

namespace longscope {

void MainWindow::make_actions() {
    make_file_actions();
    QAction& undo = actions_.add({QStringLiteral("edit.undo"),
                                  tr("&Edit"),
                                  tr("&Undo"),
                                  tr("Take the last change back"),
                                  {QKeySequence::Undo},
                                  [this] {
                                      json_editor_->commit();
                                      if (json_editor_->problem().isEmpty() || json_editor_->overtaken()) {
                                          document_.undo_stack().undo();
                                      } else {
                                          json_editor_->discard();  // the last change is that text
                                      }
                                  },
                                  true});
    QAction& redo =
        actions_.add({QStringLiteral("edit.redo"),
                      tr("&Edit"),
                      tr("&Redo"),
                      tr("Make the change again"),
                      {QKeySequence(QStringLiteral("Ctrl+Shift+Z")), QKeySequence(QStringLiteral("Ctrl+Y"))},
                      [this] { document_.undo_stack().redo(); },
                      true});
    undo.setEnabled(false);
    redo.setEnabled(false);
    connect(&document_.undo_stack(), &QUndoStack::canUndoChanged, &undo, &QAction::setEnabled);
    connect(&document_.undo_stack(), &QUndoStack::canRedoChanged, &redo, &QAction::setEnabled);
    connect(&document_.undo_stack(), &QUndoStack::undoTextChanged, &undo,
            [&undo](const QString& text) { undo.setText(text.isEmpty() ? tr("&Undo") : tr("&Undo: %1").arg(text)); });
    connect(&document_.undo_stack(), &QUndoStack::redoTextChanged, &redo,
            [&redo](const QString& text) { redo.setText(text.isEmpty() ? tr("&Redo") : tr("&Redo: %1").arg(text)); });
    actions_.add({QStringLiteral("edit.gallery"),
                  tr("&Edit"),
                  tr("&Gallery of masks..."),
                  tr("Add a mask to the layers, or replace them, from pictures of all leaves and presets"),
                  {QKeySequence(QStringLiteral("Ctrl+L"))},
                  [this] { gallery_->open(); },
                  false,
                  true});
    make_view_actions();
    QAction& run = actions_.add({QStringLiteral("run.start"),
                                 tr("&Run"),
                                 tr("&Run"),
                                 tr("Run this experiment on this machine"),
                                 {QKeySequence(Qt::Key_F5)},
                                 [this] { start_run(); },
                                 true});
    QAction& cancel = actions_.add({QStringLiteral("run.cancel"),
                                    tr("&Run"),
                                    tr("&Cancel run"),
                                    tr("End the run; what was measured is stored"),
                                    {QKeySequence(QStringLiteral("Shift+F5"))},
                                    [this] { attempt([this] { runs_.cancel(); }); },
                                    true});
    cancel.setEnabled(false);
    connect(&runs_, &RunController::changed, this, [this, &run, &cancel] {
        run.setEnabled(!runs_.status().going_on());
        cancel.setEnabled(runs_.status().going_on() && !runs_.status().stopping);
    });
    actions_.add({QStringLiteral("run.open"),
                  tr("&Run"),
                  tr("&Open selected run"),
                  tr("Show the experiment, mask and timeline of the run that is selected in the results"),
                  {},
                  [this] {
                      if (const auto runs = results_->selected_runs(); !runs.empty()) {
                          open_run(runs.front());
                      } else {
                          messages_->show_error(tr("Select a run in the results first."));
                      }
                  }});
    actions_.add({QStringLiteral("run.refresh"),
                  tr("&Run"),
                  tr("Re&fresh results"),
                  tr("Read new runs from the database"),
                  {QKeySequence(QStringLiteral("Ctrl+R"))},
                  [this] {
                      open_results();
                      results_->refresh();
                      pick_up_runs();
                  }});
    actions_.add({QStringLiteral("help.palette"),
                  tr("&Help"),
                  tr("&Commands..."),
                  tr("Find everything that can be done by typing"),
                  {QKeySequence(QStringLiteral("Ctrl+Shift+P"))},
                  [this] { palette_->open(); }});
    actions_.add({QStringLiteral("help.keys"),
                  tr("&Help"),
                  tr("&Keys"),
                  tr("All keys on one sheet"),
                  {QKeySequence(Qt::Key_Question), QKeySequence(Qt::Key_F1)},
                  [this] { sheet_->toggle(); }});
    make_help_actions();
    add_view_keys();

    actions_.fill(*menuBar());
    auto* bar = addToolBar(tr("Toolbar"));
    bar->setObjectName(QStringLiteral("toolbar"));
    bar->setToolButtonStyle(Qt::ToolButtonTextOnly);
    bar->setMovable(false);
    actions_.fill(*bar);
    addToolBarBreak();
    auto* strip = addToolBar(tr("Messages"));
    strip->setObjectName(QStringLiteral("message_strip"));
    strip->setMovable(false);
    strip->toggleViewAction()->setVisible(false);  // it comes and goes with what stands there
    auto* notices = new NoticeArea(*this, *bar, *strip);
    notices->add(*unsaved_);
    notices->add(*messages_);
    // Texts that tell the step would make the toolbar move.
    for (QAction* action : {&undo, &redo}) {
        action->setIconText(action == &undo ? tr("Undo") : tr("Redo"));
    }
    fill_recent();
}

void MainWindow::make_help_actions() {
    actions_.add({QStringLiteral("help.manual"), tr("&Help"), tr("&Manual"), tr("Where the manual lies"), {}, [this] {
                      messages_->show_message(
                          tr("The manual is %1.").arg(to_qstring(resource_path("docs/manual.md").string())),
                          MessageBar::Kind::note);
                  }});
    actions_.add(
        {QStringLiteral("help.about"), tr("&Help"), tr("&About Longscope"), tr("Version and licence"), {}, [this] {
             messages_->show_message(tr("Longscope %1: explore and profile long-context attention. GPL-3.0-or-later.")
                                         .arg(QCoreApplication::applicationVersion()),
                                     MessageBar::Kind::note);
         }});
}

void MainWindow::make_file_actions() {
    const QString menu = tr("&File");
    actions_.add({QStringLiteral("file.new"),
                  menu,
                  tr("&New"),
                  tr("Begin a new experiment"),
                  {QKeySequence::New},
                  [this] { guard(tr("Begin a new experiment"), [this] { document_.start_new(); }); },
                  true});
    actions_.add({QStringLiteral("file.open"),
                  menu,
                  tr("&Open..."),
                  tr("Open an experiment, lengths, a mask or a database"),
                  {QKeySequence::Open},
                  [this] { open_dialog(); },
                  true});
    auto* recent = new QMenu(tr("Open &recent"), this);
    recent->setToolTipsVisible(true);
    recent->menuAction()->setObjectName(QStringLiteral("file.recent"));
    actions_.add(menu, *recent->menuAction(), tr("Open a file again that was open before"));
    actions_.add(menu, *make_example_menu(*this, [this](const auto& file) { open_example(file); })->menuAction(),
                 tr("Open a copy of an experiment that comes with the program"));
    actions_.add({QStringLiteral("file.save"),
                  menu,
                  tr("&Save"),
                  tr("Save the experiment"),
                  {QKeySequence::Save},
                  [this] { save(); },
                  true});
    actions_.add({QStringLiteral("file.save_as"),
                  menu,
                  tr("Save &as..."),
                  tr("Save the experiment under another name"),
                  {QKeySequence(QStringLiteral("Ctrl+Shift+S"))},
                  [this] { save_as(); }});
    actions_.add({QStringLiteral("file.export"),
                  menu,
                  tr("&Export view..."),
                  tr("Save the view as PNG, SVG, PDF or CSV"),
                  {QKeySequence(QStringLiteral("Ctrl+Shift+E"))},
                  [this] { export_view(); },
                  false,
                  true});
    actions_.add({QStringLiteral("file.copy_view"),
                  menu,
                  tr("&Copy view"),
                  tr("Copy the view to the clipboard"),
                  {QKeySequence(QStringLiteral("Ctrl+Shift+C"))},
                  [this] { copy_view(); }});
    actions_.add({QStringLiteral("file.quit"),
                  menu,
                  tr("&Quit"),
                  tr("Close the window; a run goes on"),
                  {QKeySequence(QStringLiteral("Ctrl+Q"))},
                  [this] { close(); },
                  false,
                  true});
}

void MainWindow::make_view_actions() {
    const QString menu = tr("&View");
    for (int i = 0; i < tabs_->count(); ++i) {
        actions_.add({QStringLiteral("view.tab_%1").arg(i + 1),
                      menu,
                      tabs_->tabText(i),
                      tr("Show the view %1").arg(tabs_->tabText(i)),
                      {QKeySequence(QStringLiteral("Ctrl+%1").arg(i + 1))},
                      [this, i] { tabs_->setCurrentIndex(i); }});
    }
    make_layout_actions();
    int number = 1;
    for (const char* name : {"experiment_dock", "cost_dock", "json_dock", "run_dock"}) {
        auto* dock = findChild<QDockWidget*>(QLatin1String(name));
        // Not the dock's own action: that one hides a panel that lies behind another, instead of showing it.
        QAction& toggle = actions_.add({QStringLiteral("view.") + dock->objectName(),
                                        menu,
                                        tr("Panel: %1").arg(dock->windowTitle()),
                                        tr("Show or hide the panel %1").arg(dock->windowTitle()),
                                        {QKeySequence(QStringLiteral("Alt+%1").arg(number++))},
                                        [] {}});
        toggle.setCheckable(true);
        connect(dock, &QDockWidget::visibilityChanged, &toggle, &QAction::setChecked);
        connect(&toggle, &QAction::triggered, dock, [dock](bool show) {
            dock->setVisible(show);
            if (show) {
                dock->raise();
            }
        });
    }
    actions_.add({QStringLiteral("view.reset"),
                  menu,
                  tr("&Reset window layout"),
                  tr("All panels where they were at first"),
                  {},
                  [this] { reset_layout(); },
                  false,
                  true});
    QAction& dark = actions_.add({QStringLiteral("view.dark"),
                                  menu,
                                  tr("&Dark"),
                                  tr("Light or dark"),
                                  {QKeySequence(QStringLiteral("Ctrl+Shift+D"))},
                                  [] {},
                                  true});
    dark.setCheckable(true);
    dark.setChecked(appearance_.mode() == Appearance::Mode::dark);
    connect(&dark, &QAction::toggled, this,
            [this](bool on) { appearance_.set_mode(on ? Appearance::Mode::dark : Appearance::Mode::light); });
    actions_.add({QStringLiteral("view.zoom_in"),
                  menu,
                  tr("Zoom mask &in"),
                  tr("More detail"),
                  {QKeySequence::ZoomIn},
                  [this] { mask_page_->canvas().zoom_in(); },
                  false,
                  true});
    actions_.add({QStringLiteral("view.zoom_out"),
                  menu,
                  tr("Zoom mask &out"),
                  tr("More of the mask"),
                  {QKeySequence::ZoomOut},
                  [this] { mask_page_->canvas().zoom_out(); }});
    actions_.add({QStringLiteral("view.fit"),
                  menu,
                  tr("&Fit mask"),
                  tr("The whole mask"),
                  {QKeySequence(QStringLiteral("Ctrl+0"))},
                  [this] { mask_page_->canvas().fit(); }});
    make_compare_actions();
}

// The parts of the page of the layout.
void MainWindow::make_layout_actions() {
    const auto add = [this](const char* id, const QString& text, const QString& help, const QList<QKeySequence>& keys,
                            LayoutPage::Part part) {
        actions_.add({QLatin1String(id), tr("&View"), text, help, keys, [this, part] {
                          layout_page_->show_part(part);
                          tabs_->setCurrentWidget(layout_page_);
                      }});
    };
    add("view.layout_steps", tr("Layout: steps"), tr("What each rank computes in each step, and what it sends"), {},
        LayoutPage::Part::steps);
    add("view.layout_communication", tr("Layout: communication"), tr("How much each rank sends to each other one"), {},
        LayoutPage::Part::communication);
    add("view.layout_memory", tr("Layout: memory"), tr("What each rank holds over the steps"), {},
        LayoutPage::Part::memory);
    add("view.layout_choices", tr("Layout: &choices"), tr("Every layout that this experiment could have"),
        {QKeySequence(QStringLiteral("Ctrl+Shift+L"))}, LayoutPage::Part::choices);
}

void MainWindow::add_view_keys() {
    const QString mask = tr("Mask, while it has the focus");
    for (const auto& [keys, text] : {std::pair{tr("Wheel, W, S"), tr("Zoom")},
                                     {tr("Middle drag, Shift+drag, arrows, A, D"), tr("Move")},
                                     {tr("Drag"), tr("Select a region and sum it up")},
                                     {tr("F"), tr("Focus the selection; again: fit")},
                                     {tr("Home"), tr("The whole mask")},
                                     {tr("Esc"), tr("Clear the selection")}}) {
        actions_.add_view_key({mask, text, keys});
    }
    const QString gallery = tr("Gallery of masks");
    for (const auto& [keys, text] : {std::pair{tr("Letters"), tr("Search")},
                                     {tr("Arrows, Page up, Page down"), tr("Move through the masks")},
                                     {tr("Return"), tr("Add the mask as a layer")},
                                     {tr("Ctrl+Return"), tr("Put it in the place of the whole mask")},
                                     {tr("Esc"), tr("Close")}}) {
        actions_.add_view_key({gallery, text, keys});
    }
    const QString layout = tr("Layout, while its table or its memory has the focus");
    for (const auto& [keys, text] :
         {std::pair{tr("Arrows, Home, End, Page up, Page down"), tr("Choose a cell, or a rank")},
          {tr("Ctrl+Wheel, W, S"), tr("Zoom")},
          {tr("Wheel, middle drag, Shift+drag"), tr("Move")},
          {tr("F"), tr("All cells in sight; again: as large as can be read")},
          {tr("Return"), tr("Give the experiment the layout of this row, in the choices")},
          {QKeySequence(QKeySequence::Copy).toString(QKeySequence::NativeText), tr("Copy the table as text")},
          {tr("Esc"), tr("Choose nothing")}}) {
        actions_.add_view_key({layout, text, keys});
    }
    const QString timeline = tr("Timeline, while it has the focus");
    for (const TimelineCommand& command : timeline_page_->view().commands()) {
        QStringList keys;
        for (const QKeySequence& key : command.keys) {
            keys << key.toString(QKeySequence::NativeText);
        }
        actions_.add_view_key({timeline, command.text, keys.join(QStringLiteral(", "))});
    }
    const QString results = tr("Results, while they have the focus");
    for (const auto& [keys, text] :
         {std::pair{QKeySequence(QKeySequence::Find).toString(QKeySequence::NativeText), tr("Filter the runs")},
          {tr("Return"), tr("Open the run")},
          {tr("F2"), tr("Edit the tags or the note, in their column")},
          {tr("Shift+Return"), tr("Look at its mask, timeline and ranks; the experiment stays")},
          {QKeySequence(QKeySequence::Delete).toString(QKeySequence::NativeText),
           tr("Delete the selected runs, after a question")},
          {QKeySequence(QKeySequence::Copy).toString(QKeySequence::NativeText), tr("Copy the selected rows")},
          {tr("Esc"), tr("Clear the selection, then the filter")}}) {
        actions_.add_view_key({results, text, keys});
    }
    const QString charts = tr("Charts, while they have the focus");
    for (const auto& [keys, text] :
         {std::pair{tr("Left, Right, Home, End"), tr("Tell of a point")},
          {tr("Return"), tr("Open the run of this point")},
          {QKeySequence(QKeySequence::Copy).toString(QKeySequence::NativeText), tr("Copy the picture")},
          {tr("Esc"), tr("Tell of none")}}) {
        actions_.add_view_key({charts, text, keys});
    }
}

void MainWindow::fill_recent() {
    QMenu* menu = actions_.at(QStringLiteral("file.recent")).menu();
    for (QAction* old : menu->actions()) {
        menu->removeAction(old);
        old->deleteLater();  // it may be the one that is being triggered
    }
    const QStringList files = settings_->value(QStringLiteral("recent")).toStringList();
    for (const QString& file : files) {
        constexpr int most_pixels = 560;
        const QString shown = menu->fontMetrics().elidedText(file, Qt::ElideMiddle, most_pixels);
        QAction* action = menu->addAction(QString(shown).replace(QLatin1Char('&'), QStringLiteral("&&")));
        action->setData(file);
        action->setToolTip(file.toHtmlEscaped());
        connect(action, &QAction::triggered, this, [this, file] { open_file(file); });
    }
    menu->setEnabled(!files.isEmpty());
}

void MainWindow::export_view() {
    const View& view = views_.at(static_cast<std::size_t>(tabs_->currentIndex()));
    const QString path =
        chooser_->to_save(*this, tr("Export view"),
                          view.title.toLower() + (view.has_picture ? QStringLiteral(".svg") : QStringLiteral(".csv")),
                          view.has_picture ? tr("Pictures and data (*.png *.svg *.pdf *.csv)")
                          : view.has_page  ? tr("Tables, and pages with tables and curves (*.csv *.html)")
                                           : tr("Tables (*.csv)"));
    if (path.isEmpty()) {
        return;
    }
    attempt([&] {
        if (std::function<void()> write = view.saver(path.toStdString())) {
            exports_.add(path, std::move(write));
        }
    });
}

void MainWindow::copy_view() {
    if (attempt([this] { views_.at(static_cast<std::size_t>(tabs_->currentIndex())).copy(); })) {
        messages_->show_message(tr("Copied."), MessageBar::Kind::note);
    }
}

}  // namespace longscope
