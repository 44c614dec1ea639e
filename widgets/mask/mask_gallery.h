// SPDX-License-Identifier: GPL-3.0-or-later
// Every mask that the program knows by name, to look at, to search and to choose from.
#pragma once

#include <QLineEdit>
#include <QListView>
#include <QWidget>

#include "widgets/base/appearance.h"
#include "widgets/mask/mask_gallery_model.h"

class QLabel;
class QPushButton;

namespace longscope {

class MaskGallery : public QWidget {
    Q_OBJECT

  public:
    // The appearance outlives it.
    explicit MaskGallery(const Appearance& appearance, QWidget* parent = nullptr);

    // As at first: no search, the first mask.
    void start_again();
    [[nodiscard]] QLineEdit& search() { return *search_; }
    [[nodiscard]] QListView& list() { return *list_; }
    // Null when nothing fits the search.
    [[nodiscard]] const GalleryEntry* current() const;

  Q_SIGNALS:
    void add_wanted(const GalleryEntry& entry);
    void replace_wanted(const GalleryEntry& entry);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void showEvent(QShowEvent* event) override;

  private:
    void filter(const QString& text);
    void tell_current();
    void add_current();
    void replace_current();

    MaskGalleryModel* model_;
    MaskGalleryFilter* filter_;
    QLineEdit* search_;
    QListView* list_;
    QLabel* details_;
    QPushButton* add_;
    QPushButton* replace_;
};

}  // namespace longscope
