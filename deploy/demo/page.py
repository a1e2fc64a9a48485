# SPDX-License-Identifier: Apache-2.0
"""The demo's web page: firing alerts, their receivers and runbooks.

Debian's Alertmanager has no web interface.
"""

import html
import os
import re
import time

RUNBOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "runbooks")
RECEIVERS = {"critical": "page", "warning": "ticket", "info": "digest"}

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>{title}</title><style>
body {{ font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 64em; padding: 0 1em; }}
td, th {{ text-align: left; vertical-align: top; padding: .4em 1em .4em 0;
          border-bottom: 1px solid #ccc; }}
.critical {{ border-left: 6px solid #d55e00; padding-left: .6em; }}
.warning {{ border-left: 6px solid #e69f00; padding-left: .6em; }}
.info, .muted {{ border-left: 6px solid #56b4e9; padding-left: .6em; }}
.muted {{ opacity: .6; }} small {{ color: #555; }}
</style></head><body>
<h1>{title}</h1>
<table>{firing}</table>
<h2>Notifications sent</h2>
<table>{sent}</table>
</body></html>
"""


def alerts_page(alerts, sent):
    """`alerts` as in Alertmanager's API, `sent` as [(seconds, receiver, status, name)]."""
    order = list(RECEIVERS)
    alerts = sorted(alerts, key=lambda one: (is_muted(one), order.index(severity_of(one)),
                                             name_of(one)))
    title = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'} firing"
    return PAGE.format(
        title=title, firing="".join(map(alert_row, alerts)) or text_row("No alerts firing."),
        sent="".join(map(sent_row, reversed(sent[-30:]))) or text_row("No notifications yet."))


def text_row(text):
    return f"<tr><td>{text}</td></tr>"


def name_of(alert):
    return alert["labels"]["alertname"]


def severity_of(alert):
    return alert["labels"]["severity"]


def is_muted(alert):
    return alert["status"]["state"] == "suppressed"


def alert_row(alert):
    name, severity = html.escape(name_of(alert)), severity_of(alert)
    muted = is_muted(alert)
    receiver = "inhibited" if muted else RECEIVERS[severity]
    notes = {key: html.escape(text) for key, text in alert["annotations"].items()}
    return (f"<tr><td class={'muted' if muted else severity}><b>{severity}</b><br>"
            f"<small>{receiver}</small></td><td><b>{name}</b>: {notes['summary']}<br>"
            f"{notes['description']}<br><small><a href=/runbooks/{name}>runbook</a></small>"
            "</td></tr>")


def sent_row(one):
    seconds, receiver, status, name = one
    clock = time.strftime("%H:%M:%S", time.localtime(seconds))
    return (f"<tr><td>{clock}</td><td>{html.escape(receiver)}</td><td>{html.escape(status)}</td>"
            f"<td>{html.escape(name)}</td></tr>")


def runbook(name):
    """The text of an alert's runbook, or None."""
    path = os.path.join(RUNBOOKS, name + ".md")
    if not re.fullmatch(r"[A-Za-z]+", name) or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()
