// SPDX-License-Identifier: GPL-3.0-or-later
// The devices that an experiment may ask for, in the window.
#include "app/desktop/panels/device_field.h"

#include <gtest/gtest.h>

#include <QAbstractItemModel>
#include <QComboBox>
#include <QElapsedTimer>
#include <QSignalSpy>

#include "tests/gui/window_fixture.h"

namespace longscope {
namespace {

opencl::DeviceFacts facts(std::int64_t index, const char* name, opencl::DeviceType type) {
    opencl::DeviceFacts facts;
    facts.index = index;
    facts.name = name;
    facts.platform = "Vendor";
    facts.type = type;
    facts.compute_units = 4;
    facts.memory_bytes = std::int64_t{1} << 30;
    facts.compiler = true;
    return facts;
}

TEST(DeviceChoices, AreByNameWhereThatIsOneDeviceAndByNumberElse) {
    std::vector<opencl::DeviceFacts> devices{
        facts(0, "Large GPU", opencl::DeviceType::gpu), facts(1, "Twin", opencl::DeviceType::gpu),
        facts(2, "Twin", opencl::DeviceType::gpu), facts(3, "cpu", opencl::DeviceType::processor),
        facts(4, "Other processor", opencl::DeviceType::processor)};
    devices[4].compiler = false;
    const std::vector<DeviceChoice> choices = device_choices(devices);
    ASSERT_EQ(choices.size(), 5U);
    EXPECT_EQ(choices[0].value, "Large GPU");
    EXPECT_EQ(choices[1].value, "1");
    EXPECT_EQ(choices[2].value, "2");
    EXPECT_EQ(choices[3].value, "3") << "the word stands for the other one too";
    EXPECT_EQ(choices[0].text, "Large GPU (gpu)");
    EXPECT_EQ(choices[0].details, "Vendor; 4 compute units, 1.00 GiB of memory");
    EXPECT_EQ(choices[0].refusal, "");
    EXPECT_NE(choices[4].refusal.find("no compiler"), std::string::npos);
    // What is stored asks for that device.
    for (std::size_t i = 0; i < devices.size(); ++i) {
        EXPECT_EQ(opencl::chosen_devices(devices, choices[i].value, "field"), std::vector<std::size_t>{i});
    }
}

class WindowDevices : public WindowTest {
  protected:
    QComboBox& box() { return find<QComboBox>("backend.device"); }
    void set_backend(const char* name) {
        window_->document().edit(QStringLiteral("Backend"), {}, [&](Json& json) { json["backend"]["name"] = name; });
        wait_for_answer();
    }
    // Until the devices have been looked for, which takes time but none of this thread.
    void wait_for_devices() {
        auto& field = find_field();
        QSignalSpy known(&field, &DeviceField::devices_known);
        if (!field.knows_devices()) {
            ASSERT_TRUE(known.wait(20'000));
        }
    }
    DeviceField& find_field() {
        auto* field = window_->findChild<DeviceField*>();
        EXPECT_NE(field, nullptr);
        return *field;
    }
};

TEST_F(WindowDevices, AreThoseOfThisMachineAndStoredAsTheyAreChosen) {
    wait_for_devices();
    const std::vector<DeviceChoice> choices = device_choices(opencl::device_facts());
    ASSERT_FALSE(choices.empty()) << opencl::why_no_device();
    EXPECT_EQ(box().count(), 1 + static_cast<int>(choices.size()));
    EXPECT_FALSE(box().isEnabled()) << "of the backend cpu";
    set_backend("opencl");
    EXPECT_TRUE(box().isEnabled());
    EXPECT_EQ(box().currentIndex(), 0) << "automatic";
    box().setCurrentIndex(1);
    Q_EMIT box().activated(1);
    EXPECT_EQ(experiment()["backend"]["device"], choices[0].value);
    wait_for_answer();
    ASSERT_NE(window_->evaluator().current(), nullptr) << window_->evaluator().refusal().toStdString();
    window_->document().undo_stack().undo();
    EXPECT_EQ(box().currentIndex(), 0);
}

TEST_F(WindowDevices, OneThatTheDocumentAloneNamesIsShownAsItStands) {
    wait_for_devices();
    const int before = box().count();
    window_->document().edit(QStringLiteral("Device"), {}, [](Json& json) {
        json["backend"] = {{"name", "opencl"}, {"device", "a device of another machine"}};
    });
    EXPECT_EQ(box().currentText(), QStringLiteral("a device of another machine"));
    EXPECT_EQ(box().count(), before + 1);
    window_->document().undo_stack().undo();
    EXPECT_EQ(box().count(), before);
}

}  // namespace
}  // namespace longscope
