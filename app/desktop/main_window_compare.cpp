// SPDX-License-Identifier: GPL-3.0-or-later
// The experiment's mask beside another one: a preset, a file, or what was saved last.
#include <QMenu>
#include <vector>

#include "app/desktop/main_window.h"
#include "app/desktop/mask_page.h"
#include "engine/mask/mask_presets.h"
#include "widgets/base/colours.h"

namespace longscope {

void MainWindow::make_compare_actions() {
    const QString menu = tr("&View");
    QAction& saved = actions_.add({QStringLiteral("view.compare_saved"),
                                   menu,
                                   tr("Compare mask with last sa&ve"),
                                   tr("Where the mask differs from what was opened or saved last"),
                                   {QKeySequence(QStringLiteral("Ctrl+D"))},
                                   [this] { compare_with_saved(); },
                                   false,
                                   true});
    QAction& file = actions_.add(
        {QStringLiteral("view.compare_file"),
         menu,
         tr("Compare mask with fi&le..."),
         tr("Where the mask differs from one in a file: JSON, another experiment, another library's arrays"),
         {},
         [this] { compare_with_file(); }});
    auto* presets = new QMenu(tr("Compare mask with &preset"), this);
    presets->setToolTipsVisible(true);
    presets->menuAction()->setObjectName(QStringLiteral("view.compare_preset"));
    for (const MaskPreset& preset : mask_presets()) {
        QAction* action = presets->addAction(to_qstring(preset.name));
        action->setToolTip(to_qstring(preset.meaning));
        connect(action, &QAction::triggered, this, [this, &preset] { compare_with(other_mask(preset)); });
    }
    actions_.add(menu, *presets->menuAction(), tr("Where the mask differs from a published one"));
    MaskComparison& comparison = mask_page_->comparison();
    std::vector<QAction*> steps;
    for (const bool forward : {true, false}) {
        steps.push_back(&actions_.add(
            {forward ? QStringLiteral("view.next_difference") : QStringLiteral("view.previous_difference"),
             menu,
             forward ? tr("Ne&xt difference") : tr("Previo&us difference"),
             forward ? tr("To the next place where the compared masks differ")
                     : tr("To the place before where the compared masks differ"),
             {QKeySequence(forward ? QStringLiteral("F7") : QStringLiteral("Shift+F7"))},
             [this, forward] {
                 tabs_->setCurrentWidget(mask_page_);
                 mask_page_->go_to_difference(forward);
             }}));
    }
    QAction& end = actions_.add({QStringLiteral("view.compare_end"),
                                 menu,
                                 tr("E&nd comparison"),
                                 tr("Show the mask of this experiment alone again"),
                                 {},
                                 [&comparison] { comparison.end(); }});
    const auto enable = [&comparison, &end, steps] {
        end.setEnabled(comparison.active());
        for (QAction* step : steps) {
            step->setEnabled(comparison.current() != nullptr && !comparison.current()->difference->regions.empty());
        }
    };
    connect(&comparison, &MaskComparison::changed, this, enable);
    enable();
    connect(&document_, &ExperimentDocument::location_changed, this, [this] {
        if (compared_save_ && *compared_save_ != document_.saved_text() && mask_page_->comparison().active()) {
            compare_with_saved();
        }
    });
    connect(mask_page_, &MaskPage::compare_look_wanted, this,
            [this] { compare_with(other_mask(looked_at_.first, looked_at_.second)); });
    auto* choices = new QMenu(mask_page_);
    choices->addActions({&saved, &file, presets->menuAction(), steps[0], steps[1], &end});
    mask_page_->set_compare_menu(*choices);
}

void MainWindow::compare_with(OtherMask other) {
    compared_save_.reset();
    tabs_->setCurrentWidget(mask_page_);
    mask_page_->comparison().start(std::move(other));
}

void MainWindow::compare_with_saved() {
    compare_with(other_mask(tr("the last save"), document_.saved_text()));
    compared_save_ = document_.saved_text();
}

void MainWindow::compare_with_file() {
    const QString path =
        chooser_->to_open(*this, tr("Compare mask with"), tr("Masks and experiments (*.json *.npy);;All files (*)"));
    if (!path.isEmpty()) {
        compare_with(other_mask(std::filesystem::path(path.toStdString())));
    }
}

}  // namespace longscope
