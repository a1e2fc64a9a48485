# SPDX-License-Identifier: Apache-2.0
"""What a scrape says, as the tests ask for it."""

import re

# docker_volume_size_bytes{volume="a \"b\""} 4096
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def unescape(text):
    return re.sub(r'\\[\\"n]', lambda found: ESCAPES[found[0]], text) if "\\" in text else text


class Samples:
    """The samples of one scrape in text format, by name."""

    def __init__(self, text):
        self.text = text
        self.families = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = SAMPLE.fullmatch(line).groups()
                pairs = {key: unescape(said) for key, said in LABEL.findall(labels or "")}
                self.families.setdefault(name, []).append((pairs, float(value)))

    def all(self, name, **labels):
        """(labels, value) of each sample of that name that has these labels."""
        return [(pairs, value) for pairs, value in self.families.get(name, [])
                if all(pairs.get(key) == wanted for key, wanted in labels.items())]

    def value(self, name, **labels):
        """The value of the only such sample; None if there is none."""
        found = self.all(name, **labels)
        if len(found) > 1:
            raise AssertionError(f"{name}{labels} is {len(found)} samples: {found}")
        return found[0][1] if found else None

    def labels(self, name, **labels):
        """The labels of the only such sample; None if there is none."""
        return self.all(name, **labels)[0][0] if self.value(name, **labels) is not None else None

    def by(self, label, name, **labels):
        """{value of that label: value of the sample}"""
        return {pairs[label]: value for pairs, value in self.all(name, **labels)}

    def use(self, volume):
        """"in_use", "idle" or "orphaned"; None while the volume is not known."""
        orphaned = self.value("docker_volume_orphaned", volume=volume)
        if orphaned is None:
            return None
        running = self.value("docker_volume_containers", volume=volume, state="running")
        return "orphaned" if orphaned else "in_use" if running else "idle"
