// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment that is being edited: its JSON document, valid or not, with undo and redo, and where it is kept.
// Panels show it and change it through edit(); they never talk to one another. Lives on the GUI thread.
#pragma once

#include <QObject>
#include <QUndoStack>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/json.h"
#include "engine/mask/mask_stack.h"

namespace longscope {

// What undo and redo go back to.
struct DocumentState {
    std::string text;  // the JSON document, as it is saved
    MaskStack stack;   // its mask, with hidden layers

    [[nodiscard]] bool operator==(const DocumentState&) const = default;
};

class ExperimentDocument : public QObject {
    Q_OBJECT

  public:
    explicit ExperimentDocument(QObject* parent = nullptr);
    ~ExperimentDocument() override;

    [[nodiscard]] const Json& json() const { return *json_; }
    // For other threads; it stays as it is.
    [[nodiscard]] const std::shared_ptr<const Json>& shared_json() const { return json_; }
    [[nodiscard]] const std::string& text() const { return state_.text; }
    [[nodiscard]] const MaskStack& stack() const { return state_.stack; }
    [[nodiscard]] QUndoStack& undo_stack() { return undo_; }
    [[nodiscard]] bool modified() const { return !undo_.isClean(); }
    // As it was begun, opened or saved last.
    [[nodiscard]] const std::string& saved_text() const { return saved_text_; }

    // The file it was opened from or saved to; empty for a new one.
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    // Where relative paths in it begin.
    [[nodiscard]] std::filesystem::path folder() const;
    // The file's name, or that of the experiment.
    [[nodiscard]] QString title() const;

    // One step that can be undone: `change` edits a copy of the document. Steps in a row with the same `merge_key` are
    // undone together; an empty key stands alone. What does not change anything is no step.
    void edit(const QString& what, const QString& merge_key, const std::function<void(Json&)>& change);
    void edit_stack(const QString& what, const QString& merge_key, const MaskStack& stack);
    // The whole document as text. Throws Error(bad_input), and changes nothing, when it is not a JSON object.
    void edit_text(const QString& what, const std::string& text);

    // These forget the steps that could be undone. They throw Error and change nothing when they fail.
    void start_new();
    void open(const std::filesystem::path& path);
    void open(const std::filesystem::path& path, const Json& document);  // which was read from there
    // A document without a file, for example of a stored run; counts as unmodified.
    void take_over(const Json& document);
    // Relative paths in it are turned to the new folder, in the steps that can be undone too.
    void save_as(const std::filesystem::path& path);

  Q_SIGNALS:
    void changed();           // the document itself
    void location_changed();  // path, title or modified()

  private:
    class Step;

    void push(const QString& what, const QString& merge_key, DocumentState next);
    void set_state(const DocumentState& state);
    void replace(const Json& document, const std::filesystem::path& path);

    DocumentState state_;
    std::string saved_text_;
    std::shared_ptr<const Json> json_;  // another one after every change
    std::filesystem::path path_;
    QUndoStack undo_;
};

}  // namespace longscope
