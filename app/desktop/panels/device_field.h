// SPDX-License-Identifier: GPL-3.0-or-later
// The devices of OpenCL that an experiment may ask for. They are looked for by another process: drivers take their
// time, and some crash.
#pragma once

#include <QObject>
#include <string>
#include <vector>

#include "app/desktop/document/experiment_document.h"
#include "engine/kernel/opencl/device_facts.h"
#include "widgets/base/latest_job.h"

class QComboBox;

namespace longscope {

struct DeviceChoice {
    std::string value;    // of backend.device
    std::string text;     // name and type
    std::string details;  // in a few words
    std::string refusal;  // why it cannot be used; empty: it can
};

// A device by its name where that stands for no other one, else by its number.
[[nodiscard]] std::vector<DeviceChoice> device_choices(const std::vector<opencl::DeviceFacts>& devices);

// Fills the box of a form; both outlive it.
class DeviceField : public QObject {
    Q_OBJECT

  public:
    DeviceField(ExperimentDocument& document, QComboBox& box, QObject* parent = nullptr);

    // Have the devices been looked for?
    [[nodiscard]] bool knows_devices() const { return knows_devices_; }
    // Why the backend has no device that it could use, in one line; empty where it has, or that is not known yet.
    [[nodiscard]] const std::string& why_unused() const { return why_unused_; }

  Q_SIGNALS:
    void devices_known();

  private:
    void fill(const std::vector<DeviceChoice>& choices, const QString& why_none);
    // What the document says, in the list or not.
    void show_chosen();

    ExperimentDocument& document_;
    QComboBox& box_;
    bool knows_devices_ = false;
    std::string why_unused_;
    int listed_ = 1;  // entries without one that the document alone names
    struct Listing {
        std::vector<DeviceChoice> choices;
        std::string why_none;
        std::string why_unused;
    };
    LatestJob<Listing> job_;
};

}  // namespace longscope
