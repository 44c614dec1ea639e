// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/layer_row.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/desktop/panels/calm_fields.h"
#include "engine/base/error.h"
#include "engine/mask/expression.h"
#include "engine/mask/leaf.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

constexpr int most = 1 << 30;

QToolButton* button(const QString& sign, const QString& help, QWidget* parent) {
    auto* made = new QToolButton(parent);
    made->setText(sign);
    made->setToolTip(help);
    made->setAccessibleName(help);
    made->setAutoRaise(true);
    made->setFocusPolicy(Qt::StrongFocus);  // a click ends what is typed elsewhere
    return made;
}

// What the leaf means; nothing for an operator or a leaf that is not known.
QString meaning_of(const std::string& name) {
    for (const LeafEntry& leaf : mask_leaves()) {
        if (leaf.name == name) {
            return to_qstring(leaf.meaning);
        }
    }
    return {};
}

// A name and an object of parameters, as leaves have them.
bool is_leaf(const Json& expression) {
    return expression.is_object() && expression.size() == 1 && expression.begin()->is_object() &&
           !meaning_of(expression.begin().key()).isEmpty();
}

QString text_of(const Json& expression) {
    try {
        return to_qstring(to_text(parse_mask(expression, "mask")));
    } catch (const Error&) {
        return to_qstring(shown(expression));
    }
}

// Documents may say anything; what is shown lies in the range of the field.
int shown_number(const Json& value) {
    return value.is_number() ? static_cast<int>(std::clamp(value.get<double>(), 0.0, double{most})) : 0;
}

}  // namespace

LayerRow::LayerRow(const MaskLayer& layer, int index, int count, QWidget* parent)
    : QFrame(parent), layer_(layer), index_(index) {
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
        name->setToolTip(meaning_of(expression.begin().key()));
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
        auto* second = new QHBoxLayout;
        rows->addLayout(second);
        second->setContentsMargins(22, 0, 0, 0);
        add_parameters(second);
    }
}

void LayerRow::add_parameters(QBoxLayout* row) {
    const Json expression = Json::parse(layer_.expression, nullptr, false);
    const std::string leaf = expression.begin().key();
    const Json& parameters = *expression.begin();
    for (auto at = parameters.begin(); at != parameters.end(); ++at) {
        const std::string& key = at.key();
        auto* label = new QLabel(to_qstring(key), this);
        row->addWidget(label);
        auto* box = new CalmSpinBox<QSpinBox>(this);
        label->setBuddy(box);
        box->setObjectName(to_qstring(key));
        box->setAccessibleName(tr("%1 of layer %2").arg(to_qstring(key)).arg(index_ + 1));
        box->setToolTip(meaning_of(leaf));
        box->setRange(0, most);
        box->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
        box->setGroupSeparatorShown(true);
        box->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
        box->setKeyboardTracking(false);
        box->setValue(shown_number(*at));
        connect(box, qOverload<int>(&QSpinBox::valueChanged), this, [this, leaf, key, box](int value) {
            Json next = Json::parse(layer_.expression, nullptr, false);
            next[leaf][key] = value;
            MaskLayer layer = layer_;
            layer.expression = next.dump();
            change(layer, tr("Change %1 of %2").arg(to_qstring(key), to_qstring(leaf)),
                   box->stepping() ? QStringLiteral("layer.%1.%2").arg(index_).arg(to_qstring(key)) : QString());
        });
        row->addWidget(box, 1);
    }
}

void LayerRow::change(const MaskLayer& layer, const QString& what, const QString& merge_key) {
    layer_ = layer;
    Q_EMIT edited(layer, what, merge_key);
}

}  // namespace longscope
