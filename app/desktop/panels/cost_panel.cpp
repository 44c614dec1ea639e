// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/cost_panel.h"

#include <QFormLayout>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>

#include "app/desktop/panels/rank_bars.h"
#include "engine/base/units.h"
#include "widgets/base/colours.h"
#include "widgets/base/text_colour.h"

namespace longscope {

namespace {

std::int64_t largest(const ExperimentCost& cost, std::int64_t RankCost::*member) {
    std::int64_t most = 0;
    for (const RankCost& rank : cost.ranks) {
        most = std::max(most, rank.*member);
    }
    return most;
}

QString bytes_text(const ExperimentCost& cost, std::int64_t RankCost::*member) {
    return cost.infeasible.empty() ? to_qstring(format_bytes(largest(cost, member))) : QStringLiteral("-");
}

}  // namespace

CostPanel::CostPanel(Evaluator& evaluator, const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      evaluator_(evaluator),
      form_(new QFormLayout),
      state_(new QLabel(this)),
      bars_(new RankBars(appearance, this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(10, 6, 10, 10);
    state_->setObjectName(QStringLiteral("cost_state"));
    state_->setWordWrap(true);
    state_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // the longest word asks for no room
    column->addWidget(state_);
    column->addLayout(form_);
    form_->setVerticalSpacing(4);
    form_->setHorizontalSpacing(14);

    add_row(tr("Tokens"), tr("Length of the packed sequence"),
            [](const Evaluation& e) { return to_qstring(format_count(e.experiment().sequence.tokens)); });
    add_row(tr("Documents"), tr("Of the first draw"),
            [](const Evaluation& e) { return to_qstring(format_count(e.cost.documents)); });
    add_row(tr("Pairs"),
            tr("Query-key pairs that the mask keeps, exactly; of one head, in the mean where heads differ"),
            [](const Evaluation& e) { return to_qstring(format_count(e.cost.pairs)); });
    add_row(tr("Density"), tr("Share of all pairs that is kept; sparsity is the rest"),
            [](const Evaluation& e) { return to_qstring(format_percent(e.cost.density())); });
    add_row(tr("Tile bound"),
            tr("Share of 128 x 128 tiles with a pair in them: what a kernel computes that skips only empty tiles"),
            [](const Evaluation& e) { return to_qstring(format_percent(e.cost.tiles.kept_share())); });
    add_row(tr("Forward FLOPs"), tr("Of all heads: 2 (Dqk + Dv) for each pair"), [](const Evaluation& e) {
        return to_qstring(format_short_count(e.cost.forward_flops)) + QStringLiteral("FLOP");
    });
    add_row(tr("Backward FLOPs"), tr("Of all heads: 2 (3 Dqk + 2 Dv) for each pair; where \"pass\" asks for gradients"),
            [](const Evaluation& e) {
                return e.experiment().pass == Pass::forward
                           ? QStringLiteral("-")
                           : to_qstring(format_short_count(e.cost.backward_flops)) + QStringLiteral("FLOP");
            });
    add_row(tr("Work, max / mean"), tr("The busiest rank's pairs by the mean of all ranks"),
            [](const Evaluation& e) { return QString::number(e.cost.largest_over_mean(), 'f', 3); });
    add_row(tr("Received, busiest rank"),
            tr("Payload bytes of the rank that receives most, by the strategy's closed formula"),
            [](const Evaluation& e) { return bytes_text(e.cost, &RankCost::bytes_received); });
    add_row(tr("Memory, largest rank"),
            tr("Tensors and buffers of the rank that needs most, by the strategy's closed formula"),
            [](const Evaluation& e) { return bytes_text(e.cost, &RankCost::memory_bytes); });
    auto* heading = new QLabel(tr("Work per rank"), this);
    column->addWidget(heading);
    column->addWidget(bars_);
    column->addStretch(1);
    const auto recolour = [this, &appearance] { set_text_colour(*state_, appearance.theme().muted); };
    connect(&appearance, &Appearance::changed, this, recolour);
    recolour();
    connect(&evaluator_, &Evaluator::started, this, &CostPanel::show_stale);
    connect(&evaluator_, &Evaluator::finished, this, &CostPanel::show_answer);
    if (evaluator_.current() != nullptr || !evaluator_.refusal().isEmpty()) {
        show_answer();
    } else {
        show_stale();
    }
}

void CostPanel::add_row(const QString& name, const QString& help, std::function<QString(const Evaluation&)> value) {
    auto* label = new QLabel(name, this);
    auto* text = new QLabel(QStringLiteral("-"), this);
    text->setAlignment(Qt::AlignRight);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    text->setAccessibleName(name);
    label->setToolTip(help);
    text->setToolTip(help);
    form_->addRow(label, text);
    rows_.push_back({label, text, std::move(value)});
}

QString CostPanel::text() const {
    QString text;
    for (const Row& row : rows_) {
        text += row.name->text() + QLatin1Char('\t') + row.value->text() + QLatin1Char('\n');
    }
    return current_ ? text : QString();
}

void CostPanel::show_stale() {
    current_ = false;
    state_->setText(tr("Updating..."));
    for (const Row& row : rows_) {
        row.value->setEnabled(false);
    }
    bars_->setEnabled(false);
}

void CostPanel::show_answer() {
    const Evaluation* known = evaluator_.current().get();
    if (known == nullptr) {
        state_->setText(tr("Out of date: the experiment is refused."));
        return;
    }
    current_ = true;
    state_->setText(known->cost.infeasible.empty() ? tr("Of the first draw") : to_qstring(known->cost.infeasible));
    for (const Row& row : rows_) {
        row.value->setText(row.text(*known));
        row.value->setEnabled(true);
    }
    bars_->setEnabled(true);
    bars_->show_cost(known->cost);
}

}  // namespace longscope
