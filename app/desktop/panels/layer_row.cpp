// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/layer_row.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QRegularExpression>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/desktop/panels/calm_fields.h"
#include "app/desktop/panels/parameter_field.h"
#include "engine/base/error.h"
#include "engine/mask/expression.h"
#include "engine/mask/leaf.h"
#include "widgets/base/colours.h"
#include "widgets/base/text_colour.h"

namespace longscope {

namespace {

QToolButton* button(const QString& sign, const QString& help, QWidget* parent) {
    auto* made = new QToolButton(parent);
    made->setText(sign);
    made->setToolTip(help);
    made->setAccessibleName(help);
    made->setAutoRaise(true);
    made->setFocusPolicy(Qt::StrongFocus);  // a click ends what is typed elsewhere
    return made;
}

// Null for an operator or a leaf that is not known.
const LeafEntry* entry_of(const std::string& name) {
    for (const LeafEntry& leaf : mask_leaves()) {
        if (leaf.name == name) {
            return &leaf;
        }
    }
    return nullptr;
}

const LeafParameter* parameter_of(const LeafEntry& leaf, const std::string& name) {
    for (const LeafParameter& parameter : leaf.parameters) {
        if (parameter.name == name) {
            return &parameter;
        }
    }
    return nullptr;
}

// A name and an object of parameters, as leaves have them.
bool is_leaf(const Json& expression) {
    return expression.is_object() && expression.size() == 1 && expression.begin()->is_object() &&
           entry_of(expression.begin().key()) != nullptr;
}

QString text_of(const Json& expression) {
    try {
        return to_qstring(to_text(parse_mask(expression, "mask")));
    } catch (const Error&) {
        return to_qstring(shown(expression));
    }
}

// Why it is refused, whatever else is in the mask; nothing when it is not.
QString problem_of(const Json& expression) {
    try {
        (void)parse_mask(expression, "mask");
    } catch (const Error& error) {
        return to_qstring(error.what());
    }
    return {};
}

// "a list of integers, like [8,16,16]"
QString kind_of(const Json& example) {
    const auto all = [&](auto is_so) { return std::all_of(example.begin(), example.end(), is_so); };
    const QString kind =
        all([](const Json& value) { return value.is_number_integer(); }) ? LayerRow::tr("a list of integers")
        : all([](const Json& value) { return value.is_boolean(); })      ? LayerRow::tr("a list of true and false")
                                                                         : LayerRow::tr("a list");
    constexpr std::ptrdiff_t enough = 3;
    const auto shown_size = std::min<std::ptrdiff_t>(enough, static_cast<std::ptrdiff_t>(example.size()));
    return LayerRow::tr("%1, like %2")
        .arg(kind, to_qstring(shown(Json(Json::array_t(example.begin(), example.begin() + shown_size)))));
}

}  // namespace

LayerRow::LayerRow(const MaskLayer& layer, int index, int count, const Appearance& appearance, QWidget* parent)
    : QFrame(parent), layer_(layer), index_(index), appearance_(appearance) {
    setFrameShape(QFrame::StyledPanel);
    setObjectName(QStringLiteral("layer_%1").arg(index));
    auto* rows = new QVBoxLayout(this);
    rows->setContentsMargins(6, 3, 3, 3);
    rows->setSpacing(2);
    auto* first = new QHBoxLayout;
    rows->addLayout(first);
    first->setSpacing(4);

    auto* visible = new QCheckBox(this);
    visible->setObjectName(QStringLiteral("visible"));
    visible->setChecked(layer.visible);
    visible->setToolTip(tr("Part of the mask; hidden layers are left out"));
    visible->setAccessibleName(tr("Show layer %1").arg(index + 1));
    auto* name = new QLabel(this);
    connect(visible, &QCheckBox::toggled, this, [this, name](bool on) {
        name->setEnabled(on);
        MaskLayer next = layer_;
        next.visible = on;
        change(next, on ? tr("Show layer") : tr("Hide layer"));
    });
    first->addWidget(visible);

    if (index > 0) {
        auto* join = new CalmComboBox(this);
        join->setObjectName(QStringLiteral("join"));
        join->addItems({tr("and"), tr("or")});
        join->setCurrentIndex(layer.join == MaskLayer::Join::all_of ? 0 : 1);
        join->setToolTip(tr("How it is joined with all layers above"));
        join->setAccessibleName(tr("Join layer %1").arg(index + 1));
        connect(join, qOverload<int>(&QComboBox::activated), this, [this](int chosen) {
            MaskLayer next = layer_;
            next.join = chosen == 0 ? MaskLayer::Join::all_of : MaskLayer::Join::any_of;
            change(next, tr("Join layer"));
        });
        first->addWidget(join);
    }
    auto* complement = new QToolButton(this);
    complement->setObjectName(QStringLiteral("not"));
    complement->setFocusPolicy(Qt::StrongFocus);
    complement->setText(tr("not"));
    complement->setCheckable(true);
    complement->setChecked(layer.complement);
    complement->setToolTip(tr("Keep the pairs that it does not keep"));
    complement->setAccessibleName(tr("Complement of layer %1").arg(index + 1));
    connect(complement, &QToolButton::toggled, this, [this](bool on) {
        MaskLayer next = layer_;
        next.complement = on;
        change(next, tr("Complement layer"));
    });
    first->addWidget(complement);

    const Json expression = Json::parse(layer.expression, nullptr, false);
    name->setTextFormat(Qt::PlainText);
    if (is_leaf(expression)) {
        name->setText(to_qstring(expression.begin().key()));
        name->setToolTip(to_qstring(entry_of(expression.begin().key())->meaning));
    } else {
        name->setText(text_of(expression));
        name->setToolTip(tr("A mask of its own; it can be edited as JSON"));
        name->setWordWrap(true);
    }
    QFont bold = font();
    bold.setBold(true);
    name->setFont(bold);
    name->setEnabled(layer.visible);
    first->addWidget(name, 1);

    auto* up = button(QStringLiteral("\u25b2"), tr("Move layer %1 up").arg(index + 1), this);
    up->setEnabled(index > 0);
    up->setObjectName(QStringLiteral("up"));
    connect(up, &QToolButton::clicked, this, [this] { Q_EMIT moved(-1); });
    first->addWidget(up);
    auto* down = button(QStringLiteral("\u25bc"), tr("Move layer %1 down").arg(index + 1), this);
    down->setEnabled(index + 1 < count);
    down->setObjectName(QStringLiteral("down"));
    connect(down, &QToolButton::clicked, this, [this] { Q_EMIT moved(1); });
    first->addWidget(down);
    auto* remove = button(QStringLiteral("\u2715"), tr("Remove layer %1").arg(index + 1), this);
    remove->setObjectName(QStringLiteral("remove"));
    remove->setEnabled(count > 1);
    connect(remove, &QToolButton::clicked, this, &LayerRow::removed);
    first->addWidget(remove);

    if (is_leaf(expression) && !expression.begin()->empty()) {
        auto* second = new QGridLayout;
        rows->addLayout(second);
        second->setContentsMargins(22, 0, 0, 0);
        add_parameters(second);
    }
}

// Two numbers beside one another, so that the panel stays as wide as it is; lists below one another.
void LayerRow::add_parameters(QGridLayout* grid) {
    const Json expression = Json::parse(layer_.expression, nullptr, false);
    const LeafEntry& leaf = *entry_of(expression.begin().key());
    const Json& parameters = *expression.begin();
    const Json example = parse_json(leaf.example, leaf.name);
    const bool lists =
        std::any_of(parameters.begin(), parameters.end(), [](const Json& value) { return value.is_structured(); });
    const int columns = lists ? 1 : static_cast<int>(std::min<std::size_t>(parameters.size(), 2));
    error_ = new QLabel(this);
    error_->setObjectName(QStringLiteral("parameter_error"));
    error_->setAccessibleName(tr("Why a parameter of layer %1 is refused").arg(index_ + 1));
    error_->setTextFormat(Qt::PlainText);
    error_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    error_->setWordWrap(true);
    error_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // the longest word asks for no room
    error_->hide();
    int place = 0;
    for (auto at = parameters.begin(); at != parameters.end(); ++at, ++place) {
        const LeafParameter* parameter = parameter_of(leaf, at.key());
        ParameterField field;
        field.name = to_qstring(at.key());
        field.help = to_qstring(parameter == nullptr ? leaf.meaning : parameter->meaning);
        field.choices = parameter == nullptr ? QString() : to_qstring(parameter->choices);
        field.whole_number =
            example.contains(at.key()) ? example[at.key()].is_number_integer() : at->is_number_integer();
        field.list = example.contains(at.key()) && example[at.key()].is_structured();
        field.accessible_name = tr("%1 of layer %2").arg(field.name).arg(index_ + 1);
        field.change = [this, name = std::string(leaf.name), key = at.key()](const Json& value, bool stepping) {
            return change_parameter(name, key, value, stepping);
        };
        field.check = [this, name = std::string(leaf.name), key = at.key()](const Json& value) {
            return why_not(name, key, value);
        };
        field.explain = [this](const QString& why) { explain(why); };
        auto* label = new QLabel(field.name, this);
        label->setToolTip(field.help);
        QWidget* editor = make_parameter_field(field, *at, this);
        label->setBuddy(editor);
        grid->addWidget(label, place / columns, 2 * (place % columns));
        grid->addWidget(editor, place / columns, 2 * (place % columns) + 1);
        grid->setColumnStretch(2 * (place % columns) + 1, 1);
        fields_[field.name] = {label, editor};
    }
    grid->addWidget(error_, place, 0, 1, -1);
    connect(&appearance_, &Appearance::changed, this, [this] { explain(error_->text()); });
    constexpr std::size_t quickly_parsed = 64 * 1024;
    explain(layer_.expression.size() > quickly_parsed ? QString() : problem_of(expression));
}

void LayerRow::explain(const QString& why) {
    const Theme& theme = appearance_.theme();
    error_->setText(why);
    error_->setVisible(!why.isEmpty());
    set_text_colour(*error_, theme.error);
    for (const auto& [name, field] : fields_) {
        const QRegularExpression named(QStringLiteral("^(\\w+\\.)*%1\\b").arg(name));
        const Colour colour = named.match(why).hasMatch() ? theme.error : theme.foreground;
        set_text_colour(*field.first, colour);
        QPalette palette = field.second->palette();
        palette.setColor(QPalette::Text, to_qcolor(colour));
        field.second->setPalette(palette);
    }
}

QString LayerRow::why_not(const std::string& leaf, const std::string& key, const Json& value) const {
    const Json example = parse_json(entry_of(leaf)->example, leaf);
    if (value.is_string() && example.contains(key) && example[key].is_array()) {
        return tr("%1: %2 is not %3").arg(to_qstring(key), to_qstring(value.get<std::string>()), kind_of(example[key]));
    }
    Json next = Json::parse(layer_.expression, nullptr, false);
    next[leaf][key] = value;
    return problem_of(next);
}

QString LayerRow::change_parameter(const std::string& leaf, const std::string& key, const Json& value, bool stepping) {
    QString why = why_not(leaf, key, value);
    Json next = Json::parse(layer_.expression, nullptr, false);
    next[leaf][key] = value;
    MaskLayer layer = layer_;
    layer.expression = next.dump();
    change(layer, tr("Change %1 of %2").arg(to_qstring(key), to_qstring(leaf)),
           stepping ? QStringLiteral("layer.%1.%2").arg(index_).arg(to_qstring(key)) : QString());
    return why;
}

void LayerRow::change(const MaskLayer& layer, const QString& what, const QString& merge_key) {
    layer_ = layer;
    Q_EMIT edited(layer, what, merge_key);
}

}  // namespace longscope
