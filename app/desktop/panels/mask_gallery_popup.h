// SPDX-License-Identifier: GPL-3.0-or-later
// The gallery of masks over the window, while one is chosen for the experiment.
#pragma once

#include <QFrame>
#include <QPointer>

#include "app/desktop/panels/mask_stack_editor.h"
#include "widgets/mask/mask_gallery.h"

namespace longscope {

class MaskGalleryPopup : public QFrame {
    Q_OBJECT

  public:
    // Lies over `window`, hidden at first. All outlive it.
    MaskGalleryPopup(MaskStackEditor& editor, const Appearance& appearance, QWidget& window);

    void open();
    [[nodiscard]] MaskGallery& gallery() { return *gallery_; }

  protected:
    void keyPressEvent(QKeyEvent* event) override;
    // Tab goes round inside.
    bool focusNextPrevChild(bool next) override;

  private:
    void close_popup();
    void hide_without_focus(QWidget* now);

    QWidget& window_;
    MaskGallery* gallery_;
    QPointer<QWidget> focus_before_;  // gets it back when nothing was chosen
};

}  // namespace longscope
