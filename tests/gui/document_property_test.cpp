// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever is done to a document, in whatever order: undo leads back through the same states, and redo forth.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "app/desktop/document/experiment_document.h"

namespace longscope {
namespace {

struct Edit {
    enum class Kind { field, text, add, hide, complement, join, move, remove, undo, redo, last };
    Kind kind;
    int value;
    bool merges;
};

std::ostream& operator<<(std::ostream& out, const Edit& edit) {
    return out << '(' << static_cast<int>(edit.kind) << ", " << edit.value << (edit.merges ? ", merges)" : ")");
}

rc::Gen<Edit> any_edit() {
    return rc::gen::apply(
        [](int kind, int value, bool merges) {
            return Edit{static_cast<Edit::Kind>(kind), value, merges};
        },
        rc::gen::inRange(0, static_cast<int>(Edit::Kind::last)), rc::gen::inRange(0, 3), rc::gen::arbitrary<bool>());
}

void change(MaskStack& stack, const Edit& edit) {
    const std::size_t at = static_cast<std::size_t>(edit.value) % std::max<std::size_t>(1, stack.size());
    if (edit.kind == Edit::Kind::add) {
        stack.push_back({MaskLayer::Join::any_of, false, true, Json{{"sink", {{"tokens", edit.value}}}}.dump()});
    } else if (stack.empty()) {
        return;
    } else if (edit.kind == Edit::Kind::hide) {
        stack[at].visible = !stack[at].visible;
    } else if (edit.kind == Edit::Kind::complement) {
        stack[at].complement = !stack[at].complement;
    } else if (edit.kind == Edit::Kind::join) {
        stack[at].join = stack[at].join == MaskLayer::Join::all_of ? MaskLayer::Join::any_of : MaskLayer::Join::all_of;
    } else if (edit.kind == Edit::Kind::move) {
        std::swap(stack.front(), stack[at]);
    } else {
        stack.erase(stack.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

void make(ExperimentDocument& document, const Edit& edit) {
    const QString key = edit.merges ? QStringLiteral("key%1").arg(edit.value % 2) : QString();
    switch (edit.kind) {
        case Edit::Kind::undo:
            document.undo_stack().undo();
            return;
        case Edit::Kind::redo:
            document.undo_stack().redo();
            return;
        case Edit::Kind::field:
            document.edit(QStringLiteral("Field"), key, [&](Json& json) { json["layout"]["ranks"] = edit.value; });
            return;
        case Edit::Kind::text: {
            Json json = document.json();
            json["mask"] = {{"prefix", {{"tokens", edit.value}}}};
            document.edit_text(QStringLiteral("Text"), json.dump());
            return;
        }
        default:
            MaskStack stack = document.stack();
            change(stack, edit);
            document.edit_stack(QStringLiteral("Stack"), key, stack);
    }
}

DocumentState state_of(const ExperimentDocument& document) {
    return {document.text(), document.stack()};
}

RC_GTEST_PROP(DocumentProperty, UndoLeadsBackThroughTheSameStatesAndRedoForth, ()) {
    ExperimentDocument document;
    QUndoStack& steps = document.undo_stack();
    std::map<int, DocumentState> states{{0, state_of(document)}};
    for (const Edit& edit : *rc::gen::container<std::vector<Edit>>(any_edit())) {
        make(document, edit);
        states[steps.index()] = state_of(document);
        RC_ASSERT(document.modified() == (steps.index() != 0));
        RC_ASSERT(document.json() == parse_json(document.text(), "text"));
        RC_ASSERT(document.json()["mask"] == to_expression(document.stack()));
    }
    while (steps.canUndo()) {
        RC_ASSERT(state_of(document) == states.at(steps.index()));
        steps.undo();
    }
    RC_ASSERT(state_of(document) == states.at(0));
    RC_ASSERT(!document.modified());
    while (steps.canRedo()) {
        steps.redo();
        RC_ASSERT(state_of(document) == states.at(steps.index()));
    }
}

}  // namespace
}  // namespace longscope
