# SPDX-License-Identifier: Apache-2.0
"""Takes what Alertmanager sends: the pager, the tickets and the digest of the demo in one."""

import http.server
import json
import threading
import time

from page import alerts_page, runbook


class Receiver:
    """An HTTP server whose path /NAME is the receiver NAME; `say` is told of each notification.

    A browser gets a page of what fires, and the runbooks.
    """

    def __init__(self, say, address):
        self.say = say
        self.alertmanager = None  # what the page asks, once it runs
        self.seen = []  # (receiver, status, name of the alert)
        self.sent = []  # (seconds since 1970, receiver, status, name of the alert)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                kind, text = self.answer(handler.path)
                handler.send_response(200 if text else 404)
                handler.send_header("Content-Type", f"text/{kind}; charset=utf-8")
                handler.end_headers()
                handler.wfile.write((text or "There is no such page.\n").encode())

            def do_POST(handler):
                length = int(handler.headers["Content-Length"])
                self.take(handler.path.strip("/"), json.loads(handler.rfile.read(length)))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *args):
                pass

        host, port = address.split(":")
        self.server = http.server.ThreadingHTTPServer((host, int(port)), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path):
        """(kind of text, text or nothing) for a browser"""
        if path.startswith("/runbooks/"):
            return "plain", runbook(path.removeprefix("/runbooks/"))
        if path != "/" or not self.alertmanager:
            return "plain", None
        try:
            return "html", alerts_page(self.alertmanager.alerts(), self.sent)
        except OSError as error:
            return "plain", f"Alertmanager does not answer: {error}\n"

    def take(self, receiver, notification):
        for alert in notification["alerts"]:
            one = (receiver, alert["status"], alert["labels"]["alertname"])
            if one not in self.seen[-50:] or alert["status"] == "firing":
                self.say(f"[{receiver}] {alert['status']}: {one[2]}: "
                         f"{alert['annotations'].get('summary', '')}")
            self.seen.append(one)
            self.sent.append((time.time(), *one))

    def end(self):
        self.server.shutdown()
        self.server.server_close()
