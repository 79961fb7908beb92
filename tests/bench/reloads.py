"""reloads.py VIGIE [--reloads 60] [--gap 0.3] [--feeds 100] [--rate 20] [--json]

The configuration is read again RELOADS times under load, every second time a broken one, by SIGHUP
and by `vigie reload` in turn. A good one differs from the one before by a rule and a source. Prints
what was lost or came twice, and whether each reload ended as it should. The aim is 500 reloads.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import World, command, longest_step, rss_kib, wrong_of  # noqa: E402

RECEIVERS = ['hook', 'mail']
BROKEN = 'rules: [{id: acme, query: "(acme"}]\nreceivers: [{id: hook, pigeon: {}}]\n'


def measure(options, lab):
    lab.mail_server()
    world = World(lab, options.feeds)
    good = world.config()
    lab.config(good)
    lab.start()
    before = rss_kib(lab.child.pid)
    begin = time.monotonic()
    wrong_end = 0

    def count(event):
        return sum(event in line for line in list(lab.log))
    for k in range(options.reloads):
        broken = k % 2 == 1
        extra = good.replace('sources:', f"  - {{id: more{k}, query: 'nothing{k}'}}\nsources:\n  - {{id: more{k}, url: '@BASE@/feed/none{k}'}}")
        lab.config('state: ' + lab.state + '\n' + BROKEN if broken else extra)
        event = 'run.reload_refused' if broken else 'run.reloaded'
        seen = count(event)
        if k % 4 < 2:
            lab.child.send_signal(signal.SIGHUP)
        else:
            wrong_end += (lab.vigie('reload', '--state', lab.state, check=False).returncode != 0) != broken
        lab.wait(lambda e=event, s=seen: count(e) > s, event)
        end = time.monotonic() + options.gap
        while time.monotonic() < end:
            world.pace(time.monotonic() - begin, options.rate)
            time.sleep(0.01)
    world.wait_told(RECEIVERS, 60)
    report = {'reloads': options.reloads, 'wrong_end': wrong_end, **world.figures(RECEIVERS), 'rss_before_kib': before,
              'rss_after_kib': rss_kib(lab.child.pid), **longest_step(lab)}
    lab.stop()
    return report, wrong_of(report, zero=['wrong_end', 'hook_lost', 'mail_lost', 'hook_extra', 'mail_extra', 'other_id'])


if __name__ == '__main__':
    sys.exit(command(__doc__, [('reloads', int, 60), ('gap', float, 0.3), ('feeds', int, 100), ('rate', float, 20)], measure))
