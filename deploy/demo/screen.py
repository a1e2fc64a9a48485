# SPDX-License-Identifier: Apache-2.0
"""The terminal of the demo: a refreshed table, or plain lines if output is not a terminal."""

import collections
import shutil
import sys
import threading
import time

from support.samples import Samples
from table import Table

DRAW_EVERY = 2  # seconds
TELL_EVERY = 30  # seconds, if not a terminal
CLEAR = "\x1b[H\x1b[2J"


class Screen:
    """say() may be called from any thread; draw() runs periodically in a separate thread."""

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
        """Shows the lines `head`, the table and the alerts until end()."""
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
        """The table and the alerts, or a line for each part that is unreachable."""
        try:
            rows = self.table.lines(Samples(monitoring.agent.get("/metrics")[1]))
        except OSError:
            rows = ["Volumeter is unreachable."]
        try:
            told, muted = watch.now_firing()
            pending = watch.now_pending()
        except OSError:
            return [*rows, "", "Prometheus or Alertmanager is unreachable."]
        firing = [f"{name} ({watch.severity[name]})" for name in sorted(told)]
        return [*rows, "", "FIRING     " + (", ".join(firing) or "none"),
                "INHIBITED  " + (", ".join(sorted(muted)) or "none"),
                "PENDING    " + (", ".join(sorted(pending)) or "none")]

    def draw(self, head, picture):
        with self.lock:
            if self.is_terminal:
                self.write(CLEAR + "\n".join(self.fitting([*head, "", *picture, ""])) + "\n")
            else:
                self.write(time.strftime("%H:%M:%S\n") + "\n".join(picture) + "\n")

    def fitting(self, lines):
        """These lines, and as many recent ones as fit the terminal."""
        columns, rows = shutil.get_terminal_size()
        room = max(rows - len(lines) - 1, 0)
        recent = list(self.recent)[-room:] if room else []
        return [line[:columns] for line in lines + recent]

    def end(self):
        """Plain lines from now on."""
        self.ended.set()
        self.drawing = False
