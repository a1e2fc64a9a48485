# SPDX-License-Identifier: Apache-2.0
"""An HTTP server of our own on the loopback interface."""

import http.server
import threading


class LocalServer:
    """Answers in threads of its own until end(), by `answers`: {"do_GET": function of a handler}."""

    def __init__(self, answers, port=0):
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(handler, *args):
                pass

        for name, answer in answers.items():
            setattr(Handler, name, lambda handler, answer=answer: answer(handler))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def address(self):
        return f"127.0.0.1:{self.server.server_port}"

    def end(self):
        self.server.shutdown()
        self.server.server_close()
