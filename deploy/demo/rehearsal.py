# SPDX-License-Identifier: Apache-2.0
"""One incident from its cause until all its alerts are resolved, with the time of each."""

import time

from alerts_watch import AlertsWatch
from incidents import INCIDENTS, QUIET

CALM_WITHIN = 120  # seconds
FIRE_WITHIN = 120
SETTLE = 3  # seconds after the last expected alert without unexpected ones


def rehearse(demo, name, say):
    """Causes and undoes the incident, and compares the alerts; returns the exit code."""
    incident = INCIDENTS[name]
    wait_for_past(demo, name, say)
    if not wait_for_calm(demo, AlertsWatch(demo.monitoring), lambda text: None):
        say(f"{name}: not started, other alerts are firing: {fired_now(demo)}")
        return 1
    say(f"{name}: {incident.says}")
    say(f"  expected: {', '.join(sorted(incident.expected))}")
    watch, pages_before = AlertsWatch(demo.monitoring), len(demo.receiver.sent)
    try:
        incident.cause(demo)
        say(f"  {seconds_of(watch)} caused")
        wait_for_alerts(watch, incident, say)
    finally:
        incident.undo(demo)
        demo.undone[name] = time.monotonic()
    say(f"  {seconds_of(watch)} undone")
    calm = wait_for_calm(demo, watch, say)
    say(f"  {seconds_of(watch)} "
        + ("all alerts resolved" if calm else "NOT RESOLVED: " + fired_now(demo)))
    pages = {alert for _, receiver, status, alert in demo.receiver.sent[pages_before:]
             if receiver == demo.pager and status == "firing"}
    return judge(name, incident, watch, pages, say) if calm else 1


def wait_for_past(demo, name, say):
    """Alerts on unusual behavior need a normal time to compare with."""
    since = demo.undone.get(name, demo.watched_since)
    left = INCIDENTS[name].past - (time.monotonic() - since)
    if left > 0:
        say(f"{name}: waiting {left:.0f} s: its alerts compare with the preceding time")
        time.sleep(left)


def seconds_of(watch):
    return f"{time.monotonic() - watch.began:6.1f} s"


def tell(watch, say):
    for seconds, name, state in watch.look():
        if name not in QUIET:
            say(f"  {seconds:6.1f} s {state:8} {name} ({watch.severity.get(name, 'not yet')})"
                if state != "pending" else f"  {seconds:6.1f} s pending  {name}")


def wait_for_alerts(watch, incident, say):
    deadline = time.monotonic() + FIRE_WITHIN
    settled = None
    while time.monotonic() < deadline and (settled is None or time.monotonic() < settled):
        tell(watch, say)
        if settled is None and incident.expected <= set(watch.firing):
            settled = time.monotonic() + SETTLE
        time.sleep(0.2)


def wait_for_calm(demo, watch, say):
    """Whether only the quiet set is pending or firing within CALM_WITHIN."""
    deadline = time.monotonic() + CALM_WITHIN
    while time.monotonic() < deadline:
        tell(watch, say)
        told, muted = watch.now_firing()
        if told == QUIET and not muted and not watch.now_pending():
            return True
        time.sleep(0.2)
    return False


def fired_now(demo):
    told, muted = AlertsWatch(demo.monitoring).now_firing()
    return ", ".join(sorted(told | muted)) or "none"


def judge(name, incident, watch, pages, say):
    fired = set(watch.firing) - QUIET
    critical = {alert for alert in fired if watch.severity[alert] == "critical"}
    missing = incident.expected - fired
    unexpected = fired - incident.expected - incident.possible
    times = ", ".join(f"{alert} after {watch.firing[alert]:.1f} s" for alert in sorted(fired))
    for what, names in (("missing", missing), ("unexpected", unexpected),
                        ("critical, but not paged", critical - pages),
                        ("paged, but not critical", pages - critical)):
        if names:
            say(f"  {what}: {', '.join(sorted(names))}")
    good = not missing and not unexpected and pages == critical
    say(f"{name}: {'as expected' if good else 'NOT AS EXPECTED'}: {times or 'no alerts fired'}; "
        f"pages: {', '.join(sorted(pages)) or 'none'}")
    return 0 if good else 1
