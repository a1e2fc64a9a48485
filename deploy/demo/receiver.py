# SPDX-License-Identifier: Apache-2.0
"""Takes what Alertmanager sends: the pager, the tickets and the digest of the demo in one."""

import http.server
import json
import threading


class Receiver:
    """An HTTP server whose path /NAME is the receiver NAME; `say` is told of each notification."""

    def __init__(self, say):
        self.say = say
        self.seen = []  # (receiver, status, name of the alert)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                length = int(handler.headers["Content-Length"])
                self.take(handler.path.strip("/"), json.loads(handler.rfile.read(length)))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, receiver, notification):
        for alert in notification["alerts"]:
            one = (receiver, alert["status"], alert["labels"]["alertname"])
            if one not in self.seen[-50:] or alert["status"] == "firing":
                self.say(f"[{receiver}] {alert['status']}: {one[2]}: "
                         f"{alert['annotations'].get('summary', '')}")
            self.seen.append(one)

    def end(self):
        self.server.shutdown()
        self.server.server_close()
