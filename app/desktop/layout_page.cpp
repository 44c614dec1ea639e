// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/layout_page.h"

#include <QClipboard>
#include <QComboBox>
#include <QDataStream>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "widgets/base/colours.h"
#include "widgets/base/elided_label.h"
#include "widgets/base/error_text.h"
#include "widgets/base/text_colour.h"

namespace longscope {

LayoutPage::LayoutPage(ExperimentDocument& document, Evaluator& evaluator, const Appearance& appearance,
                       QWidget* parent)
    : QWidget(parent),
      document_(document),
      evaluator_(evaluator),
      appearance_(appearance),
      parts_(new QTabBar(this)),
      caption_(new ElidedLabel(this)),
      direction_(new QComboBox(this)),
      stack_(new QStackedWidget(this)),
      steps_(new SheetCanvas(appearance)),
      communication_(new SheetCanvas(appearance)),
      memory_(new MemoryView(appearance)),
      choices_(new LayoutChoiceTable(appearance)),
      facts_(new QLabel(this)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    make_head();
    steps_->setObjectName(QStringLiteral("layout_steps"));
    steps_->setAccessibleName(tr("What each rank does in each step"));
    communication_->setObjectName(QStringLiteral("layout_communication"));
    communication_->setAccessibleName(tr("How much each rank sends to each other one"));
    memory_->setObjectName(QStringLiteral("layout_memory"));
    memory_->setAccessibleName(tr("What each rank holds over the steps"));
    for (QWidget* part : {static_cast<QWidget*>(steps_), static_cast<QWidget*>(communication_),
                          static_cast<QWidget*>(memory_), static_cast<QWidget*>(choices_)}) {
        stack_->addWidget(part);
    }
    column->addWidget(stack_, 1);
    // Its room is kept, so that the cells do not move when one is chosen.
    facts_->setObjectName(QStringLiteral("layout_facts"));
    facts_->setAccessibleName(tr("About what is chosen"));
    facts_->setTextFormat(Qt::PlainText);
    facts_->setWordWrap(true);
    facts_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    facts_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    facts_->setContentsMargins(10, 2, 10, 2);
    facts_->setFixedHeight(3 * facts_->fontMetrics().lineSpacing() + 6);
    facts_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    column->addWidget(facts_);

    connect(&evaluator_, &Evaluator::started, this, [this] {
        if (isVisible() && shown_.layout != nullptr) {
            caption_->setText(tr("Updating..."));
        }
    });
    connect(&evaluator_, &Evaluator::finished, this, [this] {
        stale_ = true;
        refresh();
    });
    connect(steps_, &SheetCanvas::chosen_changed, this, &LayoutPage::show_facts);
    connect(communication_, &SheetCanvas::chosen_changed, this, &LayoutPage::show_facts);
    connect(memory_, &MemoryView::chosen_changed, this, &LayoutPage::show_facts);
    connect(choices_, &LayoutChoiceTable::chosen, this, &LayoutPage::apply);
    connect(&appearance_, &Appearance::changed, this, &LayoutPage::recolour);
    recolour();
    show_nothing(tr("Working out what the ranks do..."));
    show_part(Part::steps);
}

void LayoutPage::make_head() {
    const std::array<std::pair<QString, QString>, parts> names{
        {{tr("Steps"), tr("What each rank computes in each step, and what it sends")},
         {tr("Communication"), tr("How much each rank sends to each other one")},
         {tr("Memory"), tr("What each rank holds over the steps")},
         {tr("Choices"), tr("Every layout that this experiment could have, and what it would cost")}}};
    for (const auto& [name, help] : names) {
        parts_->setTabToolTip(parts_->addTab(name), help);
    }
    parts_->setObjectName(QStringLiteral("layout_parts"));
    parts_->setAccessibleName(tr("Parts of the layout"));
    parts_->setExpanding(false);
    parts_->setDrawBase(false);
    parts_->setUsesScrollButtons(true);
    connect(parts_, &QTabBar::currentChanged, this, [this](int part) { show_part(static_cast<Part>(part)); });
    auto* line = new QHBoxLayout;
    line->setContentsMargins(10, 2, 10, 2);
    line->setSpacing(8);
    caption_->setAccessibleName(tr("The layout that is shown"));
    caption_->setObjectName(QStringLiteral("layout_caption"));
    direction_->addItems({tr("both passes"), tr("forward pass"), tr("backward pass")});
    direction_->setObjectName(QStringLiteral("layout_direction"));
    direction_->setAccessibleName(tr("Messages of which pass"));
    direction_->setToolTip(tr("Messages of which pass are counted"));
    connect(direction_, qOverload<int>(&QComboBox::currentIndexChanged), this, &LayoutPage::show_communication);
    line->addWidget(caption_, 1);
    line->addWidget(direction_);
    auto* column = qobject_cast<QVBoxLayout*>(layout());
    column->addWidget(parts_);
    column->addLayout(line);
}

LayoutPage::Part LayoutPage::part() const {
    return static_cast<Part>(stack_->currentIndex());
}

void LayoutPage::show_part(Part part) {
    const int index = static_cast<int>(part);
    parts_->setCurrentIndex(index);
    stack_->setCurrentIndex(index);
    direction_->setVisible(part == Part::communication && shown_.layout != nullptr && shown_.layout->has_backward());
    facts_->setVisible(part != Part::choices);  // the table has a line of its own
    show_facts();
    refresh();
}

QString LayoutPage::caption() const {
    return caption_->text();
}

void LayoutPage::recolour() {
    set_text_colour(*caption_, appearance_.theme().muted);
}

void LayoutPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void LayoutPage::refresh() {
    const auto known = evaluator_.current();
    if (!isVisible() || (known == nullptr && evaluator_.refusal().isEmpty())) {
        return;
    }
    if (known != nullptr) {
        layout_ = known->experiment().layout;
        choices_->model().set_current(layout_.strategy, layout_.options, layout_.dispatch);
    }
    refresh_choices();
    if (!stale_) {
        return;
    }
    stale_ = false;
    if (known == nullptr) {
        preview_job_.cancel();
        show_nothing(tr("There is no layout to show: %1").arg(evaluator_.refusal()));
        return;
    }
    if (!known->cost.infeasible.empty()) {
        preview_job_.cancel();
        show_nothing(tr("This layout is not feasible: %1. The choices tell which ones are.")
                         .arg(to_qstring(known->cost.infeasible)));
        return;
    }
    preview_job_.start(
        [mask = known->mask](const std::atomic<bool>& cancelled) {
            const CompiledDraw& draw = mask->draw;
            ShownLayout layout{draw.experiment, preview_layout(draw, cancelled), {}};
            layout.caption = layout_caption(draw.experiment, layout.preview);
            Shown shown;
            shown.layout = std::make_shared<const ShownLayout>(std::move(layout));
            shown.steps = steps_content(shown.layout);
            shown.communication = {communication_content(shown.layout, std::nullopt),
                                   communication_content(shown.layout, Direction::forward),
                                   communication_content(shown.layout, Direction::backward)};
            return shown;
        },
        [this](Shown shown) { show(std::move(shown)); },
        [this](const std::exception_ptr& error) { show_nothing(error_text(error)); });
}

void LayoutPage::refresh_choices() {
    const auto known = evaluator_.current();
    if (part() != Part::choices) {
        return;
    }
    if (known == nullptr) {
        choices_of_.reset();
        choice_job_.cancel();
        choices_->show_options(nullptr, tr("There are no layouts to choose from: %1").arg(evaluator_.refusal()));
        return;
    }
    const CompiledDraw& draw = known->mask->draw;
    const ChoiceSource source{draw.masks, draw.experiment.shape, draw.experiment.layout.ranks, draw.experiment.pass};
    if (choices_of_ == source) {
        return;
    }
    choices_of_ = source;
    choices_->show_options(nullptr, tr("Working out every layout over %1 ranks...").arg(source.ranks));
    choice_job_.start(
        [mask = known->mask, source](const std::atomic<bool>& cancelled) {
            LayoutOptions all = layout_options(mask->draw, source.ranks, source.pass, cancelled);
            all.layouts = best_first(std::move(all.layouts));
            return std::make_shared<const LayoutOptions>(std::move(all));
        },
        [this](std::shared_ptr<const LayoutOptions> all) {
            choices_->show_options(std::move(all), {});
            choices_->model().set_current(layout_.strategy, layout_.options, layout_.dispatch);
        },
        [this](const std::exception_ptr& error) {
            choices_of_.reset();
            choices_->show_options(nullptr, error_text(error));
        });
}

void LayoutPage::show_nothing(const QString& why) {
    shown_ = {};
    caption_->clear();
    for (SheetCanvas* canvas : {steps_, communication_}) {
        canvas->set_empty_text(why);
        canvas->show_content(nullptr);
    }
    memory_->set_empty_text(why);
    memory_->show_layout(nullptr);
    direction_->hide();
    show_facts();
}

void LayoutPage::show(Shown shown) {
    shown_ = std::move(shown);
    caption_->setText(to_qstring(shown_.layout->caption));
    steps_->show_content(shown_.steps);
    memory_->show_layout(shown_.layout);
    direction_->setVisible(part() == Part::communication && shown_.layout->has_backward());
    show_communication();
    show_facts();
}

void LayoutPage::show_communication() {
    if (shown_.layout != nullptr) {
        const int direction = shown_.layout->has_backward() ? direction_->currentIndex() : 0;
        communication_->show_content(shown_.communication.at(static_cast<std::size_t>(direction)));
    }
}

void LayoutPage::show_facts() {
    const Part now = part();
    const QStringList lines = now == Part::steps           ? steps_->facts()
                              : now == Part::communication ? communication_->facts()
                              : now == Part::memory        ? memory_->facts()
                                                           : QStringList();
    if (!lines.isEmpty()) {
        facts_->setText(now == Part::memory
                            ? lines.first() + QStringLiteral(": ") + lines.mid(1).join(QStringLiteral(", "))
                            : lines.join(QStringLiteral(". ")));
    } else {
        facts_->setText(shown_.layout == nullptr ? QString()
                        : now == Part::steps
                            ? tr("Click a cell, or use the arrow keys: what the rank does, sends and receives there.")
                            : tr("Click a cell, or use the arrow keys: what one rank sends to the other."));
    }
}

void LayoutPage::apply(const LayoutOption& layout) {
    LayoutField next = layout_;
    next.strategy = layout.strategy;
    next.options = layout.options;
    next.dispatch = layout.dispatch;
    const Json before = to_json(layout_);
    const Json after = to_json(next);
    document_.edit(tr("Layout %1, %2").arg(to_qstring(layout.strategy), to_qstring(layout.dispatch)), {},
                   [&](Json& document) {
                       Json& field = document["layout"];
                       if (!field.is_object()) {
                           field = Json::object();
                       }
                       for (const auto& [name, value] : before.items()) {
                           if (!after.contains(name)) {
                               field.erase(name);
                           }
                       }
                       field.update(after);
                   });
}

std::function<DisplayList()> LayoutPage::picture_maker(double width) const {
    if (part() == Part::choices) {
        throw bad_input("export", "the choices", "are a table", "a name that ends in .csv");
    }
    if (shown_.layout == nullptr) {
        throw failed("there is no layout to save");
    }
    return part() == Part::steps           ? steps_->picture_maker(width)
           : part() == Part::communication ? communication_->picture_maker(width)
                                           : memory_->picture_maker(width);
}

std::function<std::string()> LayoutPage::csv_maker() const {
    if (part() == Part::choices) {
        if (choices_->model().rowCount() == 0) {
            throw failed("there are no layouts to save");
        }
        return [text = choices_->table(',')] { return text; };
    }
    if (shown_.layout == nullptr) {
        throw failed("there is no layout to save");
    }
    if (part() == Part::memory) {
        return memory_->table_maker(',');
    }
    const SheetCanvas& canvas = part() == Part::steps ? *steps_ : *communication_;
    return [content = canvas.content()] { return content->table(','); };
}

void LayoutPage::copy() const {
    if (part() == Part::choices) {
        choices_->copy_table();
    } else {
        QGuiApplication::clipboard()->setPixmap(stack_->currentWidget()->grab());
    }
}

QByteArray LayoutPage::page_state() const {
    QByteArray state;
    QDataStream stream(&state, QIODevice::WriteOnly);
    stream << stack_->currentIndex() << direction_->currentIndex() << choices_->layout_state();
    return state;
}

void LayoutPage::restore_page_state(const QByteArray& state) {
    int part = 0;
    int direction = 0;
    QByteArray columns;
    QDataStream stream(state);
    stream >> part >> direction >> columns;
    if (stream.status() == QDataStream::Ok && part >= 0 && part < parts && direction >= 0 && direction < directions) {
        direction_->setCurrentIndex(direction);
        choices_->restore_layout_state(columns);
        show_part(static_cast<Part>(part));
    }
}

}  // namespace longscope
