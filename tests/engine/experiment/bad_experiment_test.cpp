// SPDX-License-Identifier: GPL-3.0-or-later
// What is wrong with a document, and the line that says so.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/engine/experiment/example.h"
#include "tests/support/message_of.h"

namespace longscope {
namespace {

struct Mistake {
    const char* place;  // JSON pointer into the example
    const char* value;  // JSON; null: the field is removed
    const char* message;
};

const Mistake mistakes[] = {
    {"", "[]", "the document: [] is not an object; accepted: a JSON object {...}"},
    {"/longscope_experiment", nullptr, "longscope_experiment: is missing; accepted: 1"},
    {"/longscope_experiment", "2", "longscope_experiment: 2 is newer than this program reads; accepted: 1"},
    {"/longscope_experiment", "0", "longscope_experiment: 0 is not a version; accepted: 1"},
    {"/longscope_experiment", "\"1\"", "longscope_experiment: \"1\" is not a version; accepted: 1"},
    {"/ranks", "4",
     "ranks: 4 is an unknown field; accepted: backend, check, description, editor, layout, longscope_experiment, mask, "
     "name, "
     "pass, repetitions, scoring, sequence, shape"},
    {"/pass", "\"backward\"", "pass: \"backward\" is not known; accepted: forward, forward_backward"},
    {"/pass", "2", "pass: 2 is not a text; accepted: a text"},
    {"/scoring", R"({"soft_cap": -1})", "scoring.soft_cap: -1 is out of range; accepted: a number from 0 to 1000000"},
    {"/scoring", R"({"alibi": 1})", "scoring.alibi: 1 is neither true nor false; accepted: true, false"},
    {"/scoring", R"({"sigmoid": true})", "scoring.sigmoid: true is not an object; accepted: a JSON object {...}"},
    {"/scoring", R"({"sigmoid": {}, "sinks": true})",
     "scoring.sinks: true take part in a softmax: sigmoid attention has none; accepted: one of sinks and sigmoid"},
    {"/scoring", R"({"softcap": 30})",
     "scoring.softcap: 30 is an unknown field; accepted: alibi, sigmoid, sinks, soft_cap"},
    {"/name", "\"\"", "name: \"\" is not a name; accepted: a text of 1 to 200 characters on one line"},
    {"/name", "\"a\\nb\"", "name: \"a\\nb\" is not a name; accepted: a text of 1 to 200 characters on one line"},
    {"/name", "5", "name: 5 is not a text; accepted: a text"},
    {"/shape", nullptr, "shape: is missing; accepted: a JSON object {...}"},
    {"/shape", "8", "shape: 8 is not an object; accepted: a JSON object {...}"},
    {"/shape/batch", "2", "shape.batch: 2 is too large; accepted: an integer from 1 to 1"},
    {"/shape/query_heads", "7", "shape.query_heads: 7 is not a multiple of key_value_heads 2; accepted: 2, 4, 6, ..."},
    {"/shape/key_value_heads", "2000",
     "shape.query_heads: 6 is not a multiple of key_value_heads 2000; accepted: 2000, 4000"},
    {"/shape/query_heads", "-8", "shape.query_heads: -8 is too small; accepted: an integer from 1 to 4096"},
    {"/shape/query_heads", "8.0", "shape.query_heads: 8.0 is not an integer; accepted: an integer from 1 to 4096"},
    {"/shape/head_dim_v", nullptr, "shape.head_dim_v: is missing; accepted: an integer from 1 to 1024"},
    {"/shape/dtype", "\"float8\"", "shape.dtype: \"float8\" is not known; accepted: float32, bfloat16, float16"},
    {"/sequence/tokens", "1073741825",
     "sequence.tokens: 1073741825 is too large; accepted: an integer from 1 to 1073741824"},
    {"/sequence/tokens", "99999999999999999999",
     "sequence.tokens: 1e+20 is not an integer; accepted: an integer from 1 to 1073741824"},
    {"/sequence/draws", "0", "sequence.draws: 0 is too small; accepted: an integer from 1 to 1000"},
    {"/sequence/query_tokens", "-1", "sequence.query_tokens: -1 is too small; accepted: an integer from 0 to 100"},
    {"/sequence/query_tokens", "101", "sequence.query_tokens: 101 is too large; accepted: an integer from 0 to 100"},
    {"/sequence/seed", "-1", "sequence.seed: -1 is too small; accepted: an integer of at least 0"},
    {"/sequence/seed", "9223372036854775808",
     "sequence.seed: 9223372036854775808 is too large; accepted: an integer of at least 0"},
    {"/sequence/lengths", "{}",
     "sequence.lengths: {} is not one source of lengths; accepted: an object with one of the fields file, list, "
     "histogram"},
    {"/sequence/lengths", R"({"list": [100], "file": "x"})",
     "sequence.lengths: {\"list\":[100],\"file\":\"x\"} is not one source of lengths; accepted: an object with one of "
     "the fields file, list, histogram"},
    {"/sequence/lengths", R"({"lsit": [100]})",
     "sequence.lengths.lsit: [100] is an unknown field; accepted: file, histogram, list"},
    {"/sequence/lengths", R"({"file": 5})",
     "sequence.lengths.file: 5 is not a text; accepted: the path of a lengths file"},
    {"/sequence/lengths", R"({"file": ""})",
     "sequence.lengths.file: \"\" is not a path; accepted: the path of a lengths file"},
    {"/sequence/lengths", R"({"file": "a\u0000b"})",
     "sequence.lengths.file: \"a\\u0000b\" is not a path; accepted: the path of a lengths file"},
    {"/sequence/lengths", R"({"file": "/dev/zero"})",
     "sequence.lengths.file: /dev/zero: a special file cannot be read; accepted: a regular file"},
    {"/sequence/lengths/list", "[60, 39]",
     "sequence.lengths.list: the sum 99 is not the number of tokens; accepted: lengths that sum to 100"},
    {"/sequence/lengths/list", "[60, 40, 0]",
     "sequence.lengths.list[2]: 0 is too small; accepted: an integer from 1 to 100"},
    {"/sequence/lengths/list", "[101]",
     "sequence.lengths.list[0]: 101 is too large; accepted: an integer from 1 to 100"},
    {"/sequence/lengths/list", "[]",
     "sequence.lengths.list: [] is not a list of lengths; accepted: integers with commas between them, 1 to 4194304 of "
     "them"},
    {"/sequence/lengths", R"j({"histogram": {"[4,2)": 1}})j",
     "sequence.lengths.histogram: [4,2) is not a bin; accepted: \"[a,b)\" with 0 <= a < b <= 4611686018427387904"},
    {"/sequence/lengths", R"j({"histogram": {"[2,4)": -1}})j",
     "sequence.lengths.histogram: [2,4): -1 is not a weight; accepted: a number of at least 0"},
    {"/mask", nullptr, "mask: is missing; accepted: a mask, such as {\"causal\": {}}"},
    {"/mask", R"({"and": [{"causal": {}}, {"window": {"left": 100, "right": 0}}]})",
     "mask.and[1].window.left: 100 is larger than the sequence; accepted: an integer from 0 to 99"},
    {"/mask", R"({"not": {"prefix": {"tokens": 101}}})",
     "mask.not.prefix.tokens: 101 is larger than the sequence; accepted: an integer from 1 to 100"},
    {"/layout/ranks", "0", "layout.ranks: 0 is too small; accepted: an integer from 1 to 65536"},
    {"/layout/strategy", "\"rings\"",
     "layout.strategy: \"rings\" is not known; accepted: ring, ulysses, usp, split_kv"},
    {"/layout/dispatch", "\"zig\"",
     "layout.dispatch: \"zig\" is not known; accepted: contiguous, zigzag, per_document_zigzag, balanced"},
    {"/layout/window", "-1", "layout.window: -1 is too small; accepted: an integer from 0 to 65536"},
    {"/layout/head_stride", "0.5", "layout.head_stride: 0.5 is not an integer; accepted: an integer from 0 to 65536"},
    {"/layout/stages", "65", "layout.stages: 65 is too large; accepted: an integer from 0 to 64"},
    {"/layout/cost_model", R"({"name": "abacus"})",
     "layout.cost_model.name: \"abacus\" is not known; accepted: h100_400g, cpu_10g"},
    {"/layout/cost_model", R"({"flops_per_s": 0})",
     "layout.cost_model.flops_per_s: 0 is too small; accepted: an integer from 1 to 1000000000000000000"},
    {"/layout/placement", "\"inside\"",
     "layout.placement: \"inside\" is not known; accepted: head_first, context_first"},
    {"/backend/name", "\"cuda\"", "backend.name: \"cuda\" is not known; accepted: cpu, opencl, reference"},
    {"/backend/threads", "-1", "backend.threads: -1 is too small; accepted: an integer from 0 to 4096"},
    {"/backend/device", "1", "backend.device: 1 is not a text; accepted: a text"},
    {"/backend/device", "\"one\\ntwo\"",
     "backend.device: \"one\\ntwo\" is not a name; accepted: a text of 0 to 200 characters on one line"},
    {"/repetitions/measured", "0", "repetitions.measured: 0 is too small; accepted: an integer from 1 to 10000"},
    {"/repetitions/warmup", "1", "repetitions.warmup: 1 is an unknown field; accepted: measured, warm_up"},
    {"/check/rows", "true", "check.rows: true is not an integer; accepted: an integer from 0 to 1000000"},
};

Json example_with(const Mistake& mistake) {
    Json document = example_document();
    const Json::json_pointer place(mistake.place);
    if (mistake.value != nullptr) {
        document[place] = parse_json(mistake.value, "mistake");
    } else {
        document[place.parent_pointer()].erase(place.back());
    }
    return document;
}

TEST(BadExperiment, GetsOneLineThatNamesFieldValueAndWhatIsAccepted) {
    EXPECT_NO_THROW((void)parsed(example_document()));
    for (const Mistake& mistake : mistakes) {
        EXPECT_EQ(message_of([&] { (void)parsed(example_with(mistake)); }), mistake.message);
    }
}

TEST(BadExperiment, UnknownMasksAreToldWhichThereAre) {
    const std::string message = message_of([] { (void)parsed(example_with({"/mask", R"({"casual": {}})", nullptr})); });
    EXPECT_EQ(
        message.find("mask: casual is not a mask; accepted: an object with one of the fields and, or, not, minus, "),
        0U)
        << message;
}

TEST(BadExperiment, TextsCountCharactersAndNotBytes) {
    Json document = example_document();
    std::string name;
    for (int i = 0; i < 200; ++i) {
        name += "\u00e4";
    }
    document["name"] = name;
    EXPECT_EQ(parsed(document).name, name);
    document["name"] = name + "a";
    EXPECT_EQ(message_of([&] { (void)parsed(document); }).find("name: \"\u00e4"), 0U);
    document = example_document();
    document["description"] = std::string(10001, 'x');
    EXPECT_NE(message_of([&] { (void)parsed(document); }).find("is too long"), std::string::npos);
}

}  // namespace
}  // namespace longscope
