// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/mask_stack_editor.h"

#include <QApplication>
#include <QMenu>
#include <QScrollArea>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/desktop/panels/layer_row.h"
#include "engine/mask/leaf.h"
#include "widgets/base/colours.h"

namespace longscope {

MaskStackEditor::MaskStackEditor(ExperimentDocument& document, const Appearance& appearance, QWidget* parent)
    : QWidget(parent),
      document_(document),
      appearance_(appearance),
      rows_(new QVBoxLayout),
      add_(new QToolButton(this)) {
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(4);
    rows_->setSpacing(3);
    all->addLayout(rows_);
    add_->setObjectName(QStringLiteral("add_layer"));
    add_->setText(tr("Add layer"));
    add_->setToolTip(tr("Join another mask to those above: from the gallery, or by its name from the menu"));
    add_->setPopupMode(QToolButton::MenuButtonPopup);  // its arrow has room of its own
    connect(add_, &QToolButton::clicked, this, &MaskStackEditor::gallery_wanted);
    add_->setFocusPolicy(Qt::StrongFocus);  // a click ends what is typed elsewhere
    auto* menu = new QMenu(add_);
    menu->setToolTipsVisible(true);
    for (const LeafEntry& leaf : mask_leaves()) {
        QAction* action = menu->addAction(to_qstring(leaf.name));
        action->setToolTip(to_qstring(leaf.meaning));
        connect(action, &QAction::triggered, this, [this, name = std::string(leaf.name)] { add_layer(name); });
    }
    add_->setMenu(menu);
    all->addWidget(add_);
    connect(&document_, &ExperimentDocument::changed, this, &MaskStackEditor::refresh);
    rebuild();
}

void MaskStackEditor::add_layer(const std::string& leaf) {
    for (const LeafEntry& entry : mask_leaves()) {
        if (entry.name == leaf) {
            add_mask(to_qstring(leaf), Json{{leaf, parse_json(entry.example, "example")}}.dump());
        }
    }
}

void MaskStackEditor::add_mask(const QString& name, const std::string& expression) {
    MaskStack stack = document_.stack();
    stack.push_back({MaskLayer::Join::all_of, false, true, parse_json(expression, name.toStdString()).dump()});
    document_.edit_stack(tr("Add layer %1").arg(name), {}, stack);
    go_to_layer(static_cast<int>(stack.size()) - 1);
}

void MaskStackEditor::replace_mask(const QString& name, const std::string& expression) {
    document_.edit_stack(tr("Replace mask by %1").arg(name), {}, to_stack(parse_json(expression, name.toStdString())));
    go_to_layer(0);
}

// Its first parameter, or else the first thing of it.
void MaskStackEditor::go_to_layer(int index) {
    QWidget* row = rows_->itemAt(index)->widget();
    row->show();  // or it could not have the focus
    QWidget* target = row->findChild<QWidget*>(QStringLiteral("visible"));
    bool parameters = false;
    for (QWidget* widget : row->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
        if (parameters && (widget->focusPolicy() & Qt::TabFocus) != 0) {
            target = widget;
            break;
        }
        parameters = parameters || widget->objectName() == QLatin1String("remove");
    }
    target->setFocus();
    // The row has its place once the layout has been worked out.
    QTimer::singleShot(0, row, [this, row] {
        for (QWidget* at = parentWidget(); at != nullptr; at = at->parentWidget()) {
            if (auto* area = qobject_cast<QScrollArea*>(at)) {
                area->ensureWidgetVisible(row);
            }
        }
    });
}

void MaskStackEditor::refresh() {
    if (shown_ != document_.stack()) {
        rebuild();
    }
}

void MaskStackEditor::rebuild() {
    shown_ = document_.stack();
    const Focus focus = focus_now();
    // Widgets may be in the middle of a signal of their own. What is half typed in them is of a stack that is gone.
    while (QLayoutItem* item = rows_->takeAt(0)) {
        item->widget()->disconnect(this);
        item->widget()->setObjectName({});
        item->widget()->hide();
        item->widget()->deleteLater();
        delete item;
    }
    const auto count = static_cast<int>(shown_.size());
    for (int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        auto* row = new LayerRow(shown_[at], i, count, appearance_, this);
        rows_->addWidget(row);
        connect(row, &LayerRow::edited, this,
                [this, at](const MaskLayer& layer, const QString& what, const QString& merge_key) {
                    MaskStack stack = document_.stack();
                    stack[at] = layer;
                    // The row shows it already.
                    shown_ = stack;
                    document_.edit_stack(what, merge_key, stack);
                });
        connect(row, &LayerRow::moved, this, [this, at](int by) {
            MaskStack stack = document_.stack();
            std::swap(stack[at], stack[at + static_cast<std::size_t>(by)]);
            moving_by_ = by;
            document_.edit_stack(tr("Move layer"), {}, stack);
            moving_by_ = 0;
        });
        connect(row, &LayerRow::removed, this, [this, at] {
            MaskStack stack = document_.stack();
            stack.erase(stack.begin() + static_cast<std::ptrdiff_t>(at));
            document_.edit_stack(tr("Remove layer"), {}, stack);
        });
    }
    order_tabs();
    give_focus(focus);
}

// New widgets stand at the end of the window's order: rows belong before the button below them.
void MaskStackEditor::order_tabs() {
    // Some that Tab passes over lie between, such as the lists of choices that pop up.
    const auto is_stop = [&](const QWidget& widget) {
        return (widget.focusPolicy() & Qt::TabFocus) != 0 && widget.focusProxy() == nullptr &&
               widget.window() == window() && !isAncestorOf(&widget);
    };
    QWidget* last = add_->previousInFocusChain();
    while (last != add_ && !is_stop(*last)) {
        last = last->previousInFocusChain();
    }
    const bool first = last == add_;
    for (int i = 0; i < rows_->count(); ++i) {
        for (QWidget* widget :
             rows_->itemAt(i)->widget()->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
            if (widget->focusPolicy() != Qt::NoFocus) {
                setTabOrder(last, widget);
                last = widget;
            }
        }
    }
    if (first) {
        setTabOrder(last, add_);
    }
}

MaskStackEditor::Focus MaskStackEditor::focus_now() const {
    const QWidget* widget = QApplication::focusWidget();
    for (int i = 0; i < rows_->count(); ++i) {
        if (rows_->itemAt(i)->widget()->isAncestorOf(widget)) {
            return {i + moving_by_, widget->objectName()};
        }
    }
    return {};
}

void MaskStackEditor::give_focus(const Focus& focus) {
    if (focus.row < 0) {
        return;
    }
    QWidget* row = rows_->itemAt(std::min(focus.row, rows_->count() - 1))->widget();
    row->show();  // or it could not have the focus
    for (const QString& name : {focus.name, QStringLiteral("up"), QStringLiteral("down"), QStringLiteral("visible")}) {
        auto* widget = row->findChild<QWidget*>(name);
        if (widget != nullptr && widget->isEnabled()) {
            widget->setFocus();
            return;
        }
    }
}

}  // namespace longscope
