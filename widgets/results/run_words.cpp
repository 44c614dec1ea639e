// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/run_words.h"

#include <QCoreApplication>
#include <QDateTime>
#include <array>
#include <cmath>

#include "engine/base/units.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("longscope::RunTable", text);
}

struct ColumnWords {
    const char* title;
    const char* explanation;
    bool number;
};

// By RunColumn.
constexpr std::array<ColumnWords, run_column_count> words{{
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Run"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Number of the run in this database"), true},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Experiment"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Name of the experiment"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "State"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "What became of the run"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Started"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "When the run began, in your time zone"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Wall time"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "From the start of the run to its end"), true},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Ranks"), QT_TRANSLATE_NOOP("longscope::RunTable", "Processes"), true},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Strategy"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "How the ranks share the attention"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Dispatch"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Which tokens each rank holds"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Backend"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "What computes the attention"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Tokens"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Length of the longest packed sequence"), true},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Median"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Median time of a measured repetition, mean over the draws"), true},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Rate"),
     QT_TRANSLATE_NOOP("longscope::RunTable",
                       "Floating-point operations a second: those of all draws by their median times"),
     true},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Tags"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Tags that were given to the run"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Host"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Machine that started the run"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Message"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "Why the run ended as it did"), false},
    {QT_TRANSLATE_NOOP("longscope::RunTable", "Note"),
     QT_TRANSLATE_NOOP("longscope::RunTable", "What somebody noted of the run"), false},
}};

const ColumnWords& words_of(RunColumn column) {
    return words.at(static_cast<std::size_t>(column));
}

QString dash() {
    return QStringLiteral("–");
}

}  // namespace

QString state_text(RunState state) {
    switch (state) {
        case RunState::queued:
            return tr("queued");
        case RunState::running:
            return tr("running");
        case RunState::done:
            return tr("done");
        case RunState::failed:
            return tr("failed");
        case RunState::timed_out:
            return tr("timed out");
        case RunState::cancelled:
            return tr("cancelled");
        case RunState::lost:
            return tr("lost");
        case RunState::out_of_memory:
            return tr("out of memory");
        case RunState::unsupported:
            return tr("unsupported");
        case RunState::infeasible:
            return tr("infeasible");
    }
    return {};
}

QColor state_colour(RunState state, const Theme& theme) {
    switch (state) {
        case RunState::queued:
        case RunState::running:
            return to_qcolor(theme.few_ranks.at(0));
        case RunState::done:
            return to_qcolor(theme.few_ranks.at(2));
        case RunState::failed:
        case RunState::timed_out:
        case RunState::out_of_memory:
            return to_qcolor(theme.few_ranks.at(5));
        case RunState::cancelled:
        case RunState::lost:
        case RunState::unsupported:
        case RunState::infeasible:
            break;
    }
    return to_qcolor(theme.muted);
}

QString column_title(RunColumn column) {
    return tr(words_of(column).title);
}

QString column_explanation(RunColumn column) {
    return tr(words_of(column).explanation);
}

const char* column_sample(RunColumn column) {
    switch (column) {
        case RunColumn::number:
            return "10,000";
        case RunColumn::name:
            return "documents-64k";
        case RunColumn::state:
            return "cancelled";
        case RunColumn::started:
            return "2026-01-31 23:59";
        case RunColumn::wall_time:
            return "59 min";
        case RunColumn::ranks:
            return "1,024";
        case RunColumn::strategy:
            return "double ring";
        case RunColumn::dispatch:
            return "per_document";
        case RunColumn::backend:
            return "reference";
        case RunColumn::tokens:
            return "100,000";
        case RunColumn::median_time:
            return "12.3 ms";
        case RunColumn::rate:
            return "87.3 MFLOP/s";
        case RunColumn::tags:
            return "baseline";
        case RunColumn::host:
            return "node-0123";
        case RunColumn::note:
            return "with the new kernel";
        case RunColumn::message:
            break;
    }
    return "rank 3 ended with signal 9";
}

bool is_number(RunColumn column) {
    return words_of(column).number;
}

QString cell_text(const RunRow& row, RunColumn column) {
    switch (column) {
        case RunColumn::state:
            return state_text(row.state);
        case RunColumn::started:
            return local_time_text(row.started_utc);
        case RunColumn::wall_time:
            return row.wall_ns ? to_qstring(format_duration(*row.wall_ns)) : dash();
        case RunColumn::tokens:
            return row.tokens ? to_qstring(format_tokens(*row.tokens)) : dash();
        case RunColumn::median_time:
            return std::isnan(row.median_ns) ? dash()
                                             : to_qstring(format_duration(static_cast<Nanoseconds>(row.median_ns)));
        case RunColumn::rate:
            return std::isnan(row.flops_per_s) ? dash() : to_qstring(format_flops_per_s(row.flops_per_s));
        case RunColumn::number:
        case RunColumn::name:
        case RunColumn::ranks:
        case RunColumn::strategy:
        case RunColumn::dispatch:
        case RunColumn::backend:
        case RunColumn::tags:
        case RunColumn::host:
        case RunColumn::message:
        case RunColumn::note:
            break;
    }
    return to_qstring(raw_text(row, column)).simplified();
}

QString local_time_text(const std::string& utc) {
    const QDateTime time = QDateTime::fromString(to_qstring(utc), Qt::ISODateWithMs);
    return time.isValid() ? time.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm")) : to_qstring(utc);
}

}  // namespace longscope
