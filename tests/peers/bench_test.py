# SPDX-License-Identifier: GPL-3.0-or-later
"""`bench attention --peers` with the real PyTorch: it computes what ours computes, and is measured in turns with it."""

import json
import subprocess
import sys
import tempfile

# (words in the names of cases, what PyTorch's implementations are said to have done in each)
CASES = [
    ("forward, full, float32, D 64", {"flash": "measured", "math": "measured", "flex": "measured"}),
    ("forward, causal, float32, D 64", {"flash": "measured", "math": "measured", "flex": "measured"}),
    ("forward, window 1,024, float32, D 64", {"flash": "unsupported", "math": "unsupported", "flex": "measured"}),
    ("backward, full, bfloat16, D 64", {"flash": "measured", "math": "measured", "flex": "unsupported"}),
    ("forward, full, bfloat16, D 128", {"flash": "measured", "math": "measured", "flex": "measured"}),
]
# Of those that are not quick, the ones of so many tokens: masks that are given as a matrix.
SPARSE_TOKENS = 8192
SPARSE_CASES = [
    (f"forward, {mask}, bfloat16, D 128", {"flash": "measured", "math": "measured", "flex": "measured"})
    for mask in ["one block of 128 in ten", "window 1,024", "causal documents, seed 0"]
]


def bench(engine, case, file, quick):
    done = subprocess.run(
        [engine, "bench", "attention", "--only", case, "--repetitions", "1"]
        + (["--quick"] if quick else [])
        + ["--peers", "--peers-python", sys.executable, "--json", "--db", file],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def main():
    engine = sys.argv[1]
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for case, expected in CASES + SPARSE_CASES:
            quick = (case, expected) in CASES
            report = bench(engine, case, f"{folder}/results.db", quick)
            results = [result for result in report["results"] if quick or result["tokens"] == SPARSE_TOKENS]
            if not results:
                failures.append({"case": case, "outcome": "not there"})
            for result in results:
                said = {row["implementation"]: row for row in result["peers"]}
                for word, outcome in expected.items():
                    row = said[f"PyTorch {word}"]
                    print(f"{result['case']}, {result['tokens']} tokens: {row['implementation']}: {row['outcome']} "
                          f"{row['message']} {row.get('relative_error', '')}", flush=True)
                    if row["outcome"] != outcome:
                        failures.append(row)
        checked = subprocess.run([engine, "db", "check", "--db", f"{folder}/results.db"], check=False)
    for row in failures:
        print("FAILED", row)
    return 1 if failures or checked.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
