# SPDX-License-Identifier: Apache-2.0
"""The terminal of the demo: a table that is drawn anew, or plain lines where it is none."""

import collections
import shutil
import sys
import threading
import time

from support.samples import Samples
from table import Table

DRAW_EVERY = 2  # seconds
TELL_EVERY = 30  # seconds, where lines stay
CLEAR = "\x1b[H\x1b[2J"


class Screen:
    """say() may be called by any thread, draw() repeats itself in one of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.is_terminal = sys.stdout.isatty()
        self.recent = collections.deque(maxlen=40)
        self.table = Table()
        self.ended = threading.Event()
        self.drawing = False

    def say(self, text):
        with self.lock:
            self.recent.append(text)
            if not self.drawing:
                self.write(text + "\n")

    def write(self, text):
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except OSError:
            pass  # the terminal is gone

    def start(self, head, monitoring, watch):
        """Shows the lines `head`, the table and who alerts until end()."""
        self.drawing = self.is_terminal
        if not self.is_terminal:
            self.write("\n".join(head) + "\n")
        every = DRAW_EVERY if self.is_terminal else TELL_EVERY

        def repeat():
            while not self.ended.is_set():
                self.draw(head, self.picture(monitoring, watch))
                self.ended.wait(every)

        self.thread = threading.Thread(target=repeat, daemon=True)
        self.thread.start()

    def picture(self, monitoring, watch):
        """The table and the alerts; whatever part does not answer is said so."""
        try:
            rows = self.table.lines(Samples(monitoring.agent.get("/metrics")[1]))
        except OSError:
            rows = ["The agent does not answer."]
        try:
            told, muted = watch.now_firing()
            pending = watch.now_pending()
        except OSError:
            return [*rows, "", "Prometheus or Alertmanager does not answer."]
        firing = [f"{name} ({watch.severity[name]})" for name in sorted(told)]
        return [*rows, "", "FIRING   " + (", ".join(firing) or "none"),
                "MUTED    " + (", ".join(sorted(muted)) or "none"),
                "PENDING  " + (", ".join(sorted(pending)) or "none")]

    def draw(self, head, picture):
        with self.lock:
            if self.is_terminal:
                self.write(CLEAR + "\n".join(self.fitting([*head, "", *picture, ""])) + "\n")
            else:
                self.write(time.strftime("%H:%M:%S\n") + "\n".join(picture) + "\n")

    def fitting(self, lines):
        """These lines and as many of the recent ones as the terminal has room for."""
        columns, rows = shutil.get_terminal_size()
        room = max(rows - len(lines) - 1, 0)
        recent = list(self.recent)[-room:] if room else []
        return [line[:columns] for line in lines + recent]

    def end(self):
        """Lines from here on."""
        self.ended.set()
        self.drawing = False
