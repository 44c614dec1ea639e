// SPDX-License-Identifier: GPL-3.0-or-later
// The document as JSON, editable: what is typed is taken over as soon as it is JSON, as one step of undo. Text that
// is not stays until it is, or until it is given up: also when the document changes elsewhere.
#pragma once

#include <QPlainTextEdit>
#include <QTimer>
#include <QWidget>

#include "app/desktop/document/experiment_document.h"
#include "app/desktop/panels/text_updater.h"

class QFrame;
class QLabel;

namespace longscope {

class JsonEditor : public QWidget {
    Q_OBJECT

  public:
    // The document outlives it.
    explicit JsonEditor(ExperimentDocument& document, QWidget* parent = nullptr);

    [[nodiscard]] QPlainTextEdit& editor() { return *editor_; }
    // Why the text is not taken over; empty when it is the document.
    [[nodiscard]] QString problem() const;
    // Does not wait for a pause in typing.
    void commit();
    // Has the document changed elsewhere since the text that is not taken over was typed?
    [[nodiscard]] bool overtaken() const { return overtaken_; }
    // Back to the document.
    void discard();

  Q_SIGNALS:
    void problem_changed();

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void refresh();
    void take();
    void set_problem(const QString& text);

    ExperimentDocument& document_;
    QPlainTextEdit* editor_;
    TextUpdater updater_;
    QFrame* unfinished_;  // what is below while the text is not taken over
    QLabel* problem_;
    QTimer pause_;  // in typing
    bool taking_ = false;
    bool overtaken_ = false;
};

}  // namespace longscope
