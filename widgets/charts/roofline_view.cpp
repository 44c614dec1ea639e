// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/charts/roofline_view.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/colours.h"
#include "widgets/base/display_painter.h"

namespace longscope {

class RooflineView::Canvas : public QWidget {
  public:
    explicit Canvas(RooflineView& view) : QWidget(&view), view_(view) {}

    [[nodiscard]] QSize sizeHint() const override { return {700, 420}; }

  protected:
    void paintEvent(QPaintEvent* /*event*/) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        if (view_.has_picture()) {
            paint(painter, draw_roofline(view_.picture(width(), height())));
        } else {
            const Theme& theme = view_.appearance_.theme();
            constexpr int margin = 24;
            painter.fillRect(rect(), to_qcolor(theme.background));
            painter.setPen(to_qcolor(theme.muted));
            painter.drawText(rect().adjusted(margin, margin, -margin, -margin), Qt::AlignCenter | Qt::TextWordWrap,
                             view_.empty_text());
        }
        if (view_.hasFocus()) {
            painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
            painter.drawRect(rect().adjusted(0, 0, -1, -1));
        }
    }

  private:
    RooflineView& view_;
};

RooflineView::RooflineView(const Appearance& appearance, QWidget* parent)
    : QWidget(parent), appearance_(appearance), canvas_(new Canvas(*this)), figures_(new QLabel(this)) {
    setObjectName(QStringLiteral("roofline"));
    setAccessibleName(tr("Kernels under the roof of their device"));
    setFocusPolicy(Qt::StrongFocus);
    figures_->setTextFormat(Qt::PlainText);
    figures_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    figures_->setWordWrap(true);
    figures_->setContentsMargins(10, 4, 10, 6);
    figures_->setAccessibleName(tr("Figures of the kernels"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(canvas_, 1);
    column->addWidget(figures_);
    auto* copy_picture = new QAction(tr("Copy picture"), this);
    connect(copy_picture, &QAction::triggered, this, &RooflineView::copy);
    auto* save_as = new QAction(tr("Save picture or data…"), this);
    connect(save_as, &QAction::triggered, this, &RooflineView::save_requested);
    addActions({copy_picture, save_as});
    setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(&appearance_, &Appearance::changed, canvas_, [this] { canvas_->update(); });
    describe();
}

void RooflineView::show_kernels(std::shared_ptr<const KernelsUnderRoof> kernels, const QString& title) {
    kernels_ = std::move(kernels);
    title_ = title;
    describe();
    canvas_->update();
}

void RooflineView::describe() {
    QStringList lines;
    if (kernels_ != nullptr) {
        for (const DeviceKernel& kernel : kernels_->kernels) {
            lines << to_qstring(kernel_text(*kernels_, kernel));
        }
    }
    figures_->setText(lines.join(QLatin1Char('\n')));
    figures_->setVisible(!lines.isEmpty());
    setAccessibleDescription(has_picture() ? figures_->text() : empty_text());
}

QString RooflineView::empty_text() const {
    if (has_picture()) {
        return {};
    }
    const QString how = tr("Kernels of a run whose backend is opencl stand here, under what their device does at most");
    return kernels_ == nullptr ? how : QStringLiteral("%1. %2").arg(to_qstring(kernels_->missing()), how);
}

RooflinePicture RooflineView::picture(double width, double height) const {
    RooflinePicture drawn = roofline_picture(*kernels_, title_.toStdString());
    drawn.theme = appearance_.theme();
    drawn.width = width;
    drawn.height = height;
    return drawn;
}

std::function<DisplayList()> RooflineView::picture_maker(double width) const {
    return [drawn = picture(width, std::max(320.0, width * 0.6))] { return draw_roofline(drawn); };
}

std::string RooflineView::csv() const {
    return kernels_ == nullptr ? std::string() : kernels_csv(*kernels_);
}

void RooflineView::copy() const {
    QGuiApplication::clipboard()->setPixmap(canvas_->grab());
}

void RooflineView::keyPressEvent(QKeyEvent* event) {
    if (event->matches(QKeySequence::Copy)) {
        copy();
        return;
    }
    QWidget::keyPressEvent(event);
}

void RooflineView::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    canvas_->update();
}

void RooflineView::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    canvas_->update();
}

}  // namespace longscope
