// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/charts/chart_page.h"

#include <QAbstractAxis>
#include <QAction>
#include <QClipboard>
#include <QGraphicsLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLegend>
#include <QLegendMarker>
#include <QMouseEvent>
#include <QToolTip>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/text_colour.h"

namespace longscope {

ChartPage::ChartPage(const Appearance& appearance, const QString& name, QWidget* parent)
    : QWidget(parent),
      appearance_(appearance),
      chart_(new QtCharts::QChart),
      view_(new QtCharts::QChartView(chart_, this)),
      choices_(new QWidget(this)),
      empty_(new QLabel(view_->viewport())),
      details_(new QLabel(this)) {
    setAccessibleName(name);
    view_->setAccessibleName(name);
    view_->setRenderHint(QPainter::Antialiasing);
    view_->setFocusPolicy(Qt::StrongFocus);
    view_->setFrameShape(QFrame::NoFrame);
    view_->setMinimumSize(200, 140);
    view_->setMouseTracking(true);
    view_->viewport()->setMouseTracking(true);
    view_->viewport()->installEventFilter(this);
    view_->installEventFilter(this);
    chart_->setBackgroundRoundness(0);
    chart_->setMargins(QMargins(4, 4, 12, 4));
    chart_->layout()->setContentsMargins(0, 0, 0, 0);
    chart_->setAnimationOptions(QtCharts::QChart::NoAnimation);
    chart_->legend()->setAlignment(Qt::AlignTop);
    chart_->legend()->setMarkerShape(QtCharts::QLegend::MarkerShapeRectangle);
    chart_->legend()->setFont(font());
    empty_->setTextFormat(Qt::PlainText);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setAttribute(Qt::WA_TransparentForMouseEvents);
    empty_->setAutoFillBackground(true);
    empty_->setBackgroundRole(QPalette::Base);
    details_->setTextFormat(Qt::PlainText);
    details_->setAccessibleName(tr("What is pointed at"));
    auto* row = new QHBoxLayout(choices_);
    row->setContentsMargins(0, 0, 0, 0);
    row->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->setSpacing(4);
    layout->addWidget(choices_);
    layout->addWidget(view_, 1);
    layout->addWidget(details_);
    setFocusProxy(view_);
    auto* copy_picture = new QAction(tr("Copy picture"), view_);
    connect(copy_picture, &QAction::triggered, this, &ChartPage::copy);
    auto* save_as = new QAction(tr("Save picture or data…"), view_);
    connect(save_as, &QAction::triggered, this, &ChartPage::save_requested);
    view_->addActions({copy_picture, save_as});
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(&appearance_, &Appearance::changed, this, [this] { recolour(); });
}

QComboBox* ChartPage::add_choice(const QString& name, const QStringList& entries) {
    auto* box = new QComboBox(choices_);
    box->addItems(entries);
    box->setAccessibleName(name);
    auto* label = new QLabel(name, choices_);
    label->setBuddy(box);
    auto* row = static_cast<QHBoxLayout*>(choices_->layout());
    row->insertWidget(row->count() - 1, label);
    row->insertWidget(row->count() - 1, box);
    return box;
}

void ChartPage::set_title(const QString& title) {
    title_ = title;
    wrap_title();
}

// The chart would cut a long title.
void ChartPage::wrap_title() {
    const QFontMetrics metrics(chart_->titleFont());
    const int room = view_->viewport()->width() - 40;
    QStringList lines;
    for (const QString& word : title_.split(QLatin1Char(' '))) {
        const QString longer = lines.isEmpty() ? word : lines.last() + QLatin1Char(' ') + word;
        if (lines.isEmpty() || metrics.horizontalAdvance(longer) > room) {
            lines << word;
        } else {
            lines.last() = longer;
        }
    }
    for (QString& line : lines) {
        line = line.toHtmlEscaped();
    }
    chart_->setTitle(lines.join(QStringLiteral("<br/>")));
}

void ChartPage::set_empty(const QString& text) {
    empty_text_ = text;
    empty_->setText(text);
    empty_->setVisible(!text.isEmpty());
    point_at(-1);
}

void ChartPage::point_at(int index) {
    pointed_ = index >= 0 && index < entries() ? index : -1;
    mark(pointed_);
    show_details();
}

void ChartPage::show_details() {
    const QString hint = entries() > 0 ? tr("Point at the chart, or press the arrow keys") : QString();
    details_->setText(pointed_ >= 0 ? text_of(pointed_) : hint);
    set_text_colour(*details_, pointed_ >= 0 ? appearance_.theme().foreground : appearance_.theme().muted);
    view_->setAccessibleDescription(details_->text());
}

void ChartPage::recolour() {
    const Theme& theme = appearance_.theme();
    const QColor background = to_qcolor(theme.background);
    const QColor foreground = to_qcolor(theme.foreground);
    const QColor muted = to_qcolor(theme.muted);
    const QColor grid = to_qcolor(theme.grid);
    view_->setBackgroundBrush(background);
    chart_->setBackgroundBrush(background);
    chart_->setBackgroundPen(Qt::NoPen);
    chart_->setTitleBrush(foreground);
    chart_->legend()->setLabelColor(foreground);
    set_text_colour(*empty_, theme.muted);
    show_details();
    for (QtCharts::QAbstractAxis* axis : chart_->axes()) {
        axis->setLabelsColor(muted);
        axis->setTitleBrush(muted);
        axis->setGridLineColor(grid);
        axis->setLinePenColor(grid);
        axis->setLabelsFont(font());
        axis->setTitleFont(font());
    }
}

void ChartPage::flatten_legend() {
    for (QtCharts::QLegendMarker* marker : chart_->legend()->markers()) {
        marker->setPen(Qt::NoPen);
    }
}

bool ChartPage::eventFilter(QObject* watched, QEvent* event) {
    if (watched == view_->viewport()) {
        if (event->type() == QEvent::Resize) {
            empty_->setGeometry(view_->viewport()->rect());
            wrap_title();
        } else if (event->type() == QEvent::MouseMove) {
            auto* mouse = static_cast<QMouseEvent*>(event);
            const int entry = entry_at(chart_->mapFromScene(view_->mapToScene(mouse->pos())));
            if (entry != pointed_) {
                point_at(entry);
                QToolTip::showText(mouse->globalPos(), entry >= 0 ? text_of(entry) : QString(), view_);
            }
        } else if (event->type() == QEvent::MouseButtonDblClick && pointed_ >= 0) {
            open(pointed_);
            return true;
        } else if (event->type() == QEvent::Leave) {
            point_at(-1);
        }
    }
    if (watched == view_ && event->type() == QEvent::KeyPress) {
        const int pressed = static_cast<QKeyEvent*>(event)->key();
        if (pressed == Qt::Key_Left || pressed == Qt::Key_Right || pressed == Qt::Key_Home || pressed == Qt::Key_End ||
            pressed == Qt::Key_Return || pressed == Qt::Key_Enter || pressed == Qt::Key_Escape) {
            key(pressed);
            return true;
        }
        if (static_cast<QKeyEvent*>(event)->matches(QKeySequence::Copy)) {
            copy();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void ChartPage::key(int key) {
    const int last = entries() - 1;
    if (last < 0) {
        return;
    }
    if (key == Qt::Key_Return || key == Qt::Key_Enter) {
        if (pointed_ >= 0) {
            open(pointed_);
        }
    } else if (key == Qt::Key_Escape) {
        point_at(-1);
    } else if (key == Qt::Key_Home) {
        point_at(0);
    } else if (key == Qt::Key_End) {
        point_at(last);
    } else if (pointed_ < 0) {
        point_at(key == Qt::Key_Left ? last : 0);
    } else {
        point_at(std::clamp(pointed_ + (key == Qt::Key_Left ? -1 : 1), 0, last));
    }
}

ChartDrawing ChartPage::drawing() const {
    ChartDrawing made{QPicture(), view_->size(), accessibleName(), title_};
    QPainter painter(&made.strokes);
    const QRectF target(QPointF(0, 0), QSizeF(made.size));
    painter.fillRect(target, to_qcolor(appearance_.theme().background));
    painter.setRenderHint(QPainter::Antialiasing);
    view_->scene()->render(&painter, target, view_->sceneRect());
    painter.end();
    return made;
}

void ChartPage::copy() const {
    QGuiApplication::clipboard()->setImage(chart_image(drawing()));
}

std::function<void()> ChartPage::saver(const QString& path) const {
    require_chart_ending(path);
    if (path.endsWith(QLatin1String(".csv"), Qt::CaseInsensitive)) {
        return [path, text = csv()] { write_chart_data(path, text); };
    }
    return [path, made = drawing()] { write_chart(path, made); };
}

}  // namespace longscope
