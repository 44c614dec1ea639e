// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/actions/example_menu.h"

#include <QCoreApplication>
#include <QDir>

#include "app/headless/program_files.h"
#include "widgets/base/colours.h"

namespace longscope {

QMenu* make_example_menu(QWidget& window, const std::function<void(const std::filesystem::path&)>& open) {
    auto* menu = new QMenu(QCoreApplication::translate("ExampleMenu", "Open e&xample"), &window);
    menu->menuAction()->setObjectName(QStringLiteral("file.examples"));
    const QDir folder(to_qstring(resource_path("experiments").string()));
    const QFileInfoList files = folder.entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Name);
    for (const QFileInfo& file : files) {
        const std::filesystem::path path = file.absoluteFilePath().toStdString();
        QObject::connect(menu->addAction(file.completeBaseName()), &QAction::triggered, &window,
                         [open, path] { open(path); });
    }
    menu->setEnabled(!files.isEmpty());
    return menu;
}

}  // namespace longscope
