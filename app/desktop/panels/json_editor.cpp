// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/json_editor.h"

#include <QEvent>
#include <QFontDatabase>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
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
      unfinished_(new QFrame(this)),
      problem_(new QLabel(unfinished_)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(editor_, 1);
    column->addWidget(unfinished_);
    auto* row = new QHBoxLayout(unfinished_);
    row->setContentsMargins(8, 4, 8, 4);
    row->addWidget(problem_, 1);
    auto* revert = new QPushButton(tr("Revert text"), unfinished_);
    revert->setObjectName(QStringLiteral("revert_text"));
    revert->setToolTip(tr("Give this text up: back to the experiment as it is"));
    row->addWidget(revert, 0, Qt::AlignBottom);
    connect(revert, &QPushButton::clicked, this, &JsonEditor::discard);
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
    problem_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // the longest word asks for no room
    problem_->setTextFormat(Qt::PlainText);
    unfinished_->hide();
    editor_->installEventFilter(this);
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

// Who leaves the text has finished, for now: a field is not to change the document under it.
bool JsonEditor::eventFilter(QObject* watched, QEvent* event) {
    if (watched == editor_ && event->type() == QEvent::FocusOut) {
        commit();
    }
    return QWidget::eventFilter(watched, event);
}

void JsonEditor::refresh() {
    if (taking_) {
        return;  // the text came from here
    }
    if (pause_.isActive() || !problem().isEmpty()) {
        pause_.stop();
        overtaken_ = true;
        set_problem(
            tr("Not taken over: the experiment has changed elsewhere since this was typed. Typing on puts this "
               "text in its place."));
        return;
    }
    discard();
}

void JsonEditor::discard() {
    pause_.stop();
    overtaken_ = false;
    updater_.show(to_qstring(document_.text()));
    set_problem({});
}

void JsonEditor::take() {
    taking_ = true;
    overtaken_ = false;
    QString problem;
    try {
        document_.edit_text(tr("Edit JSON"), editor_->toPlainText().toStdString());
    } catch (const Error& error) {
        problem = tr("Not taken over: %1").arg(to_qstring(error.what()));
    }
    taking_ = false;
    set_problem(problem);
}

void JsonEditor::set_problem(const QString& text) {
    if (text != problem_->text()) {
        problem_->setText(text);
        unfinished_->setVisible(!text.isEmpty());
        Q_EMIT problem_changed();
    }
}

}  // namespace longscope
