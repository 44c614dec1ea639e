// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/json_editor.h"

#include <QFontDatabase>
#include <QLabel>
#include <QVBoxLayout>

#include "engine/base/error.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

constexpr int pause_ms = 400;

}  // namespace

JsonEditor::JsonEditor(ExperimentDocument& document, QWidget* parent)

    : QWidget(parent),
      document_(document),
      editor_(new QPlainTextEdit(this)),
      updater_(*editor_),
      problem_(new QLabel(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(editor_, 1);
    column->addWidget(problem_);
    editor_->setObjectName(QStringLiteral("json"));
    editor_->setAccessibleName(tr("Experiment as JSON"));
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    fixed.setStyleHint(QFont::Monospace);
    fixed.setFamily(QStringLiteral("monospace"));
    editor_->setFont(fixed);
    editor_->setLineWrapMode(QPlainTextEdit::NoWrap);
    editor_->setTabChangesFocus(true);
    // One history for all panels: that of the document.
    editor_->setUndoRedoEnabled(false);
    problem_->setWordWrap(true);
    problem_->setContentsMargins(8, 4, 8, 4);
    problem_->setTextFormat(Qt::PlainText);
    problem_->hide();
    pause_.setSingleShot(true);
    pause_.setInterval(pause_ms);
    connect(&pause_, &QTimer::timeout, this, &JsonEditor::take);
    connect(editor_, &QPlainTextEdit::textChanged, &pause_, qOverload<>(&QTimer::start));
    connect(&document_, &ExperimentDocument::changed, this, &JsonEditor::refresh);
    refresh();
}

QString JsonEditor::problem() const {
    return problem_->text();
}

void JsonEditor::commit() {
    if (pause_.isActive()) {
        pause_.stop();
        take();
    }
}

void JsonEditor::refresh() {
    if (taking_) {
        return;  // the text came from here
    }
    pause_.stop();
    updater_.show(to_qstring(document_.text()));
    problem_->clear();
    problem_->hide();
}

void JsonEditor::take() {
    taking_ = true;
    try {
        document_.edit_text(tr("Edit JSON"), editor_->toPlainText().toStdString());
        problem_->clear();
    } catch (const Error& error) {
        problem_->setText(tr("Not taken over: %1").arg(to_qstring(error.what())));
    }
    taking_ = false;
    problem_->setVisible(!problem_->text().isEmpty());
}

}  // namespace longscope
