// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for libFuzzer where a target is built without clang: replays the files of a corpus and some thousand
// mutations of them, always the same ones. Usage: PROGRAM CORPUS_FOLDER
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/bounded_file.h"
#include "engine/base/random.h"
#include "tests/fuzz/input.h"

namespace {

using namespace longscope;

constexpr int max_mutations = 20'000;
constexpr auto time_limit = std::chrono::milliseconds(1500);
// As the fuzzers: more for 64 KiB is a finding. Generous, as other tests run meanwhile.
constexpr auto slow_input = std::chrono::seconds(5);

struct Input {
    std::string name;
    std::string content;
};

// What runs now, for the report of a crash: written before each input, read by the signal's handler.
std::array<char, 512> running{};

void report_signal(int signal) {
    constexpr std::string_view text = "crashed while it read ";
    (void)!::write(STDERR_FILENO, text.data(), text.size());
    (void)!::write(STDERR_FILENO, running.data(), std::strlen(running.data()));
    (void)!::write(STDERR_FILENO, "\n", 1);
    std::signal(signal, SIG_DFL);
    (void)std::raise(signal);
}

bool run(const std::string& name, const std::string& content) {
    std::snprintf(running.data(), running.size(), "%s", name.c_str());
    const auto begin = std::chrono::steady_clock::now();
    try {
        // A copy of exactly its size: reading past the end is then seen by sanitizers.
        const std::vector<std::uint8_t> bytes(content.begin(), content.end());
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: an exception that is no Error: %s\n", name.c_str(), error.what());
        return false;
    }
    if (std::chrono::steady_clock::now() - begin > slow_input) {
        std::fprintf(stderr, "%s: takes too long\n", name.c_str());
        return false;
    }
    return true;
}

std::size_t below(RandomStream& random, std::size_t bound) {
    return static_cast<std::size_t>(random.next_below(bound));
}

std::string mutated(const std::vector<Input>& corpus, std::size_t first, RandomStream& random) {
    std::string text = corpus[first].content;
    for (std::size_t changes = 1 + below(random, 4); changes > 0; --changes) {
        const std::size_t at = below(random, text.size() + 1);
        const std::string& other = corpus[below(random, corpus.size())].content;
        const std::size_t from = below(random, other.size() + 1);
        switch (below(random, 5)) {
            case 0:
                text.erase(at, 1 + below(random, 16));
                break;
            case 1:
                text.insert(at, 1, static_cast<char>(below(random, 256)));
                break;
            case 2:
                text.insert(at, other.substr(from, 1 + below(random, 64)));
                break;
            case 3:
                text.insert(at, text.substr(at / 2, 1 + below(random, 64)));
                break;
            default:
                if (at < text.size()) {
                    text[at] = static_cast<char>(text[at] ^ static_cast<char>(1U << below(random, 8)));
                }
        }
    }
    return text;
}

std::vector<Input> read_corpus(const std::filesystem::path& folder) {
    constexpr std::int64_t max_bytes = 65536;
    std::vector<Input> corpus;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        corpus.push_back({entry.path().string(), read_bounded_file(entry.path(), max_bytes)});
    }
    std::sort(corpus.begin(), corpus.end(), [](const Input& a, const Input& b) { return a.name < b.name; });
    return corpus;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::vector<Input> corpus = read_corpus(argc == 2 ? argv[1] : "");
        if (corpus.empty()) {
            std::fprintf(stderr, "usage: %s FOLDER_WITH_INPUTS\n", argv[0]);
            return 2;
        }
        for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
            std::signal(signal, report_signal);
        }
        bool good = run("nothing", "");
        for (const Input& input : corpus) {
            good = run(input.name, input.content) && good;
        }
        const auto end = std::chrono::steady_clock::now() + time_limit;
        int mutations = 0;
        for (; good && mutations < max_mutations && std::chrono::steady_clock::now() < end; ++mutations) {
            RandomStream random(1, static_cast<std::uint64_t>(mutations));
            const std::size_t first = static_cast<std::size_t>(mutations) % corpus.size();
            good = run("mutation " + std::to_string(mutations) + " of " + corpus[first].name,
                       mutated(corpus, first, random));
        }
        std::printf("%zu inputs and %d mutations of them\n", corpus.size(), mutations);
        return good ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
}
