// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/layout/sheet_canvas.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "widgets/base/colours.h"
#include "widgets/base/display_painter.h"

namespace longscope {

namespace {

constexpr double zoom_step = 1.25;
// Cells that are smaller than these nobody can read or hit.
constexpr CellSize least_readable{22, 16};
constexpr CellSize least{1, 1};
constexpr CellSize most{168, 56};

Point to_point(const QPointF& point) {
    return {point.x(), point.y()};
}

}  // namespace

SheetCanvas::SheetCanvas(const Appearance& appearance, QWidget* parent)
    : QAbstractScrollArea(parent), appearance_(appearance) {
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setMouseTracking(true);
    connect(&appearance_, &Appearance::changed, this, [this] { viewport()->update(); });
    describe();
}

void SheetCanvas::show_content(std::shared_ptr<const SheetContent> content) {
    content_ = std::move(content);
    const std::optional<CellPlace> before = chosen_;
    if (content_ == nullptr) {
        chosen_.reset();
    } else if (chosen_) {
        const CellSheet now = sheet();
        if (chosen_->row >= now.rows || chosen_->column >= now.columns) {
            chosen_.reset();
        }
    }
    arrange();
    describe();
    viewport()->update();
    if (before || chosen_) {
        Q_EMIT chosen_changed();  // its facts may be others
    }
}

void SheetCanvas::set_empty_text(const QString& text) {
    empty_text_ = text;
    describe();
    viewport()->update();
}

SheetPictureOptions SheetCanvas::options() const {
    SheetPictureOptions options;
    options.theme = appearance_.theme();
    options.view.width = viewport()->width();
    options.view.height = viewport()->height();
    options.view.scroll_x = horizontalScrollBar()->value();
    options.view.scroll_y = verticalScrollBar()->value();
    options.view.smallest = size_ == Size::all ? least : size_ == Size::readable ? least_readable : cell_;
    options.view.largest = size_ == Size::chosen ? cell_ : most;
    options.chosen = chosen_;
    return options;
}

CellSheet SheetCanvas::sheet() const {
    return content_->sheet(options());
}

void SheetCanvas::arrange() {
    if (content_ == nullptr) {
        horizontalScrollBar()->setRange(0, 0);
        verticalScrollBar()->setRange(0, 0);
        return;
    }
    const CellSheet now = sheet();
    const auto set = [](QScrollBar& bar, double full, double seen, double step) {
        bar.setRange(0, static_cast<int>(std::ceil(full - seen)));
        bar.setPageStep(static_cast<int>(seen));
        bar.setSingleStep(std::max(1, static_cast<int>(step)));
    };
    set(*horizontalScrollBar(), now.full_width(), now.area.width, now.cell.width);
    set(*verticalScrollBar(), now.full_height(), now.area.height, now.cell.height);
}

void SheetCanvas::choose(std::optional<CellPlace> place) {
    if (content_ == nullptr) {
        place.reset();
    }
    if (place == chosen_) {
        return;
    }
    chosen_ = place;
    if (chosen_) {
        const CellSheet now = sheet();
        const Rect cell = now.cell_at(*chosen_);
        const auto show = [](QScrollBar& bar, double begin, double end, double from, double until) {
            if (begin < from) {
                bar.setValue(static_cast<int>(std::floor(bar.value() + begin - from)));
            } else if (end > until) {
                bar.setValue(static_cast<int>(std::ceil(bar.value() + end - until)));
            }
        };
        show(*horizontalScrollBar(), cell.x, cell.right(), now.area.x, now.area.right());
        show(*verticalScrollBar(), cell.y, cell.bottom(), now.area.y, now.area.bottom());
    }
    describe();
    viewport()->update();
    Q_EMIT chosen_changed();
}

QStringList SheetCanvas::facts() const {
    QStringList lines;
    if (content_ != nullptr && chosen_) {
        for (const std::string& line : content_->facts(*chosen_)) {
            lines << to_qstring(line);
        }
    }
    return lines;
}

void SheetCanvas::describe() {
    setAccessibleDescription(content_ == nullptr ? empty_text_ : facts().join(QStringLiteral(". ")));
}

std::function<DisplayList()> SheetCanvas::picture_maker(double width) const {
    SheetPictureOptions whole;
    whole.theme = appearance_.theme();
    whole.view.width = width;
    whole.title = content_->title();
    whole.caption = content_->caption();
    whole.chosen = chosen_;
    return [content = content_, whole] { return content->draw(whole); };
}

void SheetCanvas::copy_table() {
    if (content_ != nullptr) {
        copy_job_.start([content = content_](const std::atomic<bool>&) { return content->table('\t'); },
                        [](const std::string& text) { QGuiApplication::clipboard()->setText(to_qstring(text)); },
                        [](const std::exception_ptr&) {});  // what is on the clipboard stays
    }
}

void SheetCanvas::zoom_in() {
    zoom_by(zoom_step, QRectF(viewport()->rect()).center());
}

void SheetCanvas::zoom_out() {
    zoom_by(1 / zoom_step, QRectF(viewport()->rect()).center());
}

void SheetCanvas::zoom_by(double factor, QPointF at) {
    if (content_ == nullptr) {
        return;
    }
    const CellSheet before = sheet();
    // The cell under the pointer stays there.
    const double x = (at.x() - before.area.x + before.scroll_x) / before.cell.width;
    const double y = (at.y() - before.area.y + before.scroll_y) / before.cell.height;
    size_ = Size::chosen;
    cell_ = {std::clamp(before.cell.width * factor, least.width, most.width),
             std::clamp(before.cell.height * factor, least.height, most.height)};
    arrange();
    const CellSheet now = sheet();
    horizontalScrollBar()->setValue(qRound(x * now.cell.width - at.x() + now.area.x));
    verticalScrollBar()->setValue(qRound(y * now.cell.height - at.y() + now.area.y));
    viewport()->update();
}

void SheetCanvas::toggle_fit() {
    size_ = size_ == Size::all ? Size::readable : Size::all;
    arrange();
    viewport()->update();
}

void SheetCanvas::move_chosen(std::int64_t rows, std::int64_t columns) {
    if (content_ == nullptr) {
        return;
    }
    const CellSheet now = sheet();
    if (now.rows == 0 || now.columns == 0) {
        return;
    }
    const CellPlace from = chosen_.value_or(CellPlace{now.seen_rows().begin, now.seen_columns().begin});
    choose(CellPlace{std::clamp<std::int64_t>(from.row + (chosen_ ? rows : 0), 0, now.rows - 1),
                     std::clamp<std::int64_t>(from.column + (chosen_ ? columns : 0), 0, now.columns - 1)});
}

QString SheetCanvas::text_at(const QPoint& position) const {
    if (content_ == nullptr) {
        return {};
    }
    const std::optional<CellPlace> place = sheet().place_at(to_point(position));
    if (!place) {
        return {};
    }
    QStringList lines;
    for (const std::string& line : content_->facts(*place)) {
        lines << to_qstring(line).toHtmlEscaped();
    }
    return lines.join(QStringLiteral("<br>"));
}

bool SheetCanvas::viewportEvent(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString text = text_at(help->pos());
        text.isEmpty() ? QToolTip::hideText() : QToolTip::showText(help->globalPos(), text, viewport());
        return true;
    }
    return QAbstractScrollArea::viewportEvent(event);
}

void SheetCanvas::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(viewport());
    const Theme& theme = appearance_.theme();
    if (content_ == nullptr) {
        painter.fillRect(viewport()->rect(), to_qcolor(theme.background));
        painter.setPen(to_qcolor(theme.muted));
        constexpr int margin = 24;
        painter.drawText(viewport()->rect().adjusted(margin, margin, -margin, -margin),
                         Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
        return;
    }
    paint(painter, content_->draw(options()));
    if (hasFocus()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void SheetCanvas::resizeEvent(QResizeEvent* event) {
    QAbstractScrollArea::resizeEvent(event);
    arrange();
}

void SheetCanvas::wheelEvent(QWheelEvent* event) {
    if ((event->modifiers() & Qt::ControlModifier) == 0) {
        QAbstractScrollArea::wheelEvent(event);
        return;
    }
    constexpr double notch = 120;
    zoom_by(std::pow(zoom_step, event->angleDelta().y() / notch), event->position());
    event->accept();
}

void SheetCanvas::mousePressEvent(QMouseEvent* event) {
    const bool pan = event->button() == Qt::MiddleButton ||
                     (event->button() == Qt::LeftButton && (event->modifiers() & Qt::ShiftModifier) != 0);
    if (pan) {
        pan_from_ = event->pos();
        viewport()->setCursor(Qt::ClosedHandCursor);
    } else if (event->button() == Qt::LeftButton && content_ != nullptr) {
        const std::optional<CellPlace> place = sheet().place_at(to_point(event->localPos()));
        choose(place == chosen_ ? std::nullopt : place);
    }
}

void SheetCanvas::mouseMoveEvent(QMouseEvent* event) {
    if (pan_from_) {
        horizontalScrollBar()->setValue(horizontalScrollBar()->value() - (event->pos() - *pan_from_).x());
        verticalScrollBar()->setValue(verticalScrollBar()->value() - (event->pos() - *pan_from_).y());
        pan_from_ = event->pos();
    }
}

void SheetCanvas::mouseReleaseEvent(QMouseEvent* /*event*/) {
    pan_from_.reset();
    viewport()->unsetCursor();
}

void SheetCanvas::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copy_table();
        return;
    }
    constexpr std::int64_t far = std::int64_t{1} << 32;
    const bool plain = (event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier)) == 0;
    switch (plain ? event->key() : 0) {
        case Qt::Key_Up:
            return move_chosen(-1, 0);
        case Qt::Key_Down:
            return move_chosen(1, 0);
        case Qt::Key_Left:
            return move_chosen(0, -1);
        case Qt::Key_Right:
            return move_chosen(0, 1);
        case Qt::Key_Home:
            return move_chosen(0, -far);
        case Qt::Key_End:
            return move_chosen(0, far);
        case Qt::Key_PageUp:
            return move_chosen(content_ == nullptr ? 0 : -std::max<std::int64_t>(1, sheet().seen_rows().size() - 1), 0);
        case Qt::Key_PageDown:
            return move_chosen(content_ == nullptr ? 0 : std::max<std::int64_t>(1, sheet().seen_rows().size() - 1), 0);
        case Qt::Key_W:
        case Qt::Key_Plus:
            return zoom_in();
        case Qt::Key_S:
        case Qt::Key_Minus:
            return zoom_out();
        case Qt::Key_F:
            return toggle_fit();
        case Qt::Key_Escape:
            return choose(std::nullopt);
        default:
            event->ignore();
    }
}

void SheetCanvas::focusInEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void SheetCanvas::focusOutEvent(QFocusEvent* event) {
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

void SheetCanvas::changeEvent(QEvent* event) {
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::EnabledChange || event->type() == QEvent::FontChange) {
        viewport()->update();
    }
}

void SheetCanvas::contextMenuEvent(QContextMenuEvent* event) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("Copy table"), this, &SheetCanvas::copy_table)->setEnabled(content_ != nullptr);
    menu->addAction(fits_all() ? tr("Larger cells") : tr("All cells in sight"), this, &SheetCanvas::toggle_fit)
        ->setEnabled(content_ != nullptr);
    menu->popup(event->globalPos());
}

}  // namespace longscope
