// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "tests/support/dispatched_case.h"
#include "tests/support/expect_error.h"

namespace longscope {
namespace {

Schedule example() {
    const DispatchedCase c({{1, 4, 2, 16, 24, DType::float32}, {100, 100, {}}, R"({"causal": {}})", 1}, "zigzag", 4);
    return write_ring(c.input(1), Pass::forward);
}

Schedule backward_example() {
    const DispatchedCase c({{1, 4, 2, 16, 24, DType::float32}, {100, 100, {}}, R"({"causal": {}})", 1}, "zigzag", 4);
    return write_ulysses(c.input(1), Pass::forward_backward);
}

TEST(ScheduleJson, ReadsBackWhatWasWritten) {
    for (const Schedule& schedule : {example(), backward_example()}) {
        EXPECT_EQ(schedule_from_json(parse_json(to_json(schedule).dump(), "test")), schedule);
    }
}

TEST(ScheduleJson, ADocumentOfTheForwardPassAloneIsAsItWasBefore) {
    const Json forward = to_json(example());
    EXPECT_EQ(forward.at("longscope_schedule"), 1);
    EXPECT_FALSE(forward.contains("pass"));
    const Json both = to_json(backward_example());
    EXPECT_EQ(both.at("longscope_schedule"), 2);
    EXPECT_EQ(both.at("pass"), "forward_backward");
}

// Who reads version 1 does not know that blocks may begin anywhere in a message.
TEST(ScheduleJson, ADocumentOfTheForwardPassWithOffsetsIsOfVersion2) {
    const DispatchedCase c({{1, 4, 2, 16, 24, DType::float32}, {100, 100, {}}, R"({"causal": {}})", 1}, "zigzag", 4);
    const Schedule schedule = write_split_kv(c.input(1), Pass::forward);
    EXPECT_EQ(to_json(schedule).at("longscope_schedule"), 2);
    EXPECT_EQ(schedule_from_json(parse_json(to_json(schedule).dump(), "test")), schedule);
}

Json example_with_groups() {
    DispatchedCase c({{1, 4, 2, 16, 24, DType::float32}, {100, 100, {}}, R"({"causal": {}})", 1}, "zigzag", 4);
    c.options.ulysses = 2;
    const Schedule schedule = write_usp(c.input(1), Pass::forward);
    EXPECT_EQ(schedule_from_json(parse_json(to_json(schedule).dump(), "test")), schedule);
    return to_json(schedule);
}

TEST(ScheduleJson, HoldsTheGroupsOfTransfers) {
    const Json document = example_with_groups();
    EXPECT_EQ(document.at("longscope_schedule"), 2);
    EXPECT_EQ(document.at("groups"),
              Json::parse(R"([{"name": "heads", "ranks": [0, 1]}, {"name": "ring", "ranks": [1, 3]}])"));
}

TEST(ScheduleJson, RefusesGroupsThatATransferIsNotOf) {
    const Json good = example_with_groups();
    const auto expect_refused = [&](const Json& patch, const std::string& message) {
        expect_error(ErrorKind::bad_input, {message}, [&] { (void)schedule_from_json(good.patch(patch)); });
    };
    std::size_t send = 0;
    while (good.at("operations").at(send).at("op") != "send") {
        ++send;
    }
    const std::string group = "/operations/" + std::to_string(send) + "/group";
    expect_refused({{{"op", "replace"}, {"path", group}, {"value", 0}}}, "is without rank 3");
    expect_refused({{{"op", "replace"}, {"path", group}, {"value", 2}}}, "group");
    expect_refused({{{"op", "replace"}, {"path", "/groups/0/ranks"}, {"value", {0, 2}}}}, "groups[0].ranks");
    expect_refused({{{"op", "replace"}, {"path", "/groups/1/ranks"}, {"value", {3, 1}}}}, "above the one before");
}

TEST(ScheduleJson, RefusesDamage) {
    const Json good = to_json(example());
    const auto expect_refused = [&](const char* pointer, const Json& value) {
        Json bad = good;
        bad[Json::json_pointer(pointer)] = value;
        EXPECT_THROW((void)schedule_from_json(bad), Error) << pointer << " " << value.dump();
    };
    expect_refused("/longscope_schedule", 3);
    expect_refused("/longscope_schedule", 2);  // which names its pass
    expect_refused("/rank", 4);
    expect_refused("/operations", "x");
    expect_refused("/operations/0/op", "alloca");
    expect_refused("/operations/0/stream", 1);
    expect_refused("/operations/0/buffer", -5);
    expect_refused("/operations/0/offset_bytes", -1);
    expect_refused("/operations/0/unknown", 1);
    expect_refused("/operations/4/after", Json{1000});
    expect_refused("/operations/4/peer", 4);
    expect_refused("/operations/4/buffer", 77);
    expect_refused("/operations/4/bytes", INT64_MAX);
}

TEST(ScheduleJson, SumsOfWhatWasReadFit) {
    Json document = to_json(example());
    document["operations"] = parse_json(R"([
        {"op": "alloc", "stream": "compute", "step": 0, "role": "partial", "buffer": 1, "bytes": 4611686018427387904},
        {"op": "free", "stream": "compute", "step": 0, "buffer": 1},
        {"op": "free", "stream": "compute", "step": 0, "buffer": 1},
        {"op": "free", "stream": "compute", "step": 0, "buffer": 1}])",
                                        "test");
    EXPECT_EQ(totals(schedule_from_json(document)).peak_buffer_bytes, std::int64_t{1} << 62);
    document["operations"][3]["bytes"] = 1;
    EXPECT_THROW((void)schedule_from_json(document), Error);
}

}  // namespace
}  // namespace longscope
