// SPDX-License-Identifier: GPL-3.0-or-later
// The window: an experiment at the left, its views in the middle, its cost at the right, runs below. It wires the parts
// together and computes nothing.
#pragma once

#include <QMainWindow>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/desktop/actions/action_table.h"
#include "app/desktop/actions/undo_keys.h"
#include "app/desktop/document/evaluator.h"
#include "app/desktop/document/experiment_document.h"
#include "app/desktop/document/opened_files.h"
#include "app/desktop/document/other_mask.h"
#include "app/desktop/export_queue.h"
#include "app/desktop/file_chooser.h"
#include "app/desktop/run/run_controller.h"
#include "app/desktop/stored_run_loader.h"
#include "app/desktop/views.h"
#include "widgets/base/appearance.h"
#include "widgets/base/latest_job.h"
#include "widgets/base/message_bar.h"

class QDockWidget;
class QSettings;
class QTabWidget;

namespace longscope {

class CommandPalette;
class ExperimentPanel;
class JsonEditor;
class LayoutPage;
class MaskGalleryPopup;
class MaskPage;
class RankChart;
class RepetitionChooser;
class RooflineView;
class RunComparisonView;
class RunHistoryChart;
class RunPanel;
class RunTable;
class ShortcutSheet;
class TimelinePage;
class UnsavedBar;

struct WindowOptions {
    std::filesystem::path database;        // results of this window
    std::unique_ptr<QSettings> settings;   // null: those of the user
    std::unique_ptr<FileChooser> chooser;  // null: dialogs
};

class MainWindow : public QMainWindow {
    Q_OBJECT

  public:
    explicit MainWindow(WindowOptions options);
    ~MainWindow() override;

    // By what they are: an experiment, lengths or a histogram, a mask, a result database; one of each. What cannot be
    // opened is said in the page.
    void open_files(const QStringList& paths);
    void open_file(const QString& path) { open_files({path}); }
    // The newest run that goes on in the database is followed again.
    void pick_up_runs();

    [[nodiscard]] ExperimentDocument& document() { return document_; }
    [[nodiscard]] Evaluator& evaluator() { return evaluator_; }
    [[nodiscard]] RunController& runs() { return runs_; }
    [[nodiscard]] ActionTable& actions() { return actions_; }
    [[nodiscard]] Appearance& appearance() { return appearance_; }
    [[nodiscard]] MessageBar& messages() { return *messages_; }
    [[nodiscard]] RunTable& results() { return *results_; }
    [[nodiscard]] QTabWidget& tabs() { return *tabs_; }
    [[nodiscard]] MaskPage& mask_page() { return *mask_page_; }
    [[nodiscard]] LayoutPage& layout_page() { return *layout_page_; }
    [[nodiscard]] TimelinePage& timeline_page() { return *timeline_page_; }
    [[nodiscard]] RooflineView& roofline() { return *roofline_; }

  protected:
    void closeEvent(QCloseEvent* event) override;
    void showEvent(QShowEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void make_views();
    void make_docks();
    void make_actions();
    void make_file_actions();
    void make_view_actions();
    void make_layout_actions();
    void make_compare_actions();
    void make_help_actions();
    void add_view_keys();
    QDockWidget* add_dock(const QString& id, const QString& title, QWidget* content, Qt::DockWidgetArea area);
    void restore_state();
    void save_state();
    void reset_layout();

    // Calls `go_on` when nothing would be lost, or the user has decided what becomes of it. `what` names what is about
    // to happen, as in "Open run 3".
    void guard(const QString& what, const std::function<void()>& go_on);
    bool save();
    bool save_as();
    void was_saved();
    void open_dialog();
    void open_example(const std::filesystem::path& file);
    void read_then_open(const std::vector<std::filesystem::path>& files, const std::function<OpenedFiles()>& read);
    void take_files(const OpenedFiles& opened);
    void show_problems(const QStringList& problems);
    void open_as(FileKind kind, const OpenedFile& file);
    void open_results();
    void list_new_run();
    void open_database(const std::filesystem::path& path);
    void remember_file(const QString& path);
    void fill_recent();
    void use_lengths();
    void use_mask(const OpenedFile& file);
    void tell_of_lengths(const QString& text);

    // What is being typed becomes part of the document. False, with a message, when it cannot.
    bool commit_edits();
    // An error that goes by itself once its cause is gone.
    void show_refusal(const QString& text);
    void drop_refusal();
    // What was saved is said not to be an experiment that can be run, once that is known.
    void warn_of_refusal();
    void start_run();
    void run_ended();
    void open_run(std::int64_t run);
    void look_at_run(std::int64_t run);
    void show_mask_of(const LoadedRun& loaded);
    void change_tags(std::int64_t run, const QString& tags);
    void change_note(std::int64_t run, const QString& note);
    void ask_to_delete(const std::vector<std::int64_t>& runs);
    void show_run(const LoadedRun& loaded);
    void show_repetition(std::int64_t run, const RepetitionPlace& place);
    void show_chooser_of_repetitions();
    void show_selected_runs(const std::vector<std::int64_t>& runs);
    void refresh_history();
    void compare_with(OtherMask other);
    void compare_with_saved();
    void compare_with_file();
    void export_view();
    void copy_view();
    void update_title();
    // What `work` throws is shown in the page.
    bool attempt(const std::function<void()>& work);

    std::unique_ptr<QSettings> settings_;
    std::unique_ptr<FileChooser> chooser_;
    std::filesystem::path database_;
    Appearance appearance_;
    ExperimentDocument document_;
    Evaluator evaluator_;
    RunController runs_;
    ActionTable actions_;
    ExportQueue exports_;
    UndoKeys undo_keys_;
    bool closing_ = false;
    bool run_when_known_ = false;                   // the document is still being worked out
    bool warn_when_known_ = false;                  // it was just saved
    QString refused_text_;                          // of show_refusal(), while its cause is there
    std::optional<std::string> compared_save_;      // that the mask is compared with
    std::pair<QString, MaskExpression> looked_at_;  // the run whose mask was shown last, and that mask
    QStringList problems_;                          // of the files that were opened last
    std::int64_t listed_run_ = 0;  // of those that are followed, the last that was looked for in the results

    MessageBar* messages_ = nullptr;
    UnsavedBar* unsaved_ = nullptr;
    QTabWidget* tabs_ = nullptr;
    std::vector<View> views_;  // in the order of the tabs
    MaskPage* mask_page_ = nullptr;
    LayoutPage* layout_page_ = nullptr;
    TimelinePage* timeline_page_ = nullptr;
    RepetitionChooser* chooser_of_repetitions_ = nullptr;
    std::filesystem::path shown_database_;  // of the run that timeline and ranks show
    RunTable* results_ = nullptr;
    RunComparisonView* comparison_ = nullptr;
    RunHistoryChart* history_ = nullptr;
    RankChart* rank_chart_ = nullptr;
    RooflineView* roofline_ = nullptr;
    ExperimentPanel* experiment_panel_ = nullptr;
    JsonEditor* json_editor_ = nullptr;
    RunPanel* run_panel_ = nullptr;
    MaskGalleryPopup* gallery_ = nullptr;
    CommandPalette* palette_ = nullptr;
    ShortcutSheet* sheet_ = nullptr;
    QByteArray default_state_;
    LatestJob<OpenedFiles> file_job_;
    LatestJob<std::shared_ptr<const LoadedRun>> run_job_;
    LatestJob<std::pair<bool, std::vector<RunningRun>>> running_job_;  // were some lost?
    LatestJob<std::filesystem::path> database_job_;
    ExportQueue edits_;  // of stored runs
    class HistoryReader;
    std::unique_ptr<HistoryReader> history_reader_;
};

}  // namespace longscope
