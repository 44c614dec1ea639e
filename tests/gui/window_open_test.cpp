// SPDX-License-Identifier: GPL-3.0-or-later
// Files come in: by name, by the dialog, from the list of recent ones, dropped on the window.
#include <QDir>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTest>
#include <QUrl>
#include <QWindow>
#include <algorithm>
#include <random>

#include "app/desktop/mask_page.h"
#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/formats/mask_format.h"
#include "engine/mask/mask_difference.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/fixture_database.h"
#include "tests/support/mask_cells.h"
#include "tests/support/paths.h"
#include "widgets/results/run_table.h"

namespace longscope {
namespace {

const QString experiments = QStringLiteral(LONGSCOPE_SOURCE_DIR "/resources/experiments/");

class WindowOpen : public WindowTest {
  protected:
    // As the desktop does it: it knows only the window, not what is in it.
    void drop(const QStringList& names, QPoint at = {700, 300}) {
        QMimeData data;
        QList<QUrl> urls;
        QStringList texts;
        for (const QString& name : names) {
            urls << (name.contains(QStringLiteral("://")) ? QUrl(name) : QUrl::fromLocalFile(name));
            texts << urls.last().toString();
        }
        data.setUrls(urls);
        data.setText(texts.join(QLatin1Char('\n')));  // file managers offer both
        QDragEnterEvent enter(at, Qt::MoveAction | Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(window_->windowHandle(), &enter);
        ASSERT_TRUE(enter.isAccepted());
        QDropEvent drop(at, Qt::MoveAction | Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(window_->windowHandle(), &drop);
        EXPECT_TRUE(drop.isAccepted());
        EXPECT_EQ(drop.dropAction(), Qt::CopyAction) << "a moved file would be deleted where it was";
    }
    [[nodiscard]] QString message() const { return window_->messages().text(); }
    // Until it is said what became of the files.
    [[nodiscard]] bool wait_for_end() const {
        return QTest::qWaitFor([&] { return !message().isEmpty() && !message().startsWith(QStringLiteral("Reading")); },
                               5000);
    }
    void expect_error_about(const QString& name) {
        EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error) << message().toStdString();
        EXPECT_TRUE(message().contains(name)) << message().toStdString();
        EXPECT_FALSE(message().contains(QLatin1Char('\n'))) << message().toStdString();
    }
    [[nodiscard]] bool wait_for_runs(int count) {
        return QTest::qWaitFor([&] { return window_->results().model().rowCount() == count; }, 10'000);
    }
    [[nodiscard]] QString put_experiment(const QString& name, const std::string& title = "put") const {
        return put(name, R"({"longscope_experiment": 1, "name": ")" + title +
                             R"(", "shape": {"query_heads": 1, "key_value_heads": 1, "head_dim_qk": 8, "head_dim_v": 8},
                                "sequence": {"tokens": 64}, "mask": {"causal": {}}})");
    }
    [[nodiscard]] QString put_database(const QString& name = QStringLiteral("other.db")) const {
        make_fixture_database(file(name).toStdString());
        return file(name);
    }
    [[nodiscard]] QStringList recent() const {
        QStringList files;
        for (const QAction* entry : action("file.recent").menu()->actions()) {
            files << entry->text();
        }
        return files;
    }
    void change() {
        window_->document().edit(QStringLiteral("Change"), {}, [](Json& json) { json["name"] = "changed"; });
    }
};

TEST_F(WindowOpen, AnExperimentIsShownInEveryPanel) {
    window_->open_file(experiments + QStringLiteral("causal-window-16k.json"));
    wait_for_answer();
    EXPECT_EQ(find<QDoubleSpinBox>("sequence.tokens").value(), 16384);
    EXPECT_EQ(window_->document().stack().size(), 2U);
    EXPECT_TRUE(find<QPlainTextEdit>("json").toPlainText().contains(QStringLiteral("causal-window-16k")));
    EXPECT_EQ(window_->mask_page().canvas().shown()->draw.domain.query_tokens, 16384);
    EXPECT_TRUE(window_->windowTitle().startsWith(QStringLiteral("causal-window-16k.json")));
    EXPECT_FALSE(window_->isWindowModified());
    EXPECT_TRUE(message().isEmpty()) << message().toStdString();
}

TEST_F(WindowOpen, TheDialogOpensWhatIsChosenAndNothingWhenItIsClosed) {
    chooser_->answers = {put_experiment(QStringLiteral("a.json"), "chosen")};
    action("file.open").trigger();
    EXPECT_EQ(experiment()["name"], "chosen");
    action("file.open").trigger();
    EXPECT_EQ(experiment()["name"], "chosen");
    EXPECT_TRUE(message().isEmpty());
}

TEST_F(WindowOpen, RecentFilesAreOfferedNewestFirstAndInTheNextWindow) {
    const QString a = put_experiment(QStringLiteral("a & b.json"), "a");
    const QString b = put_experiment(QStringLiteral("b.json"), "b");
    window_->open_file(a);
    window_->open_file(b);
    window_->open_file(a);
    EXPECT_EQ(recent(), QStringList({QString(a).replace(QLatin1Char('&'), QStringLiteral("&&")), b}));
    window_->close();
    window_.reset();
    open_window();
    ASSERT_EQ(recent().size(), 2);
    action("file.recent").menu()->actions().at(1)->trigger();
    EXPECT_EQ(experiment()["name"], "b");
    EXPECT_EQ(recent().first(), b);
}

TEST_F(WindowOpen, ARecentFileThatIsGoneIsOneLineAndNothingElse) {
    const QString gone = put_experiment(QStringLiteral("gone.json"), "gone");
    window_->open_file(gone);
    window_->open_file(put_experiment(QStringLiteral("here.json"), "here"));
    ASSERT_TRUE(QFile::remove(gone));
    action("file.recent").menu()->actions().at(1)->trigger();
    expect_error_about(gone);
    EXPECT_EQ(experiment()["name"], "here");
    EXPECT_FALSE(window_->document().modified());
}

TEST_F(WindowOpen, AnExperimentIsDroppedAnywhere) {
    const auto centre_of = [&](const QWidget& widget) { return widget.mapTo(window_.get(), widget.rect().center()); };
    find<QDockWidget>("json_dock").raise();
    int number = 0;
    for (const QWidget* place :
         {static_cast<QWidget*>(&window_->tabs()), static_cast<QWidget*>(&find<QPlainTextEdit>("json")),
          static_cast<QWidget*>(&find<QLineEdit>("name"))}) {
        const std::string name = "dropped " + std::to_string(++number);
        drop({put_experiment(QStringLiteral("dropped.json"), name)}, centre_of(*place));
        EXPECT_EQ(experiment()["name"], name) << place->objectName().toStdString();
    }
}

TEST_F(WindowOpen, DroppedLengthsAndHistogramsBecomeTheSourceOfDocuments) {
    drop({put(QStringLiteral("lengths.txt"), "1000\n2000\n")});
    EXPECT_EQ(experiment()["sequence"]["lengths"]["file"], file(QStringLiteral("lengths.txt")).toStdString());
    EXPECT_TRUE(message().contains(QStringLiteral("lengths.txt")));
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::note);
    drop({put(QStringLiteral("histogram.json"), R"json({"[64,128)": 1, "[128,512)": 3})json")});
    EXPECT_EQ(experiment()["sequence"]["lengths"]["file"], file(QStringLiteral("histogram.json")).toStdString());
    wait_for_answer();
    ASSERT_NE(window_->evaluator().current(), nullptr) << window_->evaluator().refusal().toStdString();
    EXPECT_GT(window_->evaluator().current()->cost.documents, 1);
    window_->document().undo_stack().undo();
    EXPECT_EQ(experiment()["sequence"]["lengths"]["file"], file(QStringLiteral("lengths.txt")).toStdString());
}

TEST_F(WindowOpen, ADroppedDatabaseIsShownAsResults) {
    drop({put_database()});
    ASSERT_TRUE(wait_for_runs(2));
    EXPECT_EQ(window_->tabs().currentWidget(), &window_->results());
    EXPECT_EQ(recent().first(), file(QStringLiteral("other.db")));
}

TEST_F(WindowOpen, ADatabaseIsKnownByItsContentToo) {
    window_->open_file(put_database(QStringLiteral("results-of-monday")));
    EXPECT_TRUE(wait_for_runs(2));
}

TEST_F(WindowOpen, SeveralFilesAtOnceAreAllOpened) {
    drop({put_database(), put(QStringLiteral("lengths.txt"), "16\n48\n"),
          put_experiment(QStringLiteral("a.json"), "a")});
    EXPECT_EQ(experiment()["name"], "a");
    EXPECT_EQ(experiment()["sequence"]["lengths"]["file"], "lengths.txt") << "beside the experiment";
    EXPECT_TRUE(wait_for_runs(2));
}

TEST_F(WindowOpen, OfSeveralExperimentsTheFirstIsOpenedAndTheOthersAreTold) {
    const QString a = put_experiment(QStringLiteral("a.json"), "a");
    const QString b = put_experiment(QStringLiteral("b.json"), "b");
    drop({a, b});
    EXPECT_EQ(experiment()["name"], "a");
    expect_error_about(b);
}

TEST_F(WindowOpen, NonsenseIsOneLineAndWhatIsGoodBesideItIsOpened) {
    const QString nonsense = put(QStringLiteral("nonsense.json"), "{\"longscope_experiment\": ");
    const QString good = put_experiment(QStringLiteral("good.json"), "good");
    drop({nonsense, good});
    EXPECT_EQ(experiment()["name"], "good");
    expect_error_about(nonsense);
}

TEST_F(WindowOpen, OfSeveralBadFilesEachHasItsLine) {
    const QStringList bad{put(QStringLiteral("nonsense.json"), "{\"longscope_experiment\": "),
                          put(QStringLiteral("words.txt"), "some words\n"),
                          put(QStringLiteral("not.db"), "this is no database at all, only text of some length")};
    drop(bad);
    ASSERT_TRUE(QTest::qWaitFor([&] { return message().split(QLatin1Char('\n')).size() == 3; }))
        << message().toStdString();
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::error);
    for (const QString& name : bad) {
        EXPECT_EQ(message().count(name), 1) << message().toStdString();
    }
    const QString good = put_experiment(QStringLiteral("good.json"), "good");
    drop({bad[2], good});
    ASSERT_TRUE(QTest::qWaitFor([&] { return !message().isEmpty(); }));
    expect_error_about(bad[2]);
}

TEST_F(WindowOpen, WhatCannotBeOpenedLosesNothing) {
    window_->open_file(put_database());
    ASSERT_TRUE(wait_for_runs(2));
    change();
    const std::string before = window_->document().text();
    const QString folder = file(QStringLiteral("folder"));
    ASSERT_TRUE(QDir().mkpath(folder));
    for (const QString& bad :
         {put(QStringLiteral("words.txt"), "some words\n"), put(QStringLiteral("broken.json"), "{\"a\": [1, }"),
          put(QStringLiteral("empty.json"), ""), put(QStringLiteral("binary.npy"), "\x93NUMPY"),
          put(QStringLiteral("not.db"), "this is no database at all, only text of some length"),
          put(QStringLiteral("later.json"), R"({"longscope_experiment": 2)"), file(QStringLiteral("missing.db")),
          folder, QStringLiteral("https://example.org/a.json")}) {
        window_->messages().clear();
        drop({bad});
        ASSERT_TRUE(wait_for_end()) << bad.toStdString();
        expect_error_about(bad);
        EXPECT_EQ(window_->document().text(), before) << bad.toStdString();
        EXPECT_TRUE(window_->document().modified());
        EXPECT_EQ(window_->results().model().rowCount(), 2) << bad.toStdString();
        EXPECT_EQ(recent().size(), 1) << bad.toStdString();
    }
}

TEST_F(WindowOpen, JsonThatIsNeitherSaysSo) {
    drop({put(QStringLiteral("neither.json"), R"json({"a": 1, "[2,3)": 4})json")});
    EXPECT_TRUE(message().contains(QStringLiteral("is neither an experiment nor a histogram of lengths nor a mask")))
        << message().toStdString();
    drop({put(QStringLiteral("bin.json"), R"json({"[3,2)": 4})json")});
    EXPECT_TRUE(message().contains(QStringLiteral("is not a bin"))) << "one whose bins are wrong is told why";
}

TEST_F(WindowOpen, ADroppedMaskTakesThePlaceOfTheMask) {
    const Json before = experiment();
    drop({put(QStringLiteral("mask.json"), R"({"and": [{"causal": {}}, {"window": {"left": 99, "right": 0}}]})")});
    EXPECT_EQ(experiment()["mask"],
              parse_json(R"({"and": [{"causal": {}}, {"window": {"left": 99, "right": 0}}]})", ""));
    EXPECT_EQ(experiment()["sequence"], before["sequence"]);
    EXPECT_EQ(window_->document().stack().size(), 2U) << "as layers";
    EXPECT_TRUE(message().contains(QStringLiteral("mask.json")));
    EXPECT_EQ(window_->messages().kind(), MessageBar::Kind::note);
    EXPECT_TRUE(window_->document().modified());
    EXPECT_EQ(window_->document().undo_stack().undoText(), QStringLiteral("Use the mask of mask.json"));
    window_->document().undo_stack().undo();
    EXPECT_EQ(experiment(), before);
    drop({put(QStringLiteral("bad.json"), R"({"window": {"left": -3, "right": 0}})")});
    EXPECT_EQ(experiment(), before);
    EXPECT_TRUE(message().contains(QStringLiteral("left"))) << message().toStdString();
    drop({put(QStringLiteral("unknown.json"), R"({"no_such_leaf": {}})")});
    EXPECT_TRUE(message().contains(QStringLiteral("no_such_leaf"))) << message().toStdString();
    EXPECT_EQ(experiment(), before);
}

// A matrix of truth values, and the arrays of another library: the pairs are the same.
TEST_F(WindowOpen, ADroppedArrayIsTakenAsZonesOfItsTokens) {
    const MaskDomain domain{300, 300, {0, 100, 300}};
    const auto mask = compile_mask(
        parse_mask(parse_json(R"({"and": [{"documents": {}}, {"window": {"left": 50, "right": 0}}]})", "test"), "mask"),
        domain);
    const FormatOptions options{.cu_seqlens = domain.cu_seqlens};
    window_->document().edit(QStringLiteral("Lengths"), {}, [](Json& json) {
        json["sequence"] = {{"tokens", 64}, {"lengths", {{"list", {32, 32}}}}};
    });
    const Json before = experiment();
    for (const auto& [format, name] :
         {std::pair{"dense", "dense.npy"}, {"varlen", "varlen"}, {"slices", "slices"}, {"flashmask", "flash"}}) {
        const QString path = file(QLatin1String(name));
        write_mask_arrays(find_mask_format(format, "test").write(*mask, options), path.toStdString());
        drop({path});
        ASSERT_TRUE(QTest::qWaitFor([&] { return experiment() != before; }, 5000)) << message().toStdString();
        EXPECT_TRUE(message().contains(QStringLiteral("300 tokens"))) << message().toStdString();
        wait_for_answer();
        ASSERT_NE(window_->evaluator().current(), nullptr) << window_->evaluator().refusal().toStdString();
        EXPECT_TRUE(mask_difference(*window_->evaluator().current()->mask->draw.mask, *mask).equal()) << name;
        EXPECT_FALSE(experiment()["sequence"].contains("lengths")) << "those were of 64 tokens";
        window_->document().undo_stack().undo();
        EXPECT_EQ(experiment(), before) << "one step";
    }
    // The index of a folder stands for the folder.
    drop({file(QStringLiteral("slices/mask.json"))});
    EXPECT_TRUE(QTest::qWaitFor([&] { return experiment()["sequence"]["tokens"] == 300; }, 5000));
}

TEST_F(WindowOpen, ArraysThatAreNoMaskOfAnExperimentSayWhy) {
    const Json before = experiment();
    const auto refuse = [&](const QString& path, const char* why) {
        window_->messages().clear();
        drop({path});
        ASSERT_TRUE(wait_for_end());
        expect_error_about(path);
        EXPECT_TRUE(message().contains(QLatin1String(why))) << message().toStdString();
        EXPECT_EQ(experiment(), before);
    };
    const auto oblong = compile_mask(parse_mask(parse_json(R"({"full": {}})", "test"), "mask"), {8, 16, {}});
    const QString path = file(QStringLiteral("oblong.npy"));
    write_mask_arrays(find_mask_format("dense", "test").write(*oblong, {}), path.toStdString());
    refuse(path, "as many queries as keys");
    std::mt19937 random(7);
    std::vector<std::string> cells(400, std::string(400, '.'));
    for (std::string& row : cells) {
        std::generate(row.begin(), row.end(), [&] { return random() % 2 == 0 ? '#' : '.'; });
    }
    const QString many = file(QStringLiteral("many.npy"));
    write_mask_arrays(find_mask_format("dense", "test").write(*mask_of_cells(cells), {}), many.toStdString());
    refuse(many, "too many for an experiment");
    refuse(put(QStringLiteral("all.npz"), "PK"), ".npy");
    QDir().mkdir(file(QStringLiteral("empty")));
    refuse(file(QStringLiteral("empty")), "empty");
}

TEST_F(WindowOpen, AnExperimentAndAMaskAreOpenedTogether) {
    window_->open_files({put(QStringLiteral("mask.json"), R"({"full": {}})"),
                         put_experiment(QStringLiteral("given.json"), "with another mask")});
    EXPECT_EQ(experiment()["name"], "with another mask");
    EXPECT_EQ(experiment()["mask"], parse_json(R"({"full": {}})", ""));
    EXPECT_TRUE(window_->document().modified()) << "the file has another one";
}

TEST_F(WindowOpen, LengthsWithoutALayerThatKeepsThemApartOfferOne) {
    const QString lengths = put(QStringLiteral("lengths.txt"), "100\n200\n");
    drop({lengths});
    auto& add = find<QPushButton>("message_action");
    ASSERT_TRUE(add.isVisible()) << message().toStdString();
    add.click();
    EXPECT_EQ(experiment()["mask"], parse_json(R"({"and": [{"causal": {}}, {"documents": {}}]})", "mask"));
    EXPECT_TRUE(message().isEmpty());
    drop({lengths});
    EXPECT_FALSE(message().isEmpty());
    EXPECT_FALSE(add.isVisible()) << "it is there";
}

TEST_F(WindowOpen, AFileThatIsNoTextIsNotPrinted) {
    std::string bytes =
        "\x01\x02\x7f"
        "ELF words \xff\xfe";
    bytes += std::string(3, '\0');
    const QString binary = put(QStringLiteral("binary.xyz"), bytes);
    const QString latin = put(QStringLiteral("latin.txt"), "M\xfcnchen\n");
    for (const QString& path : {binary, latin}) {
        drop({path});
        expect_error_about(path);
        EXPECT_TRUE(message().contains(QStringLiteral("is no text and no database"))) << message().toStdString();
        EXPECT_FALSE(message().contains(QStringLiteral("words")));
        EXPECT_FALSE(message().contains(QStringLiteral("nchen")));
    }
}

TEST_F(WindowOpen, AnExperimentThatIsRefusedIsOpenedAndSaysWhy) {
    const QString path = put(QStringLiteral("odd.json"), R"({"longscope_experiment": 1, "shape": {"query_heads": 7}})");
    window_->open_file(path);
    wait_for_answer();
    EXPECT_EQ(experiment()["shape"]["query_heads"], 7);
    EXPECT_TRUE(find<QLabel>("refusal").isVisible());
    EXPECT_FALSE(find<QLabel>("refusal").text().isEmpty());
    action("run.start").trigger();
    expect_error_about(window_->evaluator().refusal());
}

TEST_F(WindowOpen, TextThatIsDroppedIsNotTakenForFiles) {
    QMimeData data;
    data.setText(QStringLiteral("words"));
    QDragEnterEvent enter({700, 300}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window_->windowHandle(), &enter);
    QDropEvent drop({700, 300}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window_->windowHandle(), &drop);
    EXPECT_TRUE(message().isEmpty()) << message().toStdString();
}

TEST_F(WindowOpen, ExamplesAreOpenedAsCopies) {
    const QList<QAction*> examples = action("file.examples").menu()->actions();
    ASSERT_EQ(examples.size(), QDir(experiments).entryList({QStringLiteral("*.json")}).size());
    for (QAction* example : examples) {
        SCOPED_TRACE(example->text().toStdString());
        example->trigger();
        wait_for_answer();
        EXPECT_EQ(experiment().at("name"), example->text().toStdString());
        EXPECT_NE(window_->evaluator().current(), nullptr) << "its lengths are found, too";
        EXPECT_TRUE(window_->evaluator().refusal().isEmpty());
        EXPECT_TRUE(window_->document().path().empty()) << "saving asks for a name";
        EXPECT_FALSE(window_->document().modified());
    }
}

}  // namespace
}  // namespace longscope
