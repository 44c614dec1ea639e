// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/run/run_panel.h"

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QVBoxLayout>
#include <cmath>

#include "engine/base/units.h"
#include "widgets/base/colours.h"
#include "widgets/base/elided_label.h"

namespace longscope {

RunPanel::RunPanel(RunController& controller, QWidget* parent)
    : QWidget(parent),
      controller_(controller),
      headline_(new ElidedLabel(this, Qt::ElideMiddle)),
      bar_(new QProgressBar(this)),
      details_(new ElidedLabel(this)),
      ranks_(new QPlainTextEdit(this)),
      log_(new QPlainTextEdit(this)),
      run_(new QPushButton(tr("Run"), this)),
      cancel_(new QPushButton(tr("Cancel"), this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 6, 10, 8);
    auto* row = new QHBoxLayout;
    column->addLayout(row);
    run_->setObjectName(QStringLiteral("run"));
    run_->setToolTip(tr("Run this experiment on this machine"));
    cancel_->setObjectName(QStringLiteral("cancel"));
    cancel_->setToolTip(tr("End the run; what was measured is stored"));
    for (QPushButton* button : {run_, cancel_}) {
        button->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
        row->addWidget(button);
    }
    row->addSpacing(8);
    headline_->setObjectName(QStringLiteral("run_state"));
    bar_->setRange(0, 1000);
    bar_->setTextVisible(true);
    QSizePolicy keeps_its_room = bar_->sizePolicy();
    keeps_its_room.setRetainSizeWhenHidden(true);
    bar_->setSizePolicy(keeps_its_room);
    bar_->setAccessibleName(tr("Progress of the run"));
    row->addWidget(bar_, 1);
    details_->setObjectName(QStringLiteral("run_details"));
    headline_->setAccessibleName(tr("State of the run"));
    details_->setAccessibleName(tr("Speed of the run"));
    auto* words = new QHBoxLayout;
    column->addLayout(words);
    words->addWidget(headline_, 1);
    words->addWidget(details_);
    auto* panes = new QSplitter(this);
    for (QPlainTextEdit* pane : {log_, ranks_}) {
        pane->setReadOnly(true);
        pane->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
        pane->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);  // it would hide the last line
        pane->setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
        pane->setUndoRedoEnabled(false);
        pane->setMaximumBlockCount(5000);
        panes->addWidget(pane);
    }
    log_->setObjectName(QStringLiteral("run_log"));
    log_->setAccessibleName(tr("Log of the run"));
    log_->setPlaceholderText(tr("The log of a run stands here."));
    ranks_->setObjectName(QStringLiteral("run_ranks"));
    ranks_->setAccessibleName(tr("What each rank does"));
    ranks_->setPlaceholderText(tr("What each rank does stands here."));
    column->addWidget(panes, 1);
    connect(run_, &QPushButton::clicked, this, &RunPanel::run_wanted);
    connect(cancel_, &QPushButton::clicked, this, &RunPanel::cancel_wanted);
    connect(&controller_, &RunController::changed, this, &RunPanel::show_status);
    connect(&controller_, &RunController::logged, log_, &QPlainTextEdit::appendPlainText);
    show_status();
}

void RunPanel::show_status() {
    const RunStatus& status = controller_.status();
    run_->setEnabled(!status.going_on());
    cancel_->setEnabled(status.going_on() && !status.stopping);
    bar_->setVisible(status.phase != RunStatus::Phase::none);
    bar_->setValue(static_cast<int>(status.done * 1000));
    bar_->setFormat(to_qstring(format_percent(status.done)));
    if (status.phase == RunStatus::Phase::none) {
        headline_->setText(tr("Nothing is running."));
        details_->clear();
        return;
    }
    if (status.phase == RunStatus::Phase::starting) {
        log_->clear();
        ranks_->clear();
    }
    const QString state = status.stopping ? tr("stopping...") : status.state;
    headline_->setText(status.run > 0 ? tr("Run %1, %2: %3").arg(status.run).arg(status.name, state)
                                      : tr("%1: %2").arg(status.name, state));
    QStringList details;
    if (status.phase == RunStatus::Phase::ended) {
        details << (status.run == result_of_ ? result_ : QString());
    } else if (status.repetition_ns) {
        details << to_qstring(format_duration(*status.repetition_ns));
        if (status.repetition_flops > 0 && *status.repetition_ns > 0) {
            details << to_qstring(
                format_flops_per_s(status.repetition_flops * 1e9 / static_cast<double>(*status.repetition_ns)));
        }
    }
    if (const auto left_ns = controller_.left_ns(); left_ns && !status.stopping) {
        details << tr("%1 left").arg(to_qstring(format_duration(*left_ns)));
    }
    details_->setText(details.join(QStringLiteral("   ")));
    QStringList ranks;
    for (const auto& [rank, text] : status.ranks) {
        ranks << tr("rank %1: %2").arg(rank).arg(text);
    }
    const QString text = ranks.join(QLatin1Char('\n'));
    if (ranks_->toPlainText() != text) {
        ranks_->setPlainText(text);
    }
}

void RunPanel::show_result(std::int64_t run, const RunFigures& figures, std::size_t draws) {
    result_of_ = run;
    result_.clear();
    if (!std::isnan(figures.median_ns)) {
        const QString time = to_qstring(format_duration(static_cast<Nanoseconds>(figures.median_ns)));
        result_ = (draws > 1 ? tr("median %1, mean of %2 draws").arg(time).arg(draws) : tr("median %1").arg(time)) +
                  QStringLiteral("   ") + to_qstring(format_flops_per_s(figures.flops_per_s));
    }
    show_status();
}

}  // namespace longscope
