// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/layout_choice_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <QCheckBox>
#include <QClipboard>
#include <QDataStream>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>
#include <vector>

#include "engine/experiment/layout_preview.h"
#include "storage/csv_field.h"
#include "widgets/base/colours.h"
#include "widgets/base/text_colour.h"
#include "widgets/results/padded_cells.h"

namespace longscope {

// Ascending or descending: what is not feasible comes last.
class LayoutChoiceTable::Order : public QSortFilterProxyModel {
  public:
    explicit Order(LayoutChoiceModel& model, QObject* parent) : QSortFilterProxyModel(parent), model_(model) {
        setSourceModel(&model);
        setSortRole(LayoutChoiceModel::sort_role);
    }
    void set_feasible_only(bool only) {
        feasible_only_ = only;
        invalidateFilter();
    }

  protected:
    [[nodiscard]] bool lessThan(const QModelIndex& a, const QModelIndex& b) const override {
        const bool a_refused = !model_.at(a.row()).infeasible.empty();
        const bool b_refused = !model_.at(b.row()).infeasible.empty();
        if (a_refused != b_refused) {
            return b_refused == (sortOrder() == Qt::AscendingOrder);
        }
        return QSortFilterProxyModel::lessThan(a, b);
    }
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex& /*parent*/) const override {
        return !feasible_only_ || model_.at(row).infeasible.empty();
    }

  private:
    const LayoutChoiceModel& model_;
    bool feasible_only_ = false;
};

LayoutChoiceTable::LayoutChoiceTable(const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      appearance_(appearance),
      model_(new LayoutChoiceModel(appearance, this)),
      order_(new Order(*model_, this)),
      view_(new QTableView(this)),
      empty_(new QLabel(view_->viewport())),
      hint_(new QLabel(this)),
      feasible_(new QCheckBox(tr("Feasible only"), this)),
      apply_(new QPushButton(tr("Use this layout"), this)) {
    view_->setModel(order_);
    view_->setObjectName(QStringLiteral("layout_choices"));
    view_->setAccessibleName(tr("Layouts that this experiment could have"));
    view_->setItemDelegate(new PaddedCells(view_));
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setSelectionMode(QAbstractItemView::SingleSelection);
    view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setAlternatingRowColors(true);
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->setTabKeyNavigation(false);
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + 8);
    QHeaderView& header = *view_->horizontalHeader();
    pad_headings(header);
    header.setAccessibleName(tr("Columns"));
    header.setHighlightSections(false);
    header.setSectionResizeMode(QHeaderView::Interactive);
    header.setStretchLastSection(true);
    header.setSortIndicator(-1, Qt::AscendingOrder);  // the best ones first, as they come
    view_->setSortingEnabled(true);
    order_->sort(-1);
    view_->installEventFilter(this);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setTextFormat(Qt::PlainText);
    empty_->setAttribute(Qt::WA_TransparentForMouseEvents);
    view_->viewport()->installEventFilter(this);
    hint_->setTextFormat(Qt::PlainText);
    hint_->setWordWrap(true);
    hint_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    hint_->setFixedHeight(2 * hint_->fontMetrics().lineSpacing() + 2);
    hint_->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    hint_->setAccessibleName(tr("The selected layout"));
    hint_->setObjectName(QStringLiteral("layout_hint"));
    feasible_->setObjectName(QStringLiteral("feasible_only"));
    feasible_->setToolTip(tr("Leave out the layouts that cannot be"));
    apply_->setObjectName(QStringLiteral("use_layout"));
    apply_->setToolTip(tr("Give the experiment this layout; can be undone"));

    auto* row = new QHBoxLayout;
    row->setContentsMargins(10, 2, 10, 6);
    row->addWidget(hint_, 1);
    row->addWidget(feasible_);
    row->addWidget(apply_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addWidget(view_, 1);
    column->addLayout(row);
    setFocusProxy(view_);

    connect(view_, &QTableView::doubleClicked, this, &LayoutChoiceTable::activate);
    connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &LayoutChoiceTable::tell_selection);
    connect(feasible_, &QCheckBox::toggled, this, [this](bool on) { order_->set_feasible_only(on); });
    connect(apply_, &QPushButton::clicked, this, [this] { activate(view_->currentIndex()); });
    connect(&appearance_, &Appearance::changed, this, &LayoutChoiceTable::recolour);
    recolour();
    tell_selection();
}

void LayoutChoiceTable::recolour() {
    set_text_colour(*empty_, appearance_.theme().muted);
    set_text_colour(*hint_, appearance_.theme().muted);
}

void LayoutChoiceTable::show_options(std::shared_ptr<const LayoutOptions> options, const QString& empty_text) {
    const LayoutOption* before = selected();
    const std::optional<LayoutOption> kept = before == nullptr ? std::nullopt : std::optional(*before);
    model_->set_options(std::move(options));
    empty_->setText(empty_text);
    empty_->setVisible(model_->rowCount() == 0);
    if (!sized_ && model_->rowCount() > 0) {
        view_->resizeColumnsToContents();
        sized_ = true;
    }
    for (int row = 0; kept && row < model_->rowCount(); ++row) {
        const LayoutOption& layout = model_->at(row);
        if (layout.strategy == kept->strategy && layout.options == kept->options && layout.dispatch == kept->dispatch) {
            view_->setCurrentIndex(order_->mapFromSource(model_->index(row, 0)));
        }
    }
    tell_selection();
}

const LayoutOption* LayoutChoiceTable::selected() const {
    const QModelIndexList rows = view_->selectionModel()->selectedRows();
    return rows.isEmpty() ? nullptr : &model_->at(order_->mapToSource(rows.first()).row());
}

void LayoutChoiceTable::tell_selection() {
    const LayoutOption* layout = selected();
    apply_->setEnabled(layout != nullptr && layout->infeasible.empty());
    if (layout == nullptr) {
        hint_->setText(model_->rowCount() == 0 ? QString()
                                               : tr("Return or a double click gives the experiment that layout."));
    } else if (!layout->infeasible.empty()) {
        hint_->setText(tr("Not feasible: %1").arg(to_qstring(layout->infeasible)));
    } else {
        hint_->setText(to_qstring(strategy_text(layout->strategy, layout->options) + ", " + layout->dispatch));
    }
}

void LayoutChoiceTable::activate(const QModelIndex& index) {
    if (!index.isValid()) {
        return;
    }
    const LayoutOption layout = model_->at(order_->mapToSource(index).row());
    if (layout.infeasible.empty()) {
        Q_EMIT chosen(layout);
    }
}

std::string LayoutChoiceTable::table(char separator) const {
    std::string text = fmt::format(
        "{}\n", fmt::join({"strategy", "dispatch", "max_over_mean", "received_bytes", "memory_bytes", "infeasible"},
                          std::string(1, separator)));
    for (int row = 0; row < order_->rowCount(); ++row) {
        const LayoutOption& layout = model_->at(order_->mapToSource(order_->index(row, 0)).row());
        const bool feasible = layout.infeasible.empty();
        const std::vector<std::string> fields{strategy_text(layout.strategy, layout.options),
                                              layout.dispatch,
                                              feasible ? fmt::format("{}", layout.largest_over_mean) : "",
                                              feasible ? std::to_string(layout.bytes_received) : "",
                                              feasible ? std::to_string(layout.memory_bytes) : "",
                                              separator == ',' ? csv_field(layout.infeasible) : layout.infeasible};
        text += fmt::format("{}\n", fmt::join(fields, std::string(1, separator)));
    }
    return text;
}

void LayoutChoiceTable::copy_table() const {
    QGuiApplication::clipboard()->setText(to_qstring(table('\t')));
}

QByteArray LayoutChoiceTable::layout_state() const {
    QByteArray state;
    QDataStream stream(&state, QIODevice::WriteOnly);
    stream << view_->horizontalHeader()->saveState() << feasible_->isChecked();
    return state;
}

void LayoutChoiceTable::restore_layout_state(const QByteArray& state) {
    QByteArray columns;
    bool only = false;
    QDataStream stream(state);
    stream >> columns >> only;
    if (stream.status() == QDataStream::Ok && view_->horizontalHeader()->restoreState(columns)) {
        sized_ = true;
        order_->sort(view_->horizontalHeader()->sortIndicatorSection(),
                     view_->horizontalHeader()->sortIndicatorOrder());
        feasible_->setChecked(only);
    }
}

bool LayoutChoiceTable::eventFilter(QObject* watched, QEvent* event) {
    if (watched == view_->viewport() && event->type() == QEvent::Resize) {
        constexpr int margin = 24;
        empty_->setGeometry(view_->viewport()->rect().adjusted(margin, margin, -margin, -margin));
    }
    if (watched == view_ && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Copy)) {
            copy_table();
            return true;
        }
        if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
            activate(view_->currentIndex());
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace longscope
