// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/experiment_panel.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QLabel>
#include <QScrollArea>
#include <QScrollBar>
#include <QStandardItemModel>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/desktop/panels/field_form.h"
#include "engine/kernel/kernel.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "engine/tensor/dtype.h"
#include "widgets/base/colours.h"
#include "widgets/base/text_colour.h"

namespace longscope {

namespace {

template <typename Entry>
std::vector<FieldChoice> choices_of(const std::vector<Entry>& registry) {
    std::vector<FieldChoice> choices;
    for (const Entry& entry : registry) {
        choices.push_back({entry.name, entry.meaning});
    }
    return choices;
}

constexpr std::int64_t most_heads = 4096;

// A choice that cannot be is greyed out and says why.
void mark_choice(QComboBox& box, int row, std::string_view meaning, const std::string& reason) {
    QStandardItem* item = qobject_cast<QStandardItemModel*>(box.model())->item(row);
    const QString name = item->data(Qt::UserRole).toString();
    const QString why = to_qstring(reason);
    item->setEnabled(why.isEmpty());
    item->setText(why.isEmpty() ? name : ExperimentPanel::tr("%1: %2").arg(name, why));
    item->setToolTip(why.isEmpty() ? to_qstring(meaning) : why);
    item->setAccessibleDescription(item->toolTip());
    box.view()->setMinimumWidth(box.view()->sizeHintForColumn(0));
}

}  // namespace

// As wide as its widest field: there is no horizontal scroll bar.
class ExperimentPanel::Fields : public QScrollArea {
  public:
    explicit Fields(QWidget* parent) : QScrollArea(parent) {
        setWidgetResizable(true);
        setFrameShape(QFrame::NoFrame);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    }

    [[nodiscard]] QSize minimumSizeHint() const override {
        const int width = widget() == nullptr ? 0 : widget()->minimumSizeHint().width();
        return {width + verticalScrollBar()->sizeHint().width(), QScrollArea::minimumSizeHint().height()};
    }
    [[nodiscard]] QSize sizeHint() const override {
        return {minimumSizeHint().width(), QScrollArea::sizeHint().height()};
    }

  protected:
    // A row that came or went may need more room.
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (watched == widget() && event->type() == QEvent::LayoutRequest) {
            updateGeometry();
        }
        return QScrollArea::eventFilter(watched, event);
    }
};

ExperimentPanel::ExperimentPanel(ExperimentDocument& document, Evaluator& evaluator, const Appearance& appearance,
                                 QWidget* parent)
    : QWidget(parent),
      document_(document),
      evaluator_(evaluator),
      appearance_(appearance),
      refusal_(new QLabel(this)),
      fields_(new Fields(this)),
      lengths_(new LengthsEditor(document)),
      mask_(new MaskStackEditor(document, appearance)) {
    setAccessibleName(tr("Experiment"));
    fields_->setAccessibleName(tr("Fields of the experiment"));
    auto* rows = new QVBoxLayout(this);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(0);
    rows->addWidget(refusal_);
    rows->addWidget(fields_, 1);
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(10, 6, 10, 10);
    column->setSpacing(6);

    refusal_->setWordWrap(true);
    refusal_->setTextFormat(Qt::PlainText);
    refusal_->setObjectName(QStringLiteral("refusal"));
    refusal_->setAccessibleName(tr("Why this experiment is refused"));
    refusal_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    refusal_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // the longest word asks for no room
    refusal_->setContentsMargins(10, 6, 10, 6);

    auto* about = new FieldForm(document);
    about->add_text(tr("Name"), "/name", tr("A short name, one line"));
    add_group(column, tr("Experiment"), about);

    auto* sequence = new FieldForm(document);
    sequence->add_integer(tr("Tokens"), "/sequence/tokens", 1, std::int64_t{1} << 30, 1,
                          tr("Length of the packed sequence"));
    sequence->add_widget(tr("Documents"), lengths_);
    sequence->add_integer(tr("Draws"), "/sequence/draws", 1, 1000, 1,
                          tr("Independent draws of the lengths; each is run and stored"));
    sequence->add_integer(tr("Seed"), "/sequence/seed", 0, std::int64_t{1} << 53, 1, tr("Seed of all random numbers"));
    sequence
        ->add_integer(tr("Queries"), "/sequence/query_tokens", 0, std::int64_t{1} << 30, 0,
                      tr("So many tokens, the last ones, have queries, as in decoding"))
        ->setSpecialValueText(tr("all"));
    add_group(column, tr("Sequence"), sequence);

    auto* shape = new FieldForm(document);
    shape->add_integer(tr("Query heads"), "/shape/query_heads", 1, most_heads, 1,
                       tr("A multiple of the key/value heads"));
    shape->add_integer(tr("Key/value heads"), "/shape/key_value_heads", 1, most_heads, 1,
                       tr("Fewer than query heads: grouped-query attention"));
    shape->add_integer(tr("Dimension of QK"), "/shape/head_dim_qk", 1, 1024, 64,
                       tr("Elements of a query or key of one head"));
    shape->add_integer(tr("Dimension of V"), "/shape/head_dim_v", 1, 1024, 64, tr("Elements of a value of one head"));
    std::vector<FieldChoice> types;
    for (const std::string_view word : dtype_words) {
        types.push_back({word, ""});
    }
    shape->add_choice(tr("Element type"), "/shape/dtype", types, tr("Of queries, keys, values and outputs"));
    add_group(column, tr("Attention"), shape);

    add_group(column, tr("Mask"), mask_);

    auto* layout = new FieldForm(document);
    layout->add_integer(tr("Ranks"), "/layout/ranks", 1, 65536, 1, tr("Processes that share the sequence"));
    strategy_ = layout->add_choice(tr("Strategy"), "/layout/strategy", choices_of(strategies()),
                                   tr("Context-parallel method; those that cannot serve this shape say why"));
    layout->add_choice(tr("Dispatch"), "/layout/dispatch", choices_of(dispatches()),
                       tr("Which tokens each rank holds"));
    layout
        ->add_integer(tr("Ulysses degree"), "/layout/ulysses", 0, 65536, 0,
                      tr("Ranks that exchange heads with each other, of strategy usp"))
        ->setSpecialValueText(tr("automatic"));
    layout
        ->add_integer(tr("Tolerance"), "/layout/tolerance_percent", 0, 1000, 0,
                      tr("Percent by which the work of a rank may stay above the mean, of strategy dist_ca"))
        ->setSpecialValueText(tr("automatic"));
    layout
        ->add_integer(tr("Ranks of a window"), "/layout/window", 0, 65536, 0,
                      tr("Ranks of an inner ring, of strategy double_ring"))
        ->setSpecialValueText(tr("automatic"));
    std::vector<FieldChoice> placements;
    for (const std::string_view word : placement_words) {
        placements.push_back({word, ""});
    }
    layout->add_choice(
        tr("Placement"), "/layout/placement", placements,
        tr("Which ranks are neighbours, of strategies usp and double_ring: those that exchange heads, or "
           "those of a ring"));
    std::vector<FieldChoice> wire_types;
    for (const std::string_view word : dtype_words) {
        wire_types.push_back({word, ""});
    }
    layout->add_choice(tr("Type on the wire"), "/layout/wire_dtype", wire_types,
                       tr("In which partial results and gradients travel between ranks"));
    layout
        ->add_integer(tr("Heads at once"), "/layout/head_stride", 0, 65536, 0,
                      tr("Key/value heads that are gathered at once, of strategy llama3_all_gather"))
        ->setSpecialValueText(tr("automatic"));
    layout
        ->add_integer(tr("Stages"), "/layout/stages", 0, 64, 0,
                      tr("Stages in which keys and values come from other ranks, of strategy group_cast"))
        ->setSpecialValueText(tr("automatic"));
    add_group(column, tr("Layout"), layout);

    auto* run = new FieldForm(document);
    std::vector<FieldChoice> passes;
    for (const std::string_view word : pass_words) {
        passes.push_back({word, ""});
    }
    run->add_choice(tr("Pass"), "/pass", passes, tr("The output alone, or the gradients of its inputs as well"));
    backend_ = run->add_choice(tr("Backend"), "/backend/name", choices_of(kernels()),
                               tr("What computes; those that do not serve this shape say why"));
    device_ =
        new DeviceField(document,
                        *run->add_choice(tr("Device"), "/backend/device", {},
                                         tr("Of backend opencl: what computes; automatic: a GPU before a processor")),
                        this);
    run->add_integer(tr("Threads per rank"), "/backend/threads", 0, 4096, 0, tr("0: the rank's share of its machine"))
        ->setSpecialValueText(tr("automatic"));
    run->add_integer(tr("Warm-up"), "/repetitions/warm_up", 0, 1000, 1, tr("First repetitions, not counted"));
    run->add_integer(tr("Repetitions"), "/repetitions/measured", 1, 10000, 5, tr("Repetitions that count"));
    run->add_integer(tr("Checked rows"), "/check/rows", 0, 1'000'000, 64,
                     tr("Rows of each head that are compared with the reference; 0: none"))
        ->setSpecialValueText(tr("none"));
    add_group(column, tr("Run"), run);
    column->addStretch(1);
    fields_->setWidget(content);
    content->installEventFilter(fields_);

    connect(&appearance_, &Appearance::changed, this, &ExperimentPanel::show_refusal);
    connect(&document_, &ExperimentDocument::changed, this, &ExperimentPanel::mark_infeasible);
    connect(&evaluator_, &Evaluator::finished, this, &ExperimentPanel::show_refusal);
    connect(&evaluator_, &Evaluator::finished, this, &ExperimentPanel::mark_infeasible);
    connect(device_, &DeviceField::devices_known, this, &ExperimentPanel::mark_infeasible);
    connect(device_, &DeviceField::devices_known, this, &ExperimentPanel::show_refusal);
    mark_infeasible();
    show_refusal();
}

void ExperimentPanel::add_group(QVBoxLayout* column, const QString& title, QWidget* content) {
    auto* heading = new QLabel(title);
    QFont bold = font();
    bold.setBold(true);
    heading->setFont(bold);
    heading->setContentsMargins(0, column->isEmpty() ? 0 : 8, 0, 0);
    column->addWidget(heading);
    column->addWidget(content);
}

void ExperimentPanel::mark_infeasible() {
    const auto number = [&](const char* place) {
        const Json::json_pointer pointer(place);
        const Json value = document_.json().contains(pointer) ? document_.json()[pointer] : Json();
        return value.is_number_integer() ? std::max<std::int64_t>(1, value.get<std::int64_t>()) : 1;
    };
    AttentionShape shape;
    shape.query_heads = number("/shape/query_heads");
    shape.key_value_heads = number("/shape/key_value_heads");
    shape.head_dim_qk = number("/shape/head_dim_qk");
    shape.head_dim_v = number("/shape/head_dim_v");
    for (std::size_t i = 0; i < dtype_words.size(); ++i) {
        const Json::json_pointer type("/shape/dtype");
        if (document_.json().contains(type) && document_.json()[type] == dtype_words[i]) {
            shape.dtype = static_cast<DType>(i);
        }
    }
    const std::int64_t ranks = number("/layout/ranks");
    const Json::json_pointer pass_place("/pass");
    const bool backward =
        document_.json().contains(pass_place) && document_.json()[pass_place] == to_string(Pass::forward_backward);
    const Pass pass = backward ? Pass::forward_backward : Pass::forward;
    StrategyOptions options;  // the placement changes nothing about what is feasible
    const Json::json_pointer wire_place("/layout/wire_dtype");
    if (document_.json().contains(wire_place)) {
        const auto word = std::find(dtype_words.begin(), dtype_words.end(), document_.json()[wire_place]);
        options.wire_dtype =
            word == dtype_words.end() ? DType::float32 : static_cast<DType>(word - dtype_words.begin());
    }
    for (const NumberOption& option : number_options) {
        const Json::json_pointer place("/layout/" + std::string(option.name));
        const Json value = document_.json().contains(place) ? document_.json()[place] : Json(0);
        options.*option.value = value.is_number_integer() ? std::max<std::int64_t>(0, value.get<std::int64_t>()) : 0;
    }
    // What the masks and the dispatch stand in the way of is known once the document has been worked out.
    const Evaluation* known = evaluator_.current().get();
    int row = 0;
    for (const StrategyEntry& strategy : strategies()) {
        std::string reason = strategy.infeasible(shape, ranks, pass, options);
        if (reason.empty() && known != nullptr) {
            reason = known->cost.refusals[static_cast<std::size_t>(row)];
        }
        mark_choice(*strategy_, row++, strategy.meaning, reason);
    }
    row = 0;
    for (const KernelEntry& kernel : kernels()) {
        mark_choice(*backend_, row++, kernel.meaning,
                    kernel.name == "opencl" ? device_->why_unused() : kernel.unsupported(shape));
    }
}

void ExperimentPanel::show_refusal() {
    const Evaluation* known = evaluator_.current().get();
    QString text = evaluator_.refusal();
    if (known != nullptr && !known->cost.infeasible.empty()) {
        text = tr("Infeasible: %1").arg(to_qstring(known->cost.infeasible));
    } else if (known != nullptr && !known->cost.unsupported.empty()) {
        text = tr("Unsupported: %1").arg(to_qstring(known->cost.unsupported));
    } else if (text.isEmpty() && backend_->currentText() == QLatin1String("opencl")) {
        text = device_->why_unused().empty() ? QString() : tr("Unsupported: %1").arg(to_qstring(device_->why_unused()));
    }
    // The fields stay under the pointer, as far as they can be scrolled.
    const int before = fields_->y();
    refusal_->setText(text);
    refusal_->setVisible(!text.isEmpty());
    layout()->activate();
    QScrollBar* bar = fields_->verticalScrollBar();
    bar->setValue(bar->value() + fields_->y() - before);
    set_text_colour(*refusal_, appearance_.theme().error);
}

}  // namespace longscope
