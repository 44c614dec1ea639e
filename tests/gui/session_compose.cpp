// SPDX-License-Identifier: GPL-3.0-or-later
// The part of the session in which a mask and a layout are composed.
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>
#include <random>

#include "app/desktop/panels/experiment_panel.h"
#include "app/desktop/panels/json_editor.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "tests/gui/window_session.h"
#include "tests/support/mouse.h"

namespace longscope {

namespace {

// Lengths of documents, an even number, that fill a million_tokens tokens.
std::vector<std::int64_t> many_lengths(std::int64_t documents) {
    std::vector<std::int64_t> lengths;
    for (std::int64_t i = 0; i < documents; ++i) {
        lengths.push_back(million_tokens / documents +
                          (i % 2 == 0 ? 1 : -1) * (i / 2 % (million_tokens / documents / 2)));
    }
    return lengths;
}

}  // namespace

void WindowSession::compose() {
    QObject::connect(&window_->evaluator(), &Evaluator::started, window_.get(), [&] { edited_ns_ = now_ns(); });
    QObject::connect(&window_->evaluator(), &Evaluator::finished, window_.get(), [&] {
        answers_ms_.emplace_back(static_cast<double>(now_ns() - edited_ns_) / 1e6, watch_.what());
    });
    const QString path = put(QStringLiteral("million.json"), million_token_experiment().dump());
    turn("open an experiment", [&] { window_->open_file(path); });
    wait_for_cost();
    wait_until_sharp();
    use_canvas();
    edit_fields();
    edit_layers();
    edit_layout();
    edit_lengths();
    edit_json();
    undo_and_redo();
    open_long_list();
}

void WindowSession::use_canvas() {
    const QPointF middle = canvas().plot().center();
    for (int i = 0; i < 30; ++i) {
        turn("zoom in", [&] { turn_wheel(canvas(), middle + QPointF(40, 30), 1); });
    }
    wait_until_sharp();
    for (int i = 0; i < 20; ++i) {
        turn("pan with the mouse",
             [&] { drag_mouse(canvas(), middle, middle + QPointF(i % 2 == 0 ? 60 : -20, 35), Qt::MiddleButton); });
        turn("pan with the keys", [&] { QTest::keyClick(&canvas(), i % 2 == 0 ? Qt::Key_Right : Qt::Key_Down); });
    }
    for (int i = 0; i < 30; ++i) {
        turn("zoom out", [&] { turn_wheel(canvas(), middle, -1); });
    }
    wait_until_sharp();
    turn("begin to select",
         [&] { send_mouse(canvas(), QEvent::MouseButtonPress, middle, Qt::LeftButton, Qt::LeftButton); });
    QPointF at = middle;
    for (int i = 0; i < 30; ++i) {
        at += QPointF(5, 4);
        turn("select", [&] { send_mouse(canvas(), QEvent::MouseMove, at, Qt::NoButton, Qt::LeftButton); });
    }
    turn("end of selecting",
         [&] { send_mouse(canvas(), QEvent::MouseButtonRelease, at, Qt::LeftButton, Qt::NoButton); });
    wait("the sum", [&] { return !window_->mask_page().summary().isEmpty(); });
    for (int i = 0; i < 2; ++i) {
        turn("focus the selection", [&] { QTest::keyClick(&canvas(), Qt::Key_F); });
        wait_until_sharp();
    }
    hover();
}

void WindowSession::edit_fields() {
    for (const char* name : {"shape.query_heads", "shape.head_dim_qk", "shape.head_dim_v", "backend.threads",
                             "repetitions.measured", "check.rows"}) {
        auto& box = find<QDoubleSpinBox>(name);
        turn(std::string("change ") + name, [&] { box.setValue(128); });
        wait_for_cost();
    }
    for (int i = 0; i < 5; ++i) {
        // Faster than answers come.
        turn("step sequence.seed", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    }
    wait_for_cost();
    turn("change shape.dtype", [&] { QTest::keyClick(&find<QComboBox>("shape.dtype"), Qt::Key_Down); });
    turn("change the name", [&] {
        QTest::keyClicks(&find<QLineEdit>("name"), QStringLiteral(" again"));
        QTest::keyClick(&find<QLineEdit>("name"), Qt::Key_Return);
    });
    wait_for_cost();
    wait_until_sharp();
}

void WindowSession::edit_layers() {
    auto* menu = find<QToolButton>("add_layer").menu();
    const auto layers = [&] { return window_->document().stack().size(); };
    turn("remove a layer",
         [&] { find<QWidget>("layer_1").findChild<QToolButton*>(QStringLiteral("remove"))->click(); });
    // Those that take a zone for each block of so long a sequence are refused or take seconds; head_shards is of a
    // model with other heads.
    const QStringList left_out{QStringLiteral("random_block_sparse"), QStringLiteral("variable_block_sparse"),
                               QStringLiteral("random_eviction"), QStringLiteral("head_shards")};
    for (QAction* leaf : menu->actions()) {
        if (left_out.contains(leaf->text())) {
            continue;
        }
        turn("add layer " + leaf->text().toStdString(), [&] { leaf->trigger(); });
        wait_for_cost();
        const QString name = QStringLiteral("layer_%1").arg(layers() - 1);
        for (QSpinBox* box : find<QWidget>(name.toUtf8()).findChildren<QSpinBox*>()) {
            for (int i = 0; i < 3; ++i) {
                turn("step " + box->objectName().toStdString() + " of " + leaf->text().toStdString(),
                     [&] { box->stepUp(); });
            }
        }
        wait_for_cost();
        wait_until_sharp();
        auto& join = *find<QWidget>(name.toUtf8()).findChild<QComboBox*>(QStringLiteral("join"));
        turn("join layer " + leaf->text().toStdString(), [&] { QTest::keyClick(&join, Qt::Key_Down); });
        wait_for_cost();
        turn("complement of layer " + leaf->text().toStdString(),
             [&] { find<QWidget>(name.toUtf8()).findChild<QToolButton*>(QStringLiteral("not"))->click(); });
        wait_for_cost();
        wait_until_sharp();
        turn("remove layer " + leaf->text().toStdString(),
             [&] { find<QWidget>(name.toUtf8()).findChild<QToolButton*>(QStringLiteral("remove"))->click(); });
    }
    page<ExperimentPanel>().mask().add_layer("causal");
    wait_for_cost();
}

void WindowSession::edit_layout() {
    for (const int ranks : {2, 4, 8, 16, 32, 64}) {
        turn("ranks " + std::to_string(ranks), [&] { find<QDoubleSpinBox>("layout.ranks").setValue(ranks); });
        wait_for_cost();
    }
    for (const StrategyEntry& strategy : strategies()) {
        for (const DispatchEntry& dispatch : dispatches()) {
            const std::string what = std::string(strategy.name) + " " + std::string(dispatch.name);
            for (const auto& [box, text] : {std::pair{&find<QComboBox>("layout.strategy"), strategy.name},
                                            std::pair{&find<QComboBox>("layout.dispatch"), dispatch.name}}) {
                turn(what, [box = box, text = text] {
                    box->setCurrentText(QString::fromStdString(std::string(text)));
                    Q_EMIT box->activated(box->currentIndex());
                });
            }
            wait_for_cost();
            wait_until_sharp();
        }
    }
    hover();
}

void WindowSession::hover() {
    for (int i = 0; i < 40; ++i) {
        turn("hover", [&] {
            send_mouse(canvas(), QEvent::MouseMove, canvas().plot().topLeft() + QPointF(i * 11, i * 9), Qt::NoButton,
                       Qt::NoButton);
        });
    }
}

void WindowSession::edit_lengths() {
    auto& form = find<QComboBox>("sequence.lengths");
    auto& line = find<QLineEdit>("sequence.lengths.text");
    turn("one document", [&] {
        form.setCurrentIndex(0);
        Q_EMIT form.activated(0);
    });
    wait_for_cost();
    turn("a list of lengths", [&] {
        form.setCurrentIndex(1);
        Q_EMIT form.activated(1);
    });
    wait_for_cost();
    QStringList texts;
    for (const std::int64_t length : many_lengths(4096)) {
        texts << QString::number(length);
    }
    turn("paste a list of 4,096 lengths", [&] {
        line.setText(texts.join(QStringLiteral(", ")));
        QTest::keyClick(&line, Qt::Key_Return);
    });
    wait_for_cost();
    for (int i = 0; i < 3; ++i) {
        turn("a field beside a list of 4,096 lengths", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    }
    wait_for_cost();
    wait_until_sharp();
    turn("undo the list", [&] { action("edit.undo").trigger(); });
    std::mt19937 random(7);
    std::string lengths;
    for (int i = 0; i < 200'000; ++i) {
        lengths += std::to_string(16 + random() % 4000) + '\n';
    }
    const QString file = put(QStringLiteral("lengths.txt"), lengths);
    turn("open a file of 200,000 lengths", [&] { window_->open_file(file); });
    wait("the lengths", [&] { return experiment()["sequence"]["lengths"].contains("file"); });
    wait_for_cost();
    wait_until_sharp();
}

void WindowSession::edit_json() {
    turn("show the JSON", [&] { page<JsonEditor>().parentWidget()->raise(); });
    QPlainTextEdit& editor = page<JsonEditor>().editor();
    QTextCursor cursor = editor.document()->find(QStringLiteral("a million"));
    ASSERT_FALSE(cursor.isNull());
    cursor.clearSelection();
    editor.setTextCursor(cursor);
    for (const char key : std::string(" or so")) {
        turn("type JSON", [&] { QTest::keyClick(&editor, key); });
    }
    wait("the JSON to be taken over",
         [&] { return experiment()["name"].get<std::string>().find("or so") != std::string::npos; });
    wait_for_cost();
    turn("change sequence.seed beside the JSON", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    wait_for_cost();
}

// Every document's length in the experiment itself.
void WindowSession::open_long_list() {
    Json experiment = million_token_experiment();
    experiment["name"] = "65,536 documents";
    experiment["sequence"]["lengths"] = {{"list", many_lengths(65'536)}};
    const QString path = put(QStringLiteral("list.json"), experiment.dump());
    turn("open 65,536 lengths", [&] { window_->open_file(path); });
    wait("the lengths", [&] { return window_->document().title() == QStringLiteral("list.json"); });
    wait_for_cost();
    wait_until_sharp();
    turn("a step beside 65,536 lengths", [&] { find<QDoubleSpinBox>("sequence.seed").stepUp(); });
    wait_for_cost();
    turn("undo beside 65,536 lengths", [&] { action("edit.undo").trigger(); });
    wait_for_cost();
    for (int i = 0; i < 10; ++i) {
        turn("zoom into 65,536 documents", [&] { turn_wheel(canvas(), canvas().plot().center(), 1); });
    }
    wait_until_sharp();
}

void WindowSession::undo_and_redo() {
    for (const char* id : {"edit.undo", "edit.redo"}) {
        for (int i = 0; i < 40 && action(id).isEnabled(); ++i) {
            trigger(id);
        }
        wait_for_cost();
        wait_until_sharp();
    }
    turn("save", [&] { action("file.save").trigger(); });
}

}  // namespace longscope
