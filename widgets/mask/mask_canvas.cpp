// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/mask/mask_canvas.h"

#include <fmt/format.h>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "engine/base/units.h"
#include "engine/draw/mask_picture.h"
#include "widgets/base/colours.h"
#include "widgets/mask/mask_overlay.h"

namespace longscope {

namespace {

constexpr double zoom_step = 1.25;
constexpr double keyboard_pan = 0.1;  // of the view
constexpr double smallest_drag = 4;   // pixels; less is a click

}  // namespace

MaskCanvas::MaskCanvas(const Appearance& appearance, QWidget* parent)
    : QWidget(parent), appearance_(appearance), tiles_(appearance.theme()) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setAccessibleName(tr("Mask"));
    connect(&appearance_, &Appearance::changed, this, [this] {
        tiles_.recolour(appearance_.theme());
        update();
    });
    connect(&tiles_, &MaskTiles::came, this, [this] { update(); });
}

void MaskCanvas::show_mask(std::shared_ptr<const ShownMask> mask) {
    const bool same_tiles = mask != nullptr && mask_ != nullptr && mask->draw.mask == mask_->draw.mask &&
                            mask->difference == mask_->difference;
    mask_ = std::move(mask);
    if (!same_tiles) {
        tiles_.set_source(mask_ == nullptr               ? nullptr
                          : mask_->difference == nullptr ? tiles_of(mask_->draw.mask)
                                                         : tiles_of(mask_->difference->parts),
                          appearance_.theme());
    }
    if (mask_ != nullptr) {
        take_size();  // more ranks than one have their own room at the edges
        const Mask& shape = *mask_->draw.mask;
        viewport_.set_matrix(shape.query_tokens(), shape.key_tokens());
        if (selection_ && (selection_->q.end > shape.query_tokens() || selection_->k.end > shape.key_tokens())) {
            selection_.reset();
        }
    }
    moved();
    Q_EMIT selection_changed();
}

void MaskCanvas::set_empty_text(const QString& text) {
    empty_text_ = text;
    update();
}

QRectF MaskCanvas::plot() const {
    return mask_overlay::plot_of(size(), mask_ != nullptr && mask_->shows_ranks());
}

std::function<DisplayList()> MaskCanvas::picture_maker(double width) const {
    MaskPictureOptions options;
    options.theme = appearance_.theme();
    options.width = width;
    options.title = mask_->draw.experiment.name + ": " + to_text(mask_->draw.experiment.mask);
    options.region = viewport_.visible();
    if (mask_->difference != nullptr) {
        options.title = fmt::format("A: {}; B: {}", options.title, mask_->difference->name.toStdString());
    }
    return [shown = mask_, options = std::move(options)]() mutable {
        options.cu_seqlens = shown->draw.domain.cu_seqlens;
        options.ranks = *shown->draw.ranks;
        if (shown->difference != nullptr) {
            return draw_mask_difference(*shown->difference->parts, options);
        }
        return draw_mask(*shown->draw.mask, options);
    };
}

void MaskCanvas::zoom_in() {
    zoom_by(1 / zoom_step, plot().center());
}

void MaskCanvas::zoom_out() {
    zoom_by(zoom_step, plot().center());
}

void MaskCanvas::zoom_by(double factor, const QPointF& at) {
    const QPointF inside = at - plot().topLeft();
    viewport_.zoom_at(inside.x(), inside.y(), factor);
    moved();
}

void MaskCanvas::fit() {
    viewport_.fit();
    moved();
}

void MaskCanvas::focus_selection() {
    MaskViewport focused = viewport_;
    if (selection_) {
        focused.focus(*selection_);
    }
    if (!selection_ || focused.visible() == viewport_.visible()) {
        focused.fit();
    }
    viewport_ = focused;
    moved();
}

void MaskCanvas::go_to(const Box& box) {
    constexpr std::int64_t around = 24;  // what is one pair alone tells nothing
    select(box);
    viewport_.focus({{box.q.begin - around, box.q.end + around}, {box.k.begin - around, box.k.end + around}});
    moved();
}

void MaskCanvas::select(std::optional<Box> box) {
    if (box != selection_) {
        selection_ = box;
        update();
        Q_EMIT selection_changed();
    }
}

void MaskCanvas::take_size() {
    const QRectF area = plot();
    viewport_.set_size(area.width(), area.height());
}

void MaskCanvas::moved() {
    tiles_.want(viewport_, devicePixelRatioF());
    describe();
    update();
    Q_EMIT view_changed();
    tell_pointer();
}

void MaskCanvas::tell_pointer() {
    Q_EMIT hovered(pointer_ ? text_at(*pointer_) : QString());
}

void MaskCanvas::describe() {
    if (mask_ == nullptr) {
        setAccessibleDescription(empty_text_);
        return;
    }
    const Box box = viewport_.visible();
    const auto count = [](std::int64_t value) { return to_qstring(format_count(value)); };
    const QString beside = mask_->difference == nullptr ? QString() : tr(" beside %1").arg(mask_->difference->name);
    setAccessibleDescription(tr("%1; queries %2 to %3, keys %4 to %5 are in view")
                                 .arg(to_qstring(to_text(mask_->draw.experiment.mask)) + beside, count(box.q.begin),
                                      count(box.q.end), count(box.k.begin), count(box.k.end)));
}

QString MaskCanvas::text_at(const QPointF& point) const {
    const QRectF area = plot();
    const auto pair = mask_ != nullptr && area.contains(point)
                          ? viewport_.pair_at(point.x() - area.left(), point.y() - area.top())
                          : std::nullopt;
    return pair ? pair_text(*mask_, pair->first, pair->second) : QString();
}

Box MaskCanvas::box_between(const QPointF& a, const QPointF& b) const {
    const QPointF origin = plot().topLeft();
    const TokenPosition from = viewport_.at(a.x() - origin.x(), a.y() - origin.y());
    const TokenPosition to = viewport_.at(b.x() - origin.x(), b.y() - origin.y());
    const auto between = [](double first, double second, std::int64_t tokens) {
        const auto clamp = [&](double value) {
            return std::clamp<std::int64_t>(static_cast<std::int64_t>(value), 0, tokens);
        };
        const Range range{clamp(std::floor(std::min(first, second))), clamp(std::ceil(std::max(first, second)))};
        return range;
    };
    const Mask& mask = *mask_->draw.mask;
    return {between(from.query, to.query, mask.query_tokens()), between(from.key, to.key, mask.key_tokens())};
}

void MaskCanvas::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const Theme& theme = appearance_.theme();
    painter.fillRect(rect(), to_qcolor(theme.background));
    if (mask_ == nullptr) {
        painter.setPen(to_qcolor(theme.muted));
        painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
        return;
    }
    const QRectF area = plot();
    painter.save();
    painter.setClipRect(area);
    tiles_.paint(painter, viewport_, area.topLeft(), devicePixelRatioF());
    const mask_overlay::Scene scene{*mask_, viewport_, area, theme};
    mask_overlay::paint_documents(painter, scene);
    mask_overlay::paint_token_lines(painter, scene);
    if (selection_) {
        const QRectF selected = pixels_of(*selection_, viewport_, area.topLeft(), devicePixelRatioF());
        mask_overlay::paint_selection(painter, selected, theme);
    }
    painter.restore();
    mask_overlay::paint_ranks(painter, scene);
    mask_overlay::paint_axes(painter, scene);
    if (hasFocus()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

void MaskCanvas::resizeEvent(QResizeEvent* /*event*/) {
    take_size();
    moved();
}

void MaskCanvas::changeEvent(QEvent* event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange) {
        take_size();
        moved();
    }
    QWidget::changeEvent(event);
}

void MaskCanvas::wheelEvent(QWheelEvent* event) {
    const double notches = event->angleDelta().y() / 120.0;
    pointer_ = event->position();
    if (notches != 0) {
        zoom_by(std::pow(zoom_step, -notches), event->position());
    }
    event->accept();
}

void MaskCanvas::mousePressEvent(QMouseEvent* event) {
    const bool shifted = (event->modifiers() & Qt::ShiftModifier) != 0;
    drag_from_ = drag_at_ = event->localPos();
    if (mask_ == nullptr || !plot().contains(event->localPos())) {
        return;
    }
    if (event->button() == Qt::MiddleButton || (event->button() == Qt::LeftButton && shifted)) {
        drag_ = Drag::pan;
        setCursor(Qt::ClosedHandCursor);
    } else if (event->button() == Qt::LeftButton) {
        drag_ = Drag::select;
    }
}

void MaskCanvas::mouseMoveEvent(QMouseEvent* event) {
    const QPointF at = event->localPos();
    pointer_ = at;
    if (drag_ == Drag::pan) {
        viewport_.pan(at.x() - drag_at_.x(), at.y() - drag_at_.y());
        moved();
    } else if (drag_ == Drag::select && (at - drag_from_).manhattanLength() >= smallest_drag) {
        select(box_between(drag_from_, at));
    }
    drag_at_ = at;
    tell_pointer();
}

void MaskCanvas::mouseReleaseEvent(QMouseEvent* event) {
    if (drag_ == Drag::select && (event->localPos() - drag_from_).manhattanLength() < smallest_drag) {
        select(std::nullopt);
    }
    if (drag_ == Drag::pan) {
        unsetCursor();
    }
    drag_ = Drag::none;
}

void MaskCanvas::mouseDoubleClickEvent(QMouseEvent* event) {
    zoom_by(1 / (zoom_step * zoom_step * zoom_step), event->localPos());
}

void MaskCanvas::leaveEvent(QEvent* /*event*/) {
    pointer_.reset();
    tell_pointer();
}

void MaskCanvas::keyPressEvent(QKeyEvent* event) {
    const double across = viewport_.width() * keyboard_pan;
    const double down = viewport_.height() * keyboard_pan;
    switch (event->key()) {
        case Qt::Key_Left:
        case Qt::Key_A:
            viewport_.pan(across, 0);
            break;
        case Qt::Key_Right:
        case Qt::Key_D:
            viewport_.pan(-across, 0);
            break;
        case Qt::Key_Up:
            viewport_.pan(0, down);
            break;
        case Qt::Key_Down:
            viewport_.pan(0, -down);
            break;
        case Qt::Key_W:
        case Qt::Key_Plus:
        case Qt::Key_Equal:
            zoom_in();
            return;
        case Qt::Key_S:
        case Qt::Key_Minus:
            zoom_out();
            return;
        case Qt::Key_F:
            focus_selection();
            return;
        case Qt::Key_Home:
            fit();
            return;
        case Qt::Key_Escape:
            if (selection_) {
                select(std::nullopt);
                return;
            }
            [[fallthrough]];
        default:
            QWidget::keyPressEvent(event);
            return;
    }
    moved();
}

}  // namespace longscope
