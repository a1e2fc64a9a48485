# SPDX-License-Identifier: Apache-2.0
"""Selectors, grouping labels and functions of a PromQL expression.

It reads what Prometheus would take; whether Prometheus does take it is for promtool to say.
"""

import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<space>\s+|\#.*)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
  | (?P<word>[a-zA-Z_:][\w:]*)
  | (?P<number>[\d.][\w.]*|\$\w+|\$\{[^}]*\})
  | (?P<sign>=~|!~|!=|==|>=|<=|.)""", re.VERBOSE)
GROUPING = ("by", "without", "on", "ignoring", "group_left", "group_right")
OPERATORS = ("and", "or", "unless", "atan2", "bool", "offset")
FILTERS = ("and", "unless")
NUMBERS = ("nan", "inf")
MAKES_LABELS = ("label_replace", "label_join", "count_values")


@dataclasses.dataclass
class Selector:
    """NAME{MATCHERS}[RANGE] and the function that takes it; is_filter if only its presence
    counts: after `and` or `unless`."""

    name: str
    matchers: list  # of (label, operator, text)
    range: str = ""
    function: str = ""
    is_filter: bool = False


class Expression:
    """All selectors of a text, and the labels that it groups and joins by or creates."""

    def __init__(self, text):
        self.tokens = [(found.lastgroup, found[0]) for found in TOKEN.finditer(text)
                       if found.lastgroup != "space"]
        self.at = 0
        self.calls = []  # functions with open parentheses; "" for plain parentheses
        self.selectors = []
        self.grouping = []
        self.made = []
        self.filtering = False
        while self.at < len(self.tokens):
            self.read_one()

    def peek(self, ahead=0):
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ("end", "")

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1][1]

    def read_one(self):
        kind, text = self.peek()
        if text not in GROUPING and kind == "word":
            filtering, self.filtering = self.filtering, text in FILTERS
            self.read_word(self.take(), filtering)
        elif text in GROUPING:
            self.read_grouping(self.take())
        elif text == "{":
            self.read_selector("")
        elif text == "(":
            self.open("")
        elif text == ")":
            self.take()
            del self.calls[-1:]
        else:
            if kind == "string" and self.calls[-1:] and self.calls[-1] in MAKES_LABELS:
                self.made.append(text[1:-1])
                self.calls[-1] = "made"  # only its first text is a label name
            self.take()

    def open(self, function):
        self.take()
        self.filtering = False
        self.calls.append(function)

    def read_grouping(self, word):
        self.grouping += self.read_labels()
        if word in ("by", "without") and self.peek()[1] == "(":
            self.open("aggregation")

    def read_word(self, word, filtering):
        if word in OPERATORS or word.lower() in NUMBERS:
            pass
        elif self.peek()[1] == "(":
            self.open(word)
        elif self.peek()[1] not in ("by", "without"):
            self.read_selector(word, filtering)

    def read_labels(self):
        """(a, b) after a word of GROUPING; optional after some."""
        found = []
        if self.peek()[1] == "(":
            while self.peek()[0] != "end" and (text := self.take()) != ")":
                found += [text] if text not in "(," else []
        return found

    def read_selector(self, name, filtering=False):
        selector = Selector(name, [], is_filter=filtering)
        if self.peek()[1] == "{":
            self.take()
            while self.peek()[0] != "end" and self.peek()[1] != "}":
                if self.peek()[1] == ",":
                    self.take()
                    continue
                label, sign, text = (self.take() for _ in range(3))
                selector.matchers.append((label, sign, text[1:-1]))
            self.take()
        if self.peek()[1] == "[":
            selector.range = self.read_range()
        selector.function = next((call for call in reversed(self.calls) if call), "")
        self.selectors.append(selector)

    def read_range(self):
        """The text in [...]; None for a subquery."""
        start = self.at
        while self.peek()[0] != "end" and self.peek()[1] != "]":
            self.take()
        self.take()
        text = "".join(text for _, text in self.tokens[start + 1:self.at - 1])
        return "" if ":" in text else text
