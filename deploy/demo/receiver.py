# SPDX-License-Identifier: Apache-2.0
"""Receives Alertmanager's notifications: pager, tickets and digest of the demo."""

import json
import time

from page import alerts_page, runbook
from support.local_server import LocalServer

RECENT = 50


class Receiver(LocalServer):
    """An HTTP server with the receiver NAME at the path /NAME; calls `say` for each notification.

    For a browser it serves the page of firing alerts and the runbooks.
    """

    def __init__(self, say, address):
        self.say = say
        self.alertmanager = None  # set once it runs
        self.sent = []  # (seconds since 1970, receiver, status, name of the alert)
        super().__init__({"do_GET": self.show, "do_POST": self.accept},
                         int(address.rpartition(":")[2]))
        self.url = f"http://{self.address()}/"

    def show(self, handler):
        kind, text = self.answer(handler.path)
        handler.send_response(200 if text else 404)
        handler.send_header("Content-Type", f"text/{kind}; charset=utf-8")
        handler.end_headers()
        handler.wfile.write((text or "Not found.\n").encode())

    def answer(self, path):
        """(content type, text or None) for a browser"""
        if path.startswith("/runbooks/"):
            return "plain", runbook(path.removeprefix("/runbooks/"))
        if path != "/" or not self.alertmanager:
            return "plain", None
        try:
            return "html", alerts_page(self.alertmanager.alerts(), self.sent)
        except OSError as error:
            return "plain", f"Alertmanager unreachable: {error}\n"

    def accept(self, handler):
        length = int(handler.headers["Content-Length"])
        self.take(handler.path.strip("/"), json.loads(handler.rfile.read(length)))
        handler.send_response(200)
        handler.end_headers()

    def take(self, receiver, notification):
        for alert in notification["alerts"]:
            one = (receiver, alert["status"], alert["labels"]["alertname"])
            is_known = one in [sent[1:] for sent in self.sent[-RECENT:]]
            if not is_known or alert["status"] == "firing":
                self.say(f"[{receiver}] {alert['status']}: {one[2]}: "
                         f"{alert['annotations'].get('summary', '')}")
            self.sent.append((time.time(), *one))
