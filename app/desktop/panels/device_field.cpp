// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/desktop/panels/device_field.h"

#include <fmt/format.h>

#include <QComboBox>
#include <QSignalBlocker>
#include <QStandardItemModel>
#include <nlohmann/json.hpp>

#include "app/desktop/run/run_controller.h"
#include "app/headless/opencl_child.h"
#include "engine/base/error.h"
#include "engine/base/units.h"
#include "widgets/base/colours.h"
#include "widgets/base/error_text.h"

namespace longscope {

namespace {

std::string value_of(const std::vector<opencl::DeviceFacts>& devices, std::size_t place) {
    const std::string& name = devices[place].name;
    try {
        if (opencl::chosen_devices(devices, name, opencl::device_field) == std::vector<std::size_t>{place}) {
            return name;
        }
    } catch (const Error&) {
        // No name that anything could be found by.
    }
    return std::to_string(devices[place].index);
}

QString chosen_device(const Json& document) {
    const Json::json_pointer place("/backend/device");
    return document.is_object() && document.contains(place) && document[place].is_string()
               ? to_qstring(document[place].get<std::string>())
               : QString();
}

bool computes_on_devices(const Json& document) {
    const Json::json_pointer place("/backend/name");
    return document.is_object() && document.contains(place) && document[place] == "opencl";
}

}  // namespace

std::vector<DeviceChoice> device_choices(const std::vector<opencl::DeviceFacts>& devices) {
    std::vector<DeviceChoice> choices;
    for (std::size_t i = 0; i < devices.size(); ++i) {
        const opencl::DeviceFacts& facts = devices[i];
        choices.push_back({value_of(devices, i), fmt::format("{} ({})", facts.name, to_string(facts.type)),
                           fmt::format("{}; {} compute units, {} of memory", facts.platform, facts.compute_units,
                                       format_bytes(facts.memory_bytes)),
                           opencl::why_unusable(facts)});
    }
    return choices;
}

DeviceField::DeviceField(ExperimentDocument& document, QComboBox& box, QObject* parent)
    : QObject(parent), document_(document), box_(box) {
    box_.addItem(tr("automatic"), QString());
    connect(&document_, &ExperimentDocument::changed, this, &DeviceField::show_chosen);
    show_chosen();
    job_.start(
        [](const std::atomic<bool>& /*cancelled*/) {
            const QString engine = RunController::engine_path();
            if (engine.isEmpty()) {
                throw failed("longscope-engine, which looks for devices, is not found");
            }
            const ListedDevices listed = OpenClChild(engine.toStdString()).list();
            return Listing{device_choices(listed.facts), listed.why_none, listed.why_unused};
        },
        [this](const Listing& listing) {
            why_unused_ = listing.why_unused;
            fill(listing.choices, to_qstring(listing.why_none));
        },
        [this](const std::exception_ptr& error) {
            why_unused_ = error_text(error).toStdString();
            fill({}, error_text(error));
        });
}

void DeviceField::fill(const std::vector<DeviceChoice>& choices, const QString& why_none) {
    const QSignalBlocker blocker(box_);
    while (box_.count() > 1) {
        box_.removeItem(box_.count() - 1);
    }
    const auto refuse = [&](const QString& reason) {
        qobject_cast<QStandardItemModel*>(box_.model())->item(box_.count() - 1)->setEnabled(false);
        box_.setItemData(box_.count() - 1, reason, Qt::ToolTipRole);
        box_.setItemData(box_.count() - 1, reason, Qt::AccessibleDescriptionRole);
    };
    for (const DeviceChoice& choice : choices) {
        const QString text = to_qstring(choice.text);
        const QString reason = to_qstring(choice.refusal);
        box_.addItem(reason.isEmpty() ? text : tr("%1: %2").arg(text, reason), to_qstring(choice.value));
        box_.setItemData(box_.count() - 1, to_qstring(choice.details), Qt::ToolTipRole);
        if (!reason.isEmpty()) {
            refuse(reason);
        }
    }
    if (choices.empty()) {
        box_.addItem(why_none, QVariant());
        refuse(why_none);
    }
    listed_ = box_.count();
    knows_devices_ = true;
    show_chosen();
    Q_EMIT devices_known();
}

void DeviceField::show_chosen() {
    const QSignalBlocker blocker(box_);
    while (box_.count() > listed_) {
        box_.removeItem(box_.count() - 1);
    }
    const QString chosen = chosen_device(document_.json());
    if (box_.findData(chosen) < 0) {
        box_.addItem(chosen, chosen);
    }
    box_.setCurrentIndex(box_.findData(chosen));
    box_.setEnabled(computes_on_devices(document_.json()));
}

}  // namespace longscope
