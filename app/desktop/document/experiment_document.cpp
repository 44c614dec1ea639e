// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/document/experiment_document.h"

#include <QUndoCommand>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/desktop/document/hidden_layers.h"
#include "engine/base/atomic_file.h"
#include "engine/base/bounded_file.h"
#include "engine/base/error.h"
#include "engine/experiment/experiment.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

constexpr std::int64_t most_bytes = std::int64_t{64} << 20;

Json new_document() {
    return {
        {"longscope_experiment", experiment_version},
        {"name", "untitled"},
        {"description", ""},
        {"shape",
         {{"query_heads", 8}, {"key_value_heads", 2}, {"head_dim_qk", 64}, {"head_dim_v", 64}, {"dtype", "float32"}}},
        {"sequence", {{"tokens", 16384}, {"draws", 1}, {"seed", 1}}},
        {"mask", {{"causal", Json::object()}}},
        {"layout", {{"ranks", 2}, {"strategy", "ring"}, {"dispatch", "zigzag"}}},
        {"backend", {{"name", "cpu"}, {"threads", 0}, {"memory_per_rank_bytes", 0}}},
        {"repetitions", {{"warm_up", 1}, {"measured", 5}}},
        {"check", {{"rows", 64}}}};
}

std::string text_of(const Json& document) {
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

const Json& part_of(const Json& document, const char* name) {
    static const Json none;
    return document.is_object() && document.contains(name) ? document[name] : none;
}

bool same_layers(const Json& a, const Json& b) {
    return part_of(a, "mask") == part_of(b, "mask") && part_of(a, "editor") == part_of(b, "editor");
}

// The place of a lengths file in the document; null without one.
Json* lengths_file(Json& document) {
    Json* at = &document;
    for (const char* name : {"sequence", "lengths", "file"}) {
        if (!at->is_object() || !at->contains(name)) {
            return nullptr;
        }
        at = &(*at)[name];
    }
    return at->is_string() ? at : nullptr;
}

// The same state of a document that has moved from one folder to another.
DocumentState moved(const DocumentState& state, const std::filesystem::path& from, const std::filesystem::path& to) {
    if (from == to) {
        return state;
    }
    Json document = parse_json(state.text, "experiment");
    Json* file = lengths_file(document);
    if (file == nullptr || std::filesystem::path(file->get<std::string>()).is_absolute()) {
        return state;
    }
    *file = std::filesystem::proximate(from / file->get<std::string>(), to).string();
    return {text_of(document), state.stack};
}

}  // namespace

class ExperimentDocument::Step : public QUndoCommand {
  public:
    Step(ExperimentDocument& document, const QString& what, QString merge_key, DocumentState next)
        : QUndoCommand(what),
          document_(document),
          merge_key_(std::move(merge_key)),
          folder_(document.folder()),
          before_(document.state_),
          after_(std::move(next)) {}

    void undo() override { document_.set_state(moved(before_, folder_, document_.folder())); }
    void redo() override { document_.set_state(moved(after_, folder_, document_.folder())); }
    [[nodiscard]] int id() const override { return merge_key_.isEmpty() ? -1 : 1; }
    bool mergeWith(const QUndoCommand* other) override {
        const auto* next = dynamic_cast<const Step*>(other);
        if (next == nullptr || next->merge_key_ != merge_key_ || next->folder_ != folder_) {
            return false;
        }
        after_ = next->after_;
        setObsolete(after_ == before_);
        return true;
    }

  private:
    ExperimentDocument& document_;
    QString merge_key_;
    std::filesystem::path folder_;  // where relative paths in the two begin
    DocumentState before_;
    DocumentState after_;
};

ExperimentDocument::ExperimentDocument(QObject* parent) : QObject(parent), json_(std::make_shared<const Json>()) {
    connect(&undo_, &QUndoStack::cleanChanged, this, &ExperimentDocument::location_changed);
    start_new();
}

ExperimentDocument::~ExperimentDocument() {
    // The stack's own end would signal to an object that is going.
    undo_.disconnect(this);
}

std::filesystem::path ExperimentDocument::folder() const {
    return path_.empty() ? std::filesystem::current_path() : std::filesystem::absolute(path_).parent_path();
}

QString ExperimentDocument::title() const {
    if (!path_.empty()) {
        return to_qstring(path_.filename().string());
    }
    const bool named = json_->is_object() && json_->contains("name") && (*json_)["name"].is_string();
    return named ? to_qstring((*json_)["name"].get<std::string>()) : tr("untitled");
}

void ExperimentDocument::edit(const QString& what, const QString& merge_key, const std::function<void(Json&)>& change) {
    Json document = *json_;
    change(document);
    MaskStack stack = same_layers(document, *json_) ? state_.stack : stack_of(document);
    push(what, merge_key, {text_of(document), std::move(stack)});
}

void ExperimentDocument::edit_stack(const QString& what, const QString& merge_key, const MaskStack& stack) {
    Json document = *json_;
    put_stack(document, stack);
    push(what, merge_key, {text_of(document), stack});
}

void ExperimentDocument::edit_text(const QString& what, const std::string& text) {
    const Json document = parse_json(text, "experiment");
    if (!document.is_object()) {
        throw bad_input("experiment", shown(document), "is not an object", "{...}");
    }
    edit(what, {}, [&](Json& mine) { mine = document; });
}

void ExperimentDocument::push(const QString& what, const QString& merge_key, DocumentState next) {
    if (!(next == state_)) {
        undo_.push(new Step(*this, what, merge_key, std::move(next)));  // the stack owns it
    }
}

void ExperimentDocument::set_state(const DocumentState& state) {
    state_ = state;
    json_ = std::make_shared<const Json>(parse_json(state.text, "experiment"));
    Q_EMIT changed();
    Q_EMIT location_changed();
}

void ExperimentDocument::replace(const Json& document, const std::filesystem::path& path) {
    undo_.clear();
    path_ = path;
    saved_text_ = text_of(document);
    set_state({saved_text_, stack_of(document)});
}

void ExperimentDocument::start_new() {
    replace(new_document(), {});
}

void ExperimentDocument::take_over(const Json& document) {
    if (!document.is_object()) {
        throw bad_input("experiment", shown(document), "is not an object", "{...}");
    }
    replace(document, {});
}

void ExperimentDocument::open(const std::filesystem::path& path) {
    open(path, parse_json(read_bounded_file(path, most_bytes), path.string()));
}

void ExperimentDocument::open(const std::filesystem::path& path, const Json& document) {
    if (!looks_like_experiment(document)) {
        throw bad_input(path.string(), "its content", "is not an experiment",
                        "a JSON object with the field longscope_experiment");
    }
    replace(document, path);
}

void ExperimentDocument::save_as(const std::filesystem::path& path) {
    const DocumentState state = moved(state_, folder(), std::filesystem::absolute(path).parent_path());
    AtomicFile out(path);
    out.stream() << state.text;
    out.commit();
    path_ = path;
    saved_text_ = state.text;
    if (!(state == state_)) {
        set_state(state);
    }
    undo_.setClean();
    Q_EMIT location_changed();
}

}  // namespace longscope
