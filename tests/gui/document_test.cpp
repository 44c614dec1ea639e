// SPDX-License-Identifier: GPL-3.0-or-later
// The document that all panels edit: steps that can be undone, hidden layers, refusals, folders.
#include "app/desktop/document/experiment_document.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/headless/experiment_names.h"
#include "engine/base/bounded_file.h"
#include "engine/experiment/experiment.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class Document : public testing::Test {
  protected:
    void set(const char* field, const Json& value, const QString& merge_key = {}) {
        document_.edit(QStringLiteral("Change %1").arg(QLatin1String(field)), merge_key,
                       [&](Json& json) { json[field] = value; });
    }
    int steps() { return document_.undo_stack().count(); }
    void undo() { document_.undo_stack().undo(); }
    void redo() { document_.undo_stack().redo(); }
    [[nodiscard]] std::string in(const std::filesystem::path& name, const std::string& text) const {
        std::filesystem::create_directories((folder_.path() / name).parent_path());
        std::ofstream(folder_.path() / name) << text;
        return folder_.path() / name;
    }
    static Json file_of(const std::filesystem::path& path) {
        return parse_json(read_bounded_file(path, 1 << 20), "file");
    }
    static Json with_lengths(const std::string& file) {
        return {{"longscope_experiment", 1}, {"sequence", {{"lengths", {{"file", file}}}}}};
    }
    Json lengths() { return document_.json()["sequence"]["lengths"]["file"]; }

    TemporaryFolder folder_;
    ExperimentDocument document_;
};

TEST_F(Document, AnEditIsOneStepThatIsUndoneAndMadeAgain) {
    const std::string before = document_.text();
    const QSignalSpy changes(&document_, &ExperimentDocument::changed);
    set("name", "other");
    EXPECT_EQ(document_.json()["name"], "other");
    EXPECT_NE(document_.text(), before);
    EXPECT_EQ(parse_json(document_.text(), "text"), document_.json());
    EXPECT_TRUE(document_.modified());
    EXPECT_EQ(steps(), 1);
    EXPECT_EQ(changes.count(), 1);
    undo();
    EXPECT_EQ(document_.text(), before);
    EXPECT_FALSE(document_.modified());
    redo();
    EXPECT_EQ(document_.json()["name"], "other");
    EXPECT_EQ(changes.count(), 3);
}

TEST_F(Document, AnEditThatChangesNothingIsNoStep) {
    const QSignalSpy changes(&document_, &ExperimentDocument::changed);
    set("name", document_.json()["name"]);
    document_.edit_stack(QStringLiteral("Nothing"), {}, document_.stack());
    document_.edit_text(QStringLiteral("Nothing"), document_.json().dump());
    EXPECT_EQ(steps(), 0);
    EXPECT_EQ(changes.count(), 0);
    EXPECT_FALSE(document_.modified());
}

TEST_F(Document, StepsWithTheSameKeyInARowAreUndoneTogether) {
    const std::string before = document_.text();
    set("name", "a", QStringLiteral("name"));
    set("name", "b", QStringLiteral("name"));
    EXPECT_EQ(steps(), 1);
    set("description", "c", QStringLiteral("description"));
    set("name", "d", QStringLiteral("name"));
    EXPECT_EQ(steps(), 3);
    set("name", "e");
    set("name", "f");
    EXPECT_EQ(steps(), 5) << "steps without a key stand alone";
    while (document_.undo_stack().canUndo()) {
        undo();
    }
    EXPECT_EQ(document_.text(), before);
}

TEST_F(Document, MergedStepsThatLeadBackAreNoStep) {
    const Json name = document_.json()["name"];
    set("name", "a", QStringLiteral("name"));
    set("name", name, QStringLiteral("name"));
    EXPECT_EQ(steps(), 0);
    EXPECT_FALSE(document_.modified());
}

TEST_F(Document, StepsDoNotMergeOverASave) {
    set("name", "a", QStringLiteral("name"));
    document_.save_as(folder_.path() / "a.json");
    set("name", "b", QStringLiteral("name"));
    EXPECT_TRUE(document_.modified());
    undo();
    EXPECT_EQ(document_.json()["name"], "a");
    EXPECT_FALSE(document_.modified());
}

TEST_F(Document, AHiddenLayerIsKeptInTheStackAndLeftOutOfTheText) {
    MaskStack stack = document_.stack();
    ASSERT_EQ(stack.size(), 1U);
    stack.push_back({MaskLayer::Join::any_of, false, true, R"({"sink":{"tokens":4}})"});
    document_.edit_stack(QStringLiteral("Add layer"), {}, stack);
    EXPECT_EQ(document_.json()["mask"], parse_json(R"({"or":[{"causal":{}},{"sink":{"tokens":4}}]})", "mask"));
    const std::string both = document_.text();
    stack[0].visible = false;
    document_.edit_stack(QStringLiteral("Hide layer"), {}, stack);
    EXPECT_EQ(document_.json()["mask"], parse_json(R"({"sink":{"tokens":4}})", "mask"));
    EXPECT_EQ(document_.stack(), stack);
    set("name", "other");
    EXPECT_EQ(document_.stack(), stack) << "an edit beside the mask keeps its hidden layers";
    undo();
    EXPECT_EQ(document_.stack(), stack);
    undo();
    EXPECT_EQ(document_.text(), both);
    EXPECT_TRUE(document_.stack()[0].visible);
    redo();
    EXPECT_EQ(document_.stack(), stack);
}

TEST_F(Document, AHiddenLayerIsSavedBesideTheMask) {
    const std::filesystem::path path = folder_.path() / "hidden.json";
    MaskStack stack = document_.stack();
    stack.push_back({MaskLayer::Join::any_of, true, false, R"({"sink":{"tokens":4}})"});
    document_.edit_stack(QStringLiteral("Add hidden"), {}, stack);
    document_.save_as(path);
    document_.start_new();
    document_.open(path);
    EXPECT_EQ(document_.stack(), stack);
    EXPECT_NO_THROW((void)parse_experiment(document_.json(), folder_.path(), experiment_names()))
        << "the engine leaves it alone";
    stack[1].visible = true;
    document_.edit_stack(QStringLiteral("Show"), {}, stack);
    EXPECT_FALSE(document_.json().contains("editor")) << "nothing is hidden any more";
    undo();
    // What does not belong to the mask is nothing to show.
    Json changed = document_.json();
    changed["mask"] = parse_json(R"({"full":{}})", "mask");
    document_.edit_text(QStringLiteral("By hand"), changed.dump());
    EXPECT_EQ(document_.stack().size(), 1U);
    for (const char* odd : {"5", "{}", R"({"layers": 7})", R"({"layers": [3, {}]})", R"({"layers": []})"}) {
        changed["editor"] = parse_json(odd, "odd");
        document_.edit_text(QStringLiteral("Odd"), changed.dump());
        EXPECT_EQ(document_.stack().size(), 1U) << odd;
    }
}

TEST_F(Document, AMaskThatIsWrittenAnewHasNoHiddenLayers) {
    MaskStack stack = document_.stack();
    stack.push_back({MaskLayer::Join::all_of, false, false, R"({"documents":{}})"});
    document_.edit_stack(QStringLiteral("Add hidden"), {}, stack);
    EXPECT_EQ(document_.json()["mask"], parse_json(R"({"causal":{}})", "mask"));
    EXPECT_EQ(steps(), 1) << "a hidden layer is something to undo";
    set("mask", parse_json(R"({"full":{}})", "mask"));
    ASSERT_EQ(document_.stack().size(), 1U);
    EXPECT_TRUE(document_.stack()[0].visible);
    undo();
    EXPECT_EQ(document_.stack(), stack);
}

TEST_F(Document, WithAllLayersHiddenTheMaskIsFull) {
    MaskStack stack = document_.stack();
    stack[0].visible = false;
    document_.edit_stack(QStringLiteral("Hide"), {}, stack);
    EXPECT_EQ(document_.json()["mask"], parse_json(R"({"full":{}})", "mask"));
    EXPECT_EQ(document_.stack(), stack);
}

TEST_F(Document, TextThatIsNoObjectIsRefusedAndChangesNothing) {
    const std::string before = document_.text();
    const QSignalSpy changes(&document_, &ExperimentDocument::changed);
    for (const char* text : {"", "{", "[1]", "7", "null", R"({"a":1} x)", R"({"a":1,"a":2})", "{\"a\":\"\xff\"}"}) {
        const std::string message =
            message_of([&] { document_.edit_text(QStringLiteral("Edit JSON"), std::string(text)); });
        EXPECT_NE(message, "(no error)") << text;
        EXPECT_EQ(message.find('\n'), std::string::npos) << message;
        EXPECT_EQ(document_.text(), before) << text;
    }
    EXPECT_EQ(steps(), 0);
    EXPECT_EQ(changes.count(), 0);
}

TEST_F(Document, TextOfAnObjectIsTakenOverEvenWhenItIsNoExperiment) {
    document_.edit_text(QStringLiteral("Edit JSON"), R"({"mask": 5, "layout": []})");
    EXPECT_EQ(document_.json()["mask"], 5);
    EXPECT_EQ(document_.title(), QStringLiteral("untitled"));
    undo();
    EXPECT_FALSE(document_.modified());
}

TEST_F(Document, OpensAFileUnmodifiedAndForgetsTheSteps) {
    set("name", "before");
    document_.open(in("a.json", R"({"longscope_experiment":1,"name":"opened"})"));
    EXPECT_EQ(document_.json()["name"], "opened");
    EXPECT_EQ(document_.title(), QStringLiteral("a.json"));
    EXPECT_EQ(document_.folder(), folder_.path());
    EXPECT_FALSE(document_.modified());
    EXPECT_EQ(steps(), 0);
}

TEST_F(Document, AFileThatCannotBeOpenedChangesNothing) {
    set("name", "mine");
    const std::string before = document_.text();
    for (const std::string& path : {in("broken.json", "{"), in("list.json", "[1,2]"), in("other.json", R"({"a":1})"),
                                    (folder_.path() / "missing.json").string()}) {
        const std::string message = message_of([&] { document_.open(path); });
        EXPECT_NE(message.find(path), std::string::npos) << message;
        EXPECT_EQ(document_.text(), before);
        EXPECT_TRUE(document_.path().empty());
        EXPECT_EQ(steps(), 1);
    }
}

TEST_F(Document, WhatIsSavedIsTheText) {
    set("name", "saved");
    const QSignalSpy locations(&document_, &ExperimentDocument::location_changed);
    const std::filesystem::path path = folder_.path() / "saved.json";
    document_.save_as(path);
    EXPECT_EQ(read_bounded_file(path, 1 << 20), document_.text());
    EXPECT_EQ(document_.path(), path);
    EXPECT_FALSE(document_.modified());
    EXPECT_GT(locations.count(), 0);
    EXPECT_EQ(steps(), 1) << "a save is no step, and forgets none";
    undo();
    EXPECT_TRUE(document_.modified());
}

TEST_F(Document, AFailedSaveLeavesItModified) {
    set("name", "mine");
    EXPECT_THROW(document_.save_as(folder_.path() / "missing" / "a.json"), Error);
    EXPECT_TRUE(document_.modified());
    EXPECT_TRUE(document_.path().empty());
}

TEST_F(Document, RelativePathsFollowTheFileIntoItsNewFolder) {
    document_.open(in("one/a.json", with_lengths("lengths.txt").dump()));
    set("name", "b");
    std::filesystem::create_directories(folder_.path() / "two");
    document_.save_as(folder_.path() / "two" / "a.json");
    EXPECT_EQ(lengths(), "../one/lengths.txt");
    EXPECT_EQ(file_of(folder_.path() / "two" / "a.json"), document_.json());
    EXPECT_FALSE(document_.modified());
    // A step from before the move still names the same file.
    undo();
    EXPECT_EQ(lengths(), "../one/lengths.txt");
    EXPECT_FALSE(document_.json().contains("name"));
    EXPECT_TRUE(document_.modified());
    redo();
    EXPECT_EQ(lengths(), "../one/lengths.txt");
    EXPECT_FALSE(document_.modified());
}

TEST_F(Document, AbsolutePathsStayAsTheyAre) {
    const std::string absolute = folder_.path() / "lengths.txt";
    document_.open(in("one/a.json", with_lengths(absolute).dump()));
    std::filesystem::create_directories(folder_.path() / "two");
    document_.save_as(folder_.path() / "two" / "a.json");
    EXPECT_EQ(lengths(), absolute);
}

TEST_F(Document, WhatIsNoObjectIsNotTakenOver) {
    set("name", "mine");
    EXPECT_NE(message_of([&] { document_.take_over(Json::array({1})); }), "(no error)");
    EXPECT_EQ(document_.json()["name"], "mine");
    EXPECT_EQ(steps(), 1);
}

TEST_F(Document, ANewOneAndOneThatIsTakenOverHaveNoFile) {
    document_.open(in("a.json", R"({"longscope_experiment":1})"));
    set("name", "x");
    document_.start_new();
    EXPECT_TRUE(document_.path().empty());
    EXPECT_FALSE(document_.modified());
    EXPECT_EQ(steps(), 0);
    EXPECT_EQ(document_.title(), QStringLiteral("untitled"));
    set("name", "x");
    document_.take_over({{"longscope_experiment", 1}, {"name", "stored"}});
    EXPECT_TRUE(document_.path().empty());
    EXPECT_FALSE(document_.modified());
    EXPECT_EQ(document_.title(), QStringLiteral("stored"));
    EXPECT_EQ(document_.folder(), std::filesystem::current_path());
}

}  // namespace
}  // namespace longscope
