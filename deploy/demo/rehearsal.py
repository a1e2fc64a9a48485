# SPDX-License-Identifier: Apache-2.0
"""One incident from cause to calm, with the time of each alert."""

import time

from alerts_watch import AlertsWatch
from incidents import INCIDENTS, QUIET

CALM_WITHIN = 120  # seconds
FIRE_WITHIN = 120
SETTLE = 3  # seconds after the last expected alert in which no other may come


def rehearse(demo, name, say):
    """Causes the incident of that name, undoes it, and judges what fired: the exit code."""
    incident = INCIDENTS[name]
    wait_for_past(demo, name, say)
    if not wait_for_calm(demo, AlertsWatch(demo.monitoring), lambda text: None):
        say(f"{name}: not begun, other alerts fire: {fired_now(demo)}")
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
    say(f"  {seconds_of(watch)} " + ("calm again" if calm else "NOT CALM: " + fired_now(demo)))
    pages = {alert for _, receiver, status, alert in demo.receiver.sent[pages_before:]
             if receiver == demo.pager and status == "firing"}
    return judge(name, incident, watch, pages, say) if calm else 1


def wait_for_past(demo, name, say):
    """What is out of the ordinary shows only against what was ordinary before."""
    since = demo.undone.get(name, demo.watched_since)
    left = INCIDENTS[name].past - (time.monotonic() - since)
    if left > 0:
        say(f"{name}: waits {left:.0f} s, for its alerts compare with the time before")
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
    """Whether nothing but the quiet set is pending or fires, soon enough."""
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
    for what, names in (("missing", missing), ("not expected", unexpected),
                        ("critical, but nobody was paged", critical - pages),
                        ("paged, but not critical", pages - critical)):
        if names:
            say(f"  {what}: {', '.join(sorted(names))}")
    good = not missing and not unexpected and pages == critical
    say(f"{name}: {'as expected' if good else 'NOT AS EXPECTED'}: {times or 'nothing fired'}; "
        f"pages: {', '.join(sorted(pages)) or 'none'}")
    return 0 if good else 1
