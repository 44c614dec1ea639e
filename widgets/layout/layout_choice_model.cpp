// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/layout_choice_model.h"

#include <QFont>
#include <algorithm>
#include <limits>

#include "engine/base/units.h"
#include "engine/experiment/layout_preview.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

bool is_number(LayoutColumn column) {
    return column == LayoutColumn::work || column == LayoutColumn::received || column == LayoutColumn::memory;
}

}  // namespace

LayoutChoiceModel::LayoutChoiceModel(const Appearance& appearance, QObject* parent)
    : QAbstractTableModel(parent), appearance_(appearance) {
    connect(&appearance_, &Appearance::changed, this, [this] {
        if (rowCount() > 0) {
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1), {Qt::ForegroundRole});
        }
    });
}

void LayoutChoiceModel::set_options(std::shared_ptr<const LayoutOptions> options) {
    beginResetModel();
    options_ = std::move(options);
    endResetModel();
}

void LayoutChoiceModel::set_current(const std::string& strategy, const StrategyOptions& options,
                                    const std::string& dispatch) {
    strategy_ = strategy;
    chosen_ = options;
    dispatch_ = dispatch;
    if (rowCount() > 0) {
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    }
}

bool LayoutChoiceModel::is_current(const LayoutOption& layout) const {
    return layout.strategy == strategy_ && layout.options == chosen_ && layout.dispatch == dispatch_;
}

std::optional<int> LayoutChoiceModel::current_row() const {
    for (int row = 0; row < rowCount(); ++row) {
        if (is_current(at(row))) {
            return row;
        }
    }
    return std::nullopt;
}

int LayoutChoiceModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() || options_ == nullptr ? 0 : static_cast<int>(options_->layouts.size());
}

int LayoutChoiceModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : layout_column_count;
}

QString LayoutChoiceModel::text_of(const LayoutOption& layout, LayoutColumn column, bool current) const {
    const bool feasible = layout.infeasible.empty();
    switch (column) {
        case LayoutColumn::strategy:
            return to_qstring(strategy_text(layout.strategy, layout.options));
        case LayoutColumn::dispatch:
            return to_qstring(layout.dispatch);
        case LayoutColumn::work:
            return feasible ? QString::number(layout.largest_over_mean, 'f', 3) : QStringLiteral("–");
        case LayoutColumn::received:
            return feasible ? to_qstring(format_bytes(layout.bytes_received)) : QStringLiteral("–");
        case LayoutColumn::memory:
            return feasible ? to_qstring(format_bytes(layout.memory_bytes)) : QStringLiteral("–");
        case LayoutColumn::remark:
            return !feasible ? to_qstring(layout.infeasible) : current ? tr("of this experiment") : QString();
    }
    return {};
}

QString LayoutChoiceModel::help_of(const LayoutOption& layout, LayoutColumn column) const {
    if (column == LayoutColumn::strategy) {
        return to_qstring(find_strategy(layout.strategy).meaning);
    }
    if (column == LayoutColumn::dispatch) {
        QString text = to_qstring(find_dispatch(layout.dispatch).meaning);
        for (const DispatchFacts& facts : options_->dispatches) {
            if (facts.name == layout.dispatch) {
                text += tr("\nlargest / mean of the pairs that queries see: %1; implementations that cut evenly pad %2 "
                           "tokens")
                            .arg(facts.largest_over_mean, 0, 'f', 3)
                            .arg(to_qstring(format_count(facts.padding_tokens)));
                if (facts.tiles) {
                    text += tr("; %1 tiles of 128 x 128").arg(to_qstring(format_count(*facts.tiles)));
                }
            }
        }
        return text;
    }
    if (!layout.infeasible.empty()) {
        return to_qstring(layout.infeasible);
    }
    if (column == LayoutColumn::received) {
        return tr("%1 bytes").arg(to_qstring(format_count(layout.bytes_received)));
    }
    return column == LayoutColumn::memory ? tr("%1 bytes").arg(to_qstring(format_count(layout.memory_bytes)))
                                          : QString();
}

QVariant LayoutChoiceModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) {
        return {};
    }
    const LayoutOption& layout = at(index.row());
    const auto column = static_cast<LayoutColumn>(index.column());
    const bool feasible = layout.infeasible.empty();
    switch (role) {
        case Qt::DisplayRole:
            return text_of(layout, column, is_current(layout));
        case Qt::ToolTipRole:
            return help_of(layout, column);
        case Qt::TextAlignmentRole:
            return static_cast<int>(Qt::AlignVCenter | (is_number(column) ? Qt::AlignRight : Qt::AlignLeft));
        case Qt::ForegroundRole:
            return feasible ? QVariant() : QVariant(to_qcolor(appearance_.theme().muted));
        case Qt::FontRole: {
            QFont font;
            font.setBold(is_current(layout));
            return font.bold() ? QVariant(font) : QVariant();
        }
        case sort_role:
            if (!is_number(column)) {
                return text_of(layout, column, false);
            }
            if (!feasible) {
                return std::numeric_limits<double>::infinity();
            }
            return column == LayoutColumn::work       ? layout.largest_over_mean
                   : column == LayoutColumn::received ? static_cast<double>(layout.bytes_received)
                                                      : static_cast<double>(layout.memory_bytes);
        default:
            return {};
    }
}

QVariant LayoutChoiceModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) {
        return {};
    }
    const auto column = static_cast<LayoutColumn>(section);
    if (role == Qt::TextAlignmentRole) {
        return static_cast<int>(Qt::AlignVCenter | (is_number(column) ? Qt::AlignRight : Qt::AlignLeft));
    }
    if (role == Qt::DisplayRole) {
        const QStringList titles{tr("Strategy"), tr("Dispatch"), tr("Max / mean"),
                                 tr("Received"), tr("Memory"),   tr("Remark")};
        return titles.at(section);
    }
    if (role == Qt::ToolTipRole) {
        const QStringList helps{tr("Context-parallel method, with its degree where it has one"),
                                tr("Which tokens each rank holds"),
                                tr("Pairs that the busiest rank computes, over the mean"),
                                tr("Payload of the rank that receives most"),
                                tr("Inputs and buffers of the rank that needs most"),
                                tr("Why it cannot be")};
        return helps.at(section);
    }
    return {};
}

}  // namespace longscope
