// SPDX-License-Identifier: GPL-3.0-or-later
// The document as JSON, editable: what is typed is taken over as soon as it is JSON, as one step of undo.
#pragma once

#include <QPlainTextEdit>
#include <QTimer>
#include <QWidget>

#include "app/desktop/document/experiment_document.h"
#include "app/desktop/panels/text_updater.h"

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
    // Back to the document.
    void discard() { refresh(); }

  private:
    void refresh();
    void take();

    ExperimentDocument& document_;
    QPlainTextEdit* editor_;
    TextUpdater updater_;
    QLabel* problem_;
    QTimer pause_;  // in typing
    bool taking_ = false;
};

}  // namespace longscope
