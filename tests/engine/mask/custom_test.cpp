// SPDX-License-Identifier: GPL-3.0-or-later
// Masks that users write as conditions keep exactly the pairs for which the condition is true, and texts that are no
// conditions are refused with the place where they stop being one.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/base/clock.h"
#include "engine/mask/expression.h"
#include "tests/support/expect_error.h"
#include "tests/support/sanitized.h"

namespace longscope {
namespace {

Json custom(const std::string& text) {
    return {{"custom", {{"expression", text}}}};
}

std::unique_ptr<Mask> compiled(const std::string& text, const MaskDomain& domain) {
    return compile_mask(parse_mask(custom(text), "mask"), domain);
}

// A text with what it means, which knows nothing of how it is parsed and compiled.
struct Meant {
    std::string text;
    std::function<std::int64_t(std::int64_t query, std::int64_t key)> value;
};

class Author {
  public:
    Author(std::mt19937_64& random, const MaskDomain& domain) : random_(random), domain_(domain) {}

    Meant truth(int depth) {
        const int kind = depth == 0 ? 0 : below(6);
        if (kind <= 2) {
            return comparison(depth);
        }
        if (kind == 3) {
            const Meant a = truth(depth - 1);
            return {(below(2) == 0 ? "!(" : "not (") + a.text + ")", [a](auto q, auto k) { return 1 - a.value(q, k); }};
        }
        const Meant a = truth(depth - 1);
        const Meant b = truth(depth - 1);
        if (kind == 4) {
            return {"(" + a.text + (below(2) == 0 ? ") && (" : ") and (") + b.text + ")",
                    [a, b](auto q, auto k) { return a.value(q, k) & b.value(q, k); }};
        }
        return {"(" + a.text + ") || (" + b.text + ")",
                [a, b](auto q, auto k) { return a.value(q, k) | b.value(q, k); }};
    }

  private:
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

    Meant comparison(int depth) {
        const Meant a = number(depth);
        const Meant b = number(depth);
        switch (below(7)) {
            case 0:
                return {a.text + " < " + b.text,
                        [a, b](auto q, auto k) { return a.value(q, k) < b.value(q, k) ? 1 : 0; }};
            case 1:
                return {a.text + " <= " + b.text,
                        [a, b](auto q, auto k) { return a.value(q, k) <= b.value(q, k) ? 1 : 0; }};
            case 2:
                return {a.text + ">" + b.text,
                        [a, b](auto q, auto k) { return a.value(q, k) > b.value(q, k) ? 1 : 0; }};
            case 3:
                return {a.text + " >= " + b.text,
                        [a, b](auto q, auto k) { return a.value(q, k) >= b.value(q, k) ? 1 : 0; }};
            case 4:
                return {a.text + " == " + b.text,
                        [a, b](auto q, auto k) { return a.value(q, k) == b.value(q, k) ? 1 : 0; }};
            case 5:
                return {a.text + " != " + b.text,
                        [a, b](auto q, auto k) { return a.value(q, k) != b.value(q, k) ? 1 : 0; }};
            default: {
                const Meant c = number(depth);
                return {a.text + " <= " + b.text + " < " + c.text, [a, b, c](auto q, auto k) {
                            return a.value(q, k) <= b.value(q, k) && b.value(q, k) < c.value(q, k) ? 1 : 0;
                        }};
            }
        }
    }

    Meant number(int depth) {
        const int kind = depth == 0 ? below(4) : below(12);
        if (kind < 4) {
            return simple(kind);
        }
        const Meant a = number(depth - 1);
        if (kind == 4) {
            return {"-(" + a.text + ")", [a](auto q, auto k) { return -a.value(q, k); }};
        }
        if (kind == 5) {
            return {"abs(" + a.text + ")", [a](auto q, auto k) { return std::abs(a.value(q, k)); }};
        }
        if (kind == 6 || kind == 7) {
            const std::int64_t m = below(9) + 1;
            const auto floor = [a, m](auto q, auto k) {
                return static_cast<std::int64_t>(
                    std::floor(static_cast<double>(a.value(q, k)) / static_cast<double>(m)));
            };
            if (kind == 6) {
                return {"(" + a.text + ") / " + std::to_string(m), floor};
            }
            return {"(" + a.text + ") % " + std::to_string(m),
                    [a, m, floor](auto q, auto k) { return a.value(q, k) - m * floor(q, k); }};
        }
        const Meant b = number(depth - 1);
        switch (kind) {
            case 8:
                return {"min(" + a.text + ", " + b.text + ")",
                        [a, b](auto q, auto k) { return std::min(a.value(q, k), b.value(q, k)); }};
            case 9:
                return {"max(" + a.text + "," + b.text + ")",
                        [a, b](auto q, auto k) { return std::max(a.value(q, k), b.value(q, k)); }};
            case 10:
                return {"(" + a.text + ") * (" + b.text + ")",
                        [a, b](auto q, auto k) { return a.value(q, k) * b.value(q, k); }};
            default:
                return {"(" + a.text + ") - (" + b.text + ")",
                        [a, b](auto q, auto k) { return a.value(q, k) - b.value(q, k); }};
        }
    }

    Meant simple(int kind) {
        if (kind == 0) {
            const std::int64_t n = below(12);
            return {std::to_string(n), [n](auto, auto) { return n; }};
        }
        const bool of_query = below(2) == 0;
        const std::string name = of_query ? "q" : "k";
        const auto document = [begins = domain_.cu_seqlens](std::int64_t token) -> std::int64_t {
            for (std::size_t i = 2; i < begins.size(); ++i) {
                if (token < begins[i - 1]) {
                    return static_cast<std::int64_t>(i) - 2;
                }
            }
            return begins.size() < 2 ? 0 : static_cast<std::int64_t>(begins.size()) - 2;
        };
        const auto token = [of_query](std::int64_t q, std::int64_t k) { return of_query ? q : k; };
        if (kind == 1) {
            return {name, token};
        }
        if (kind == 2) {
            return {"doc(" + name + ")", [document, token](auto q, auto k) { return document(token(q, k)); }};
        }
        return {"position(" + name + ")", [document, token, begins = domain_.cu_seqlens](auto q, auto k) {
                    const std::int64_t at = token(q, k);
                    return begins.empty() ? at : at - begins[static_cast<std::size_t>(document(at))];
                }};
    }

    std::mt19937_64& random_;
    const MaskDomain& domain_;
};

MaskDomain random_domain(std::mt19937_64& random) {
    const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    if (below(2) == 0) {
        return {below(14) + 1, below(14) + 1, {}};
    }
    MaskDomain domain{0, 0, {0}};
    for (int documents = below(5) + 1; documents > 0; --documents) {
        domain.cu_seqlens.push_back(domain.cu_seqlens.back() + below(6) + 1);
    }
    domain.query_tokens = domain.key_tokens = domain.cu_seqlens.back();
    return domain;
}

TEST(CustomMask, KeepsThePairsForWhichTheConditionIsTrue) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        std::mt19937_64 random(seed);
        const MaskDomain domain = random_domain(random);
        const Meant meant = Author(random, domain).truth(1 + static_cast<int>(seed % 3));
        const auto mask = compiled(meant.text, domain);
        std::int64_t pairs = 0;
        for (std::int64_t row = 0; row < domain.query_tokens; ++row) {
            for (std::int64_t key = 0; key < domain.key_tokens; ++key) {
                const bool kept = meant.value(row + domain.diagonal(), key) != 0;
                pairs += kept ? 1 : 0;
                ASSERT_EQ(mask->contains(row, key), kept)
                    << "seed " << seed << ": " << meant.text << " at " << row << ", " << key << " of "
                    << domain.query_tokens << " x " << domain.key_tokens;
            }
        }
        ASSERT_EQ(mask->pairs(), pairs) << "seed " << seed << ": " << meant.text;
    }
}

// What the leaves say, said as conditions, at a length at which nothing may look at each pair.
TEST(CustomMask, SaysWhatLeavesSayAtAMillionTokens) {
    MaskDomain domain{1'048'576, 1'048'576, {}};
    for (std::int64_t at = 0; at < domain.key_tokens; at += 1000) {
        domain.cu_seqlens.push_back(at);
    }
    domain.cu_seqlens.push_back(domain.key_tokens);
    struct Case {
        const char* text;
        const char* mask;
    };
    for (
        const Case& c :
        {Case{"k <= q", R"({"causal": {}})"}, Case{"0 <= q - k <= 1024", R"({"window": {"left": 1024, "right": 0}})"},
         Case{"abs(q - k) < 10", R"({"window": {"left": 9, "right": 9}})"},
         Case{"doc(q) == doc(k)", R"({"documents": {}})"},
         Case{"doc(q) == doc(k) && position(k) <= position(q)", R"({"and": [{"documents": {}}, {"causal": {}}]})"},
         Case{"k < 64", R"({"prefix": {"tokens": 64}})"},
         Case{
             "k <= q && (k < 4 or q - k < 100)",
             R"({"and": [{"causal": {}}, {"or": [{"sink": {"tokens": 4}}, {"window": {"left": 99, "right": 0}}]}]})"}}) {
        const auto mask = compiled(c.text, domain);
        const auto leaf = compile_mask(parse_mask(parse_json(c.mask, "test"), "mask"), domain);
        EXPECT_EQ(mask->pairs(), leaf->pairs()) << c.text;
        std::vector<Range> runs;
        std::vector<Range> expected;
        for (const std::int64_t row : {0, 1, 999, 1000, 523'999, 1'048'575}) {
            mask->row_runs(row, runs);
            leaf->row_runs(row, expected);
            EXPECT_EQ(runs, expected) << c.text << ", row " << row;
        }
    }
}

TEST(CustomMask, DividesDownAsPythonDoes) {
    const MaskDomain domain{8, 8, {}};
    EXPECT_EQ(compiled("(k - q) % 3 == 1", domain)->contains(5, 0), true) << "-5 % 3 is 1";
    EXPECT_EQ(compiled("(k - q) / 3 == -2", domain)->contains(5, 0), true) << "-5 / 3 is -2";
    EXPECT_EQ(compiled("q / 4 == k / 4", domain)->pairs(), 32);
}

void expect_refusal(const std::string& text, const std::string& message) {
    SCOPED_TRACE(text);
    expect_error(ErrorKind::bad_input, {message}, [&] { (void)parse_mask(custom(text), "mask"); });
}

TEST(CustomMask, SaysWhereATextStopsBeingACondition) {
    expect_refusal("k <= q &&", "mask.custom.expression: \"k <= q &&\" character 10: something is missing at the end");
    expect_refusal("k + 1", "character 1: a number stands where a condition is needed");
    expect_refusal("k < (q < 3)", "character 5: a condition stands where a number is needed");
    expect_refusal("k <= q & q < 3", "character 8: & is no operator here; && is");
    expect_refusal("k = q", "character 3: = is no operator here; == compares");
    expect_refusal("(k < q", "character 7: ) is missing");
    expect_refusal("k < q)", "character 6: ) is too much here");
    expect_refusal("batch == 0", "character 1: batch is not known here");
    expect_refusal("doc(3) == 0", "character 5: doc is of q or of k alone");
    expect_refusal("k % 0 == 1", "character 5: after % stands a number from 1");
    expect_refusal("k % q == 1", "character 5: after % stands a number from 1");
    expect_refusal("k < 1.5", "character 5: 1.5 is not an integer");
    expect_refusal("k < 99999999999999999999", "is not an integer up to");
    expect_refusal("k # q", "character 3: nothing begins like this");
    expect_refusal("", "character 1: something is missing at the end");
}

TEST(CustomMask, RefusesWhatIsTooMuchSoon) {
    const std::int64_t begin_ns = now_ns();
    expect_refusal(std::string(5000, '('), "a text of 5000 characters is too long; accepted: at most 4096 characters");
    expect_refusal(std::string(4000, '('), "nested deeper than 100");
    expect_refusal(std::string(4000, '-') + "k < 1", "nested deeper than 100");
    expect_refusal(std::string(4000, '!'), "nested deeper than 100");
    const MaskDomain domain{1 << 29, 1 << 29, {}};
    const auto expect_too_much = [&](const char* text, const char* message) {
        expect_error(ErrorKind::bad_input, {message}, [&] { (void)compiled(text, domain); });
    };
    expect_too_much("k * k * k < q", "grows beyond 2^61");
    expect_too_much("k * 3 < q * 2", "takes too long to work out");
    expect_too_much("k * k % 4 == 0", "a mask of more than 4,194,304 zones is too large");
    EXPECT_LT(static_cast<double>(now_ns() - begin_ns), 20e9 * sanitizer_slowdown);
}

// What holds q, k or k - q under a remainder alone repeats: a few striped zones at any length.
TEST(CustomMask, RemaindersAreStripes) {
    struct Case {
        const char* text;
        bool (*keeps)(std::int64_t q, std::int64_t k);
        std::int64_t pairs_of_24;  // in 24 x 24 pairs, a multiple of all periods
    };
    const auto mod = [](std::int64_t a, std::int64_t m) { return (a % m + m) % m; };
    static const auto remainder = mod;
    const std::vector<Case> cases{
        {"k % 4 == 0", [](std::int64_t, std::int64_t k) { return k % 4 == 0; }, 144},
        {"(q - k) % 8 < 2", [](std::int64_t q, std::int64_t k) { return remainder(q - k, 8) < 2; }, 144},
        {"(5 - 3 * q) % 6 != 2", [](std::int64_t q, std::int64_t) { return remainder(5 - 3 * q, 6) != 2; }, 288},
        {"k % 3 < k % 4", [](std::int64_t, std::int64_t k) { return k % 3 < k % 4; }, 24 * 12},
        {"(k % 12) / 5 == 1", [](std::int64_t, std::int64_t k) { return k % 12 / 5 == 1; }, 24 * 10},
        {"k % 7 < 7", [](std::int64_t, std::int64_t) { return true; }, 576},
        {"abs(k % 8 - 4) > 9", [](std::int64_t, std::int64_t) { return false; }, 0},
    };
    constexpr std::int64_t most = 24 * (std::int64_t{1} << 24);
    for (const Case& asked : cases) {
        for (const MaskDomain& domain : {MaskDomain{61, 61, {}}, MaskDomain{50, 83, {}}, MaskDomain{83, 50, {}}}) {
            const auto mask = compiled(asked.text, domain);
            for (std::int64_t row = 0; row < domain.query_tokens; ++row) {
                for (std::int64_t key = 0; key < domain.key_tokens; ++key) {
                    ASSERT_EQ(mask->contains(row, key), asked.keeps(row + domain.diagonal(), key))
                        << asked.text << ": " << row << ' ' << key;
                }
            }
        }
        EXPECT_EQ(compiled(asked.text, {most, most, {}})->pairs(), asked.pairs_of_24 * (most / 24) * (most / 24))
            << asked.text;
    }
    // Of large periods the halving of keys decides, as before.
    EXPECT_EQ(compiled("k % 40 == 1", {100, 100, {}})->pairs(), 300);
}

}  // namespace
}  // namespace longscope
