// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/lengths_editor.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <nlohmann/json.hpp>

#include "app/desktop/panels/calm_fields.h"
#include "app/desktop/panels/lengths_text.h"
#include "widgets/base/colours.h"

namespace longscope {

namespace {

enum Form { one_document, list, file, histogram };

const Json* lengths_of(const Json& document) {
    static const Json::json_pointer place("/sequence/lengths");
    return document.is_object() && document.contains(place) && document[place].is_object() ? &document[place] : nullptr;
}

Form form_of(const Json* lengths) {
    if (lengths == nullptr) {
        return one_document;
    }
    return lengths->contains("list") ? list : lengths->contains("file") ? file : histogram;
}

QString plain(const Json& value) {
    return to_qstring(value.is_string() ? value.get<std::string>() : shown(value));
}

void set_lengths(Json& document, const Json& lengths) {
    if (!document["sequence"].is_object()) {
        document["sequence"] = Json::object();
    }
    if (lengths.is_null()) {
        document["sequence"].erase("lengths");
    } else {
        document["sequence"]["lengths"] = lengths;
    }
}

}  // namespace

LengthsEditor::LengthsEditor(ExperimentDocument& document, QWidget* parent)
    : QWidget(parent),
      document_(document),
      form_(new CalmComboBox(this)),
      text_(new QLineEdit(this)),
      shown_(std::make_unique<Json>()) {
    auto* rows = new QVBoxLayout(this);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(4);
    auto* first = new QHBoxLayout;
    rows->addLayout(first);
    form_->setObjectName(QStringLiteral("sequence.lengths"));
    form_->addItems({tr("one document"), tr("a list"), tr("drawn from a file"), tr("drawn from a histogram")});
    form_->setAccessibleName(tr("Document lengths"));
    form_->setToolTip(tr("Where the lengths of the packed documents come from; drop a lengths file here"));
    first->addWidget(form_, 1);
    auto* browse = new QToolButton(this);
    browse->setText(tr("File..."));
    browse->setToolTip(tr("Choose a lengths file or a histogram"));
    browse->setAccessibleName(tr("Choose a lengths file or a histogram"));
    connect(browse, &QToolButton::clicked, this, &LengthsEditor::file_wanted);
    first->addWidget(browse);
    text_->setObjectName(QStringLiteral("sequence.lengths.text"));
    text_->setAccessibleName(tr("Lengths"));
    rows->addWidget(text_);
    connect(form_, qOverload<int>(&QComboBox::activated), this, &LengthsEditor::choose);
    connect(text_, &QLineEdit::editingFinished, this, &LengthsEditor::take_text);
    connect(&document_, &ExperimentDocument::changed, this, &LengthsEditor::refresh);
    refresh();
}

LengthsEditor::~LengthsEditor() = default;

void LengthsEditor::refresh() {
    const Json* lengths = lengths_of(document_.json());
    const Form form = form_of(lengths);
    const QSignalBlocker blocker(text_);
    form_->setCurrentIndex(form);
    text_->setVisible(form != one_document);
    if (lengths != nullptr && *lengths == *shown_ && !text_->isModified()) {
        return;  // a long list takes its time
    }
    *shown_ = lengths == nullptr ? Json() : *lengths;
    if (form == list) {
        const Json& documents = (*lengths)["list"];
        text_->setText(documents.is_array() ? list_text(documents) : plain(documents));
        text_->setToolTip(
            tr("Lengths of the documents in tokens, in order, as in 512, 3 x 1024; they sum to the tokens of the "
               "sequence"));
    } else if (form == file) {
        text_->setText(plain((*lengths)["file"]));
        text_->setToolTip(tr("A lengths file; a relative path begins at the experiment's folder"));
    } else if (form == histogram && lengths->contains("histogram")) {
        const Json& bins = (*lengths)["histogram"];
        text_->setText(bins.is_object() ? histogram_text(bins) : plain(bins));
        text_->setToolTip(tr("Bins and their weights, as in [256,1024): 0.7, [1024,4096): 0.3"));
    }
}

void LengthsEditor::choose(int form) {
    const Json::json_pointer place("/sequence/tokens");
    const Json tokens = document_.json().contains(place) ? document_.json()[place] : Json(1);
    Json lengths;
    if (form == list) {
        constexpr std::int64_t documents = 4;
        const bool divides =
            tokens.is_number_integer() && tokens.get<std::int64_t>() > 0 && tokens.get<std::int64_t>() % documents == 0;
        lengths = {{"list", divides ? Json(std::vector<std::int64_t>(documents, tokens.get<std::int64_t>() / documents))
                                    : Json::array({tokens})}};
    } else if (form == histogram) {
        lengths = {{"histogram", {{"[256,1024)", 1}, {"[1024,4096)", 1}}}};
    } else if (form == file) {
        refresh();
        Q_EMIT file_wanted();
        return;
    }
    document_.edit(tr("Change document lengths"), {}, [&](Json& document) { set_lengths(document, lengths); });
    refresh();
}

void LengthsEditor::take_text() {
    const Form form = form_of(lengths_of(document_.json()));
    Json lengths;
    if (form == file) {
        lengths = {{"file", text_->text().toStdString()}};
    } else if (form == histogram) {
        lengths = {{"histogram", histogram_from_text(text_->text())}};
    } else {
        lengths = {{"list", list_from_text(text_->text())}};
    }
    if (lengths_of(document_.json()) == nullptr || *lengths_of(document_.json()) != lengths) {
        document_.edit(tr("Change document lengths"), {}, [&](Json& document) { set_lengths(document, lengths); });
    }
}

void LengthsEditor::use_file(const std::filesystem::path& path) {
    std::filesystem::path shown_path = path;
    if (!document_.path().empty()) {
        // Beside the experiment the two can be moved together.
        const std::filesystem::path near = std::filesystem::proximate(path, document_.folder());
        if (!near.empty() && *near.begin() != "..") {
            shown_path = near;
        }
    }
    document_.edit(tr("Change document lengths"), {}, [&](Json& document) {
        set_lengths(document, {{"file", shown_path.string()}});
    });
}

}  // namespace longscope
