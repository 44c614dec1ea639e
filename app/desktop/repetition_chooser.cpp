// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/repetition_chooser.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>

#include "engine/base/units.h"
#include "storage/run_statistics.h"
#include "widgets/base/colours.h"

namespace longscope {

RepetitionChooser::RepetitionChooser(QWidget* parent)
    : QWidget(parent), draw_(new QComboBox(this)), repetition_(new QComboBox(this)) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 4, 2);
    draw_->setObjectName(QStringLiteral("shown_draw"));
    draw_->setAccessibleName(tr("Draw that is shown"));
    repetition_->setObjectName(QStringLiteral("shown_repetition"));
    repetition_->setAccessibleName(tr("Repetition that is shown"));
    for (QComboBox* box : {draw_, repetition_}) {
        box->setToolTip(tr("Timeline and ranks are of this draw and this repetition"));
        row->addWidget(box);
    }
    connect(draw_, qOverload<int>(&QComboBox::activated), this, [this](int chosen_draw) {
        const Draw& draw = draws_.at(static_cast<std::size_t>(chosen_draw));
        fill_repetitions(draw, draw.typical);
        Q_EMIT chosen(run_, {draw.index, draw.typical});
    });
    connect(repetition_, qOverload<int>(&QComboBox::activated), this, [this](int index) {
        const Draw& draw = draws_.at(static_cast<std::size_t>(draw_->currentIndex()));
        Q_EMIT chosen(run_, {draw.index, draw.measured.at(static_cast<std::size_t>(index)).first});
    });
}

void RepetitionChooser::show_run(const StoredRun& run, const RepetitionPlace& place) {
    const QSignalBlocker blocker(draw_);
    run_ = run.id;
    draws_.clear();
    draw_->clear();
    repetition_->clear();
    for (const StoredDraw& draw : run.draws) {
        const StoredRepetition* typical = typical_repetition(draw);
        if (typical == nullptr) {
            continue;
        }
        Draw known{draw.record.index, typical->record.index, {}};
        for (const StoredRepetition& repetition : draw.repetitions) {
            if (repetition.record.measured) {
                known.measured.emplace_back(repetition.record.index, repetition.record.duration_ns);
            }
        }
        draws_.push_back(std::move(known));
        draw_->addItem(tr("Draw %1 of %2").arg(draw.record.index + 1).arg(run.draws.size()));
        if (draw.record.index == place.draw) {
            draw_->setCurrentIndex(draw_->count() - 1);
            fill_repetitions(draws_.back(), place.repetition);
        }
    }
    Q_EMIT filled();
}

void RepetitionChooser::fill_repetitions(const Draw& draw, std::int64_t chosen_repetition) {
    const QSignalBlocker blocker(repetition_);
    repetition_->clear();
    for (const auto& [index, duration_ns] : draw.measured) {
        const QString time = to_qstring(format_duration(duration_ns));
        repetition_->addItem(index == draw.typical ? tr("Repetition %1: %2, median").arg(index + 1).arg(time)
                                                   : tr("Repetition %1: %2").arg(index + 1).arg(time));
        if (index == chosen_repetition) {
            repetition_->setCurrentIndex(repetition_->count() - 1);
        }
    }
}

int RepetitionChooser::choices() const {
    std::size_t count = 0;
    for (const Draw& draw : draws_) {
        count += draw.measured.size();
    }
    return static_cast<int>(count);
}

}  // namespace longscope
