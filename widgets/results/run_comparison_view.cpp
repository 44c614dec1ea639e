// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_comparison_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QScrollBar>
#include <QVBoxLayout>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "storage/csv_field.h"
#include "storage/run_query.h"
#include "widgets/base/text_colour.h"
#include "widgets/results/padded_cells.h"
#include "widgets/results/run_words.h"

namespace longscope {

namespace {

QString known(const Metric& metric, double value) {
    return std::isnan(value) ? QStringLiteral("–") : to_qstring(metric.format(value));
}

QString factor(double value) {
    return std::isfinite(value) ? QStringLiteral("%1×").arg(value, 0, 'f', 3) : QStringLiteral("–");
}

// Of what is the same in every repetition there is nothing to say how sure it is.
bool has_spread(const Figure& ratio) {
    return ratio.low != ratio.high && std::isfinite(ratio.low) && std::isfinite(ratio.high);
}

QString spread_text(const Figure& ratio) {
    if (has_spread(ratio)) {
        return RunComparisonView::tr("%1 to %2").arg(ratio.low, 0, 'f', 3).arg(ratio.high, 0, 'f', 3);
    }
    return std::isfinite(ratio.middle) ? RunComparisonView::tr("no spread") : QString();
}

// In the words of the panel that tells the cost; of what, and of which rank.
QString label_of(const Metric& metric) {
    if (metric.name == "exposed") {
        return RunComparisonView::tr("exposed communication");
    }
    if (metric.name == "bytes") {
        return RunComparisonView::tr("received, all ranks");
    }
    if (metric.name == "memory") {
        return RunComparisonView::tr("process memory, largest rank");
    }
    if (metric.name == "time") {
        return RunComparisonView::tr("median time");
    }
    return metric.name == "error" ? RunComparisonView::tr("output error") : to_qstring(metric.name);
}

// "null" of a value that is missing says less than nothing.
QString value_text(const std::string& json) {
    return json == "null" ? QStringLiteral("–") : to_qstring(json);
}

std::string title_of(const StoredRun& run) {
    return fmt::format("{}: {} ({})", run.id, run.record.experiment_name, state_text(run.record.state).toStdString());
}

QTableWidgetItem* item(const QString& text, bool number) {
    auto* made = new QTableWidgetItem(text);
    made->setTextAlignment(Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft));
    made->setToolTip(text.size() > 40 ? text.toHtmlEscaped() : QString());
    return made;
}

QTableWidget* make_table(const QStringList& titles, const QString& name, bool numbers, QWidget* parent) {
    auto* table = new QTableWidget(0, titles.size(), parent);
    table->setHorizontalHeaderLabels(titles);
    for (int column = 0; column < titles.size(); ++column) {
        table->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignVCenter |
                                                              (numbers && column > 0 ? Qt::AlignRight : Qt::AlignLeft));
    }
    table->setAccessibleName(name);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setAlternatingRowColors(true);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setTabKeyNavigation(false);
    table->setItemDelegate(new PaddedCells(table));
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 8);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setSectionResizeMode(numbers ? QHeaderView::ResizeToContents : QHeaderView::Interactive);
    table->horizontalHeader()->setStretchLastSection(true);
    if (numbers) {
        table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);  // all rows are shown
        table->horizontalHeader()->setStretchLastSection(false);
        table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    }
    pad_headings(*table->horizontalHeader());
    return table;
}

QString column_letter(const QString& letter, const std::string& title) {
    return RunComparisonView::tr("%1 is run %2").arg(letter, to_qstring(title));
}

}  // namespace

RunComparison compare_runs(const std::filesystem::path& file, std::int64_t a, std::int64_t b) {
    Database database(file, OpenMode::read_only);
    const StoredRun left = read_run(database, a);
    const StoredRun right = read_run(database, b);
    RunComparison comparison{
        title_of(left), title_of(right), differences(configuration(left), configuration(right)), {}};
    for (const Metric& metric : metrics()) {
        const Figure of_a = metric.of(left);
        const Figure of_b = metric.of(right);
        comparison.metrics.push_back({&metric, of_a, of_b, ratio(of_a, of_b)});
    }
    return comparison;
}

RunComparisonView::RunComparisonView(const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      appearance_(appearance),
      line_(new QLabel(this)),
      page_(new QWidget(this)),
      title_a_(new QLabel(page_)),
      title_b_(new QLabel(page_)),
      alike_(new QLabel(tr("Both were configured alike."), page_)),
      differences_(
          make_table({tr("Different"), tr("A"), tr("B")}, tr("Differences of the configurations"), false, page_)),
      metrics_(make_table({tr("Figure"), tr("A"), tr("B"), tr("B / A"), tr("Spread")}, tr("Figures and their ratios"),
                          true, page_)),
      legend_(new QLabel(
          tr("Spread: from the first quartile of B over the third of A to the reverse. Bold: 1× lies outside of "
             "it. Grey: 1× lies within it, which is no change."),
          page_)),
      copy_(new QPushButton(tr("Copy as text"), page_)) {
    for (QLabel* label : {line_, title_a_, title_b_, alike_, legend_}) {
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
    }
    for (QLabel* label : {title_a_, title_b_}) {
        QFont bold = label->font();
        bold.setBold(true);
        label->setFont(bold);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    line_->setAlignment(Qt::AlignCenter);
    copy_->setAccessibleName(tr("Copy the comparison as text"));
    connect(copy_, &QPushButton::clicked, this, &RunComparisonView::copy);
    auto* copy_key = new QAction(tr("Copy as text"), this);
    copy_key->setShortcut(QKeySequence::Copy);
    copy_key->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(copy_key, &QAction::triggered, this, &RunComparisonView::copy);
    addAction(copy_key);

    auto* titles = new QVBoxLayout;
    titles->addWidget(title_a_);
    titles->addWidget(title_b_);
    auto* top = new QHBoxLayout;
    top->addLayout(titles, 1);
    top->addWidget(copy_, 0, Qt::AlignTop);
    auto* inside = new QVBoxLayout(page_);
    inside->setContentsMargins(0, 0, 0, 0);
    inside->addLayout(top);
    inside->addWidget(alike_);
    constexpr int before_the_rest = 100;
    inside->addWidget(differences_, before_the_rest);
    inside->addWidget(metrics_);
    inside->addWidget(legend_);
    inside->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->addWidget(page_, 1);
    layout->addWidget(line_, 1);
    connect(&appearance_, &Appearance::changed, this, &RunComparisonView::recolour);
    recolour();
    clear();
}

void RunComparisonView::compare(const QString& database, std::int64_t a, std::int64_t b) {
    job_.start([file = std::filesystem::path(database.toStdString()), a,
                b](const std::atomic<bool>&) { return compare_runs(file, a, b); },
               [this](RunComparison comparison) { show_comparison(std::move(comparison)); },
               [this](const std::exception_ptr& error) {
                   try {
                       std::rethrow_exception(error);
                   } catch (const std::exception& thrown) {
                       show_only(to_qstring(thrown.what()));
                   }
               });
}

void RunComparisonView::clear() {
    job_.cancel();
    show_only(tr("Select two runs in the table to compare them."));
}

void RunComparisonView::show_only(const QString& line) {
    shown_ = {};
    differences_->setRowCount(0);
    metrics_->setRowCount(0);
    line_->setText(line);
    line_->show();
    page_->hide();
}

void RunComparisonView::show_comparison(RunComparison comparison) {
    shown_ = std::move(comparison);
    title_a_->setText(column_letter(tr("A"), shown_.a));
    title_b_->setText(column_letter(tr("B"), shown_.b));
    differences_->setRowCount(static_cast<int>(shown_.differences.size()));
    int row = 0;
    for (const Difference& difference : shown_.differences) {
        differences_->setItem(row, 0, item(to_qstring(difference.path), false));
        differences_->setItem(row, 1, item(value_text(difference.a), false));
        differences_->setItem(row, 2, item(value_text(difference.b), false));
        ++row;
    }
    metrics_->setRowCount(static_cast<int>(shown_.metrics.size()));
    row = 0;
    for (const ComparedMetric& compared : shown_.metrics) {
        metrics_->setItem(row, 0, item(label_of(*compared.metric), false));
        metrics_->item(row, 0)->setToolTip(to_qstring(compared.metric->meaning));
        metrics_->setItem(row, 1, item(known(*compared.metric, compared.a.middle), true));
        metrics_->setItem(row, 2, item(known(*compared.metric, compared.b.middle), true));
        metrics_->setItem(row, 3, item(factor(compared.ratio.middle), true));
        metrics_->setItem(row, 4, item(spread_text(compared.ratio), true));
        ++row;
    }
    const bool different = !shown_.differences.empty();
    alike_->setVisible(!different);
    differences_->setVisible(different);
    constexpr int column_pixels = 240;
    differences_->setColumnWidth(0, column_pixels);
    differences_->setColumnWidth(1, column_pixels);
    recolour();
    line_->hide();
    page_->show();
    fit_heights();
}

// All figures stand there without scrolling; the differences take what is left, and no more than they need.
void RunComparisonView::fit_heights() {
    const auto height_of = [](const QTableWidget& table) {
        const bool bar = table.horizontalHeader()->length() > table.viewport()->width();
        return table.horizontalHeader()->sizeHint().height() + table.verticalHeader()->length() +
               2 * table.frameWidth() + (bar ? table.horizontalScrollBar()->sizeHint().height() : 0);
    };
    metrics_->setFixedHeight(height_of(*metrics_));
    differences_->setMaximumHeight(height_of(*differences_));
}

void RunComparisonView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fit_heights();
}

void RunComparisonView::recolour() {
    const QColor plain = to_qcolor(appearance_.theme().foreground);
    const QColor grey = to_qcolor(appearance_.theme().muted);
    set_text_colour(*line_, appearance_.theme().muted);
    set_text_colour(*legend_, appearance_.theme().muted);
    for (int row = 0; row < metrics_->rowCount(); ++row) {
        const ComparedMetric& compared = shown_.metrics.at(static_cast<std::size_t>(row));
        const bool says_something = std::isfinite(compared.ratio.middle) && !compared.covers_one();
        const bool sure = has_spread(compared.ratio);
        for (int column = 3; column < metrics_->columnCount(); ++column) {
            QTableWidgetItem* cell = metrics_->item(row, column);
            cell->setForeground(says_something && (sure || column == 3) ? plain : grey);
            QFont font = metrics_->font();
            font.setBold(says_something && sure && column == 3);
            cell->setFont(font);
        }
    }
}

QString RunComparisonView::text() const {
    if (shown_.metrics.empty()) {
        return {};
    }
    QStringList lines{title_a_->text(), title_b_->text(), {}};
    const auto add = [&](const QTableWidget& table) {
        for (int row = -1; row < table.rowCount(); ++row) {
            QStringList cells;
            for (int column = 0; column < table.columnCount(); ++column) {
                cells << (row < 0 ? table.horizontalHeaderItem(column) : table.item(row, column))->text();
            }
            lines << cells.join(QLatin1Char('\t'));
        }
        lines << QString();
    };
    if (shown_.differences.empty()) {
        lines << alike_->text() << QString();
    } else {
        add(*differences_);
    }
    add(*metrics_);
    return lines.join(QLatin1Char('\n'));
}

std::string RunComparisonView::csv() const {
    if (shown_.metrics.empty()) {
        return {};
    }
    std::string text = "what,name,a,b,ratio,ratio_low,ratio_high\n";
    const auto add = [&text](const std::vector<std::string>& fields) {
        text += fmt::format("{}\n", fmt::join(fields, ","));
    };
    for (const Difference& difference : shown_.differences) {
        add({"difference", csv_field(difference.path), csv_field(difference.a), csv_field(difference.b), "", "", ""});
    }
    for (const ComparedMetric& compared : shown_.metrics) {
        add({"figure", csv_field(std::string(compared.metric->name)), csv_field(compared.a.middle),
             csv_field(compared.b.middle), csv_field(compared.ratio.middle), csv_field(compared.ratio.low),
             csv_field(compared.ratio.high)});
    }
    return text;
}

void RunComparisonView::copy() const {
    if (const QString all = text(); !all.isEmpty()) {
        QGuiApplication::clipboard()->setText(all);
    }
}

}  // namespace longscope
