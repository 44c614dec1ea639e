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
]


def bench(engine, case, file):
    done = subprocess.run(
        [engine, "bench", "attention", "--quick", "--only", case, "--repetitions", "1"]
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
        for case, expected in CASES:
            report = bench(engine, case, f"{folder}/results.db")
            for result in report["results"]:
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
