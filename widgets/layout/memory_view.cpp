// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/memory_view.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "engine/parallel/layout_text.h"
#include "widgets/base/colours.h"
#include "widgets/base/display_painter.h"

namespace longscope {

MemoryView::MemoryView(const Appearance& appearance, QWidget* parent) : QWidget(parent), appearance_(appearance) {
    setFocusPolicy(Qt::StrongFocus);
    connect(&appearance_, &Appearance::changed, this, qOverload<>(&QWidget::update));
    describe();
}

void MemoryView::show_layout(std::shared_ptr<const ShownLayout> layout) {
    layout_ = std::move(layout);
    if (layout_ == nullptr) {
        chosen_by_hand_ = false;
        rank_ = 0;
    } else if (!chosen_by_hand_ || rank_ >= static_cast<std::int64_t>(layout_->preview.memory.size())) {
        chosen_by_hand_ = false;
        rank_ = neediest_rank(layout_->preview.memory);
    }
    describe();
    update();
    Q_EMIT chosen_changed();
}

void MemoryView::set_empty_text(const QString& text) {
    empty_text_ = text;
    describe();
    update();
}

void MemoryView::choose(std::int64_t rank) {
    if (layout_ == nullptr) {
        return;
    }
    rank_ = std::clamp<std::int64_t>(rank, 0, static_cast<std::int64_t>(layout_->preview.memory.size()) - 1);
    chosen_by_hand_ = true;
    describe();
    update();
    Q_EMIT chosen_changed();
}

QStringList MemoryView::facts() const {
    QStringList lines;
    if (layout_ == nullptr) {
        return lines;
    }
    const MemoryProfile& profile = layout_->preview.memory.at(static_cast<std::size_t>(rank_));
    const double time = profile.changes.empty() ? 0 : profile.changes[profile.peak].time;
    for (const std::string& line : memory_facts(profile, rank_, time)) {
        lines << to_qstring(line);
    }
    lines.first() = tr("Peak: %1").arg(lines.first());
    return lines;
}

MemoryPictureOptions MemoryView::options() const {
    MemoryPictureOptions options;
    options.theme = appearance_.theme();
    options.width = width();
    options.height = height();
    options.rank = rank_;
    options.budget_bytes = layout_->experiment.backend.memory_per_rank_bytes;
    options.steps = static_cast<std::int32_t>(layout_->preview.steps.steps());
    options.backward_from = layout_->preview.steps.backward_from;
    return options;
}

MemoryChart MemoryView::chart() const {
    return memory_chart(layout_->preview.memory, options());
}

std::function<DisplayList()> MemoryView::picture_maker(double width) const {
    MemoryPictureOptions whole = options();
    whole.title = layout_->experiment.name + ": memory";
    whole.caption = layout_->caption;
    whole.width = width;
    whole.height = MemoryPictureOptions().height;
    return [layout = layout_, whole] { return draw_memory(layout->preview.memory, whole); };
}

std::function<std::string()> MemoryView::table_maker(char separator) const {
    return [layout = layout_, separator] { return memory_lines(layout->preview.memory, separator); };
}

void MemoryView::copy_table() {
    if (layout_ != nullptr) {
        copy_job_.start([make = table_maker('\t')](const std::atomic<bool>&) { return make(); },
                        [](const std::string& text) { QGuiApplication::clipboard()->setText(to_qstring(text)); },
                        [](const std::exception_ptr&) {});  // what is on the clipboard stays
    }
}

void MemoryView::describe() {
    setAccessibleDescription(layout_ == nullptr ? empty_text_ : facts().join(QStringLiteral(". ")));
}

bool MemoryView::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip || layout_ == nullptr) {
        return QWidget::event(event);
    }
    const auto* help = static_cast<QHelpEvent*>(event);
    const Point at{static_cast<double>(help->pos().x()), static_cast<double>(help->pos().y())};
    const std::vector<MemoryProfile>& ranks = layout_->preview.memory;
    std::vector<std::string> lines;
    if (const std::optional<double> time = chart().time_at(at)) {
        lines = memory_facts(ranks.at(static_cast<std::size_t>(rank_)), rank_, *time);
    } else if (const std::optional<std::int64_t> rank = chart().rank_at(at)) {
        const MemoryProfile& profile = ranks.at(static_cast<std::size_t>(*rank));
        lines = memory_facts(profile, *rank, profile.changes.empty() ? 0 : profile.changes[profile.peak].time);
    }
    QStringList text;
    for (const std::string& line : lines) {
        text << to_qstring(line).toHtmlEscaped();
    }
    text.isEmpty() ? QToolTip::hideText()
                   : QToolTip::showText(help->globalPos(), text.join(QStringLiteral("<br>")), this);
    return true;
}

void MemoryView::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const Theme& theme = appearance_.theme();
    if (layout_ == nullptr) {
        painter.fillRect(rect(), to_qcolor(theme.background));
        painter.setPen(to_qcolor(theme.muted));
        constexpr int margin = 24;
        painter.drawText(rect().adjusted(margin, margin, -margin, -margin), Qt::AlignCenter | Qt::TextWordWrap,
                         empty_text_);
        return;
    }
    paint(painter, draw_memory(layout_->preview.memory, options()));
    if (hasFocus()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MemoryView::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || layout_ == nullptr) {
        return;
    }
    if (const std::optional<std::int64_t> rank = chart().rank_at({event->localPos().x(), event->localPos().y()})) {
        choose(*rank);
    }
}

void MemoryView::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copy_table();
        return;
    }
    constexpr std::int64_t far = std::int64_t{1} << 32;
    switch (event->key()) {
        case Qt::Key_Left:
        case Qt::Key_Up:
            return choose(rank_ - 1);
        case Qt::Key_Right:
        case Qt::Key_Down:
            return choose(rank_ + 1);
        case Qt::Key_Home:
            return choose(0);
        case Qt::Key_End:
            return choose(far);
        case Qt::Key_Escape:
            // Back to the rank that needs most.
            chosen_by_hand_ = false;
            return show_layout(layout_);
        default:
            event->ignore();
    }
}

void MemoryView::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    update();
}

void MemoryView::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    update();
}

void MemoryView::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Copy table"), this, &MemoryView::copy_table)->setEnabled(layout_ != nullptr);
    menu->popup(event->globalPos());
}

}  // namespace longscope
