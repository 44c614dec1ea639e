// SPDX-License-Identifier: GPL-3.0-or-later
// Where the lengths of the documents come from: one document, a list, a file, a histogram.
#pragma once

#include <QWidget>
#include <filesystem>
#include <memory>

#include "app/desktop/document/experiment_document.h"

class QComboBox;
class QLineEdit;

namespace longscope {

class LengthsEditor : public QWidget {
    Q_OBJECT

  public:
    // The document outlives it.
    explicit LengthsEditor(ExperimentDocument& document, QWidget* parent = nullptr);
    ~LengthsEditor() override;

    // A lengths file or a histogram becomes the source of lengths.
    void use_file(const std::filesystem::path& path);

  Q_SIGNALS:
    // The user asks for a file; whoever has dialogs answers with use_file().
    void file_wanted();

  private:
    void refresh();
    void choose(int form);
    void take_text();

    ExperimentDocument& document_;
    QComboBox* form_;
    QLineEdit* text_;
    std::unique_ptr<Json> shown_;  // in the line; null: one document
};

}  // namespace longscope
