# SPDX-License-Identifier: GPL-3.0-or-later
"""The headless engine as a peer sees it: files in, files out."""

import json
import pathlib
import shutil
import subprocess


class Refused(Exception):
    """One line of the engine: the format cannot hold the mask."""


class Engine:
    def __init__(self, program, folder):
        self.program = program
        self.folder = pathlib.Path(folder)

    def run(self, *arguments):
        done = subprocess.run(
            [self.program, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode == 2:
            raise Refused(done.stderr.strip())
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout

    def convert(self, case, to, name):
        """Writes the mask under this name, and returns where."""
        path = self.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        self.run("mask", "convert", "--mask", case.mask, *case.sequence(), "--to", to, "-o", name)
        return path

    def code(self, case, library):
        return self.run("mask", "code", "--mask", case.mask, *case.sequence(), "--library", library)

    def presets(self, tokens, documents):
        """(name, expression) of those that suit so many tokens; of masks that differ between heads that of head 0."""
        chosen = []
        for line in self.run("mask", "presets").splitlines():
            name = line.split()[0]
            try:
                shown = self.run("mask", "show", "--mask", name, "--head", 0, "--layer", 0)
                mask = json.dumps(json.loads(shown))
                self.run("mask", "stats", "--mask", mask, "--documents", documents)
                chosen.append((name, mask))
            except Refused as refusal:
                print(f"{name}: not over {tokens} tokens: {refusal}")
        return chosen
