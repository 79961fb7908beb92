"""stops.py VIGIE [--stops 10] [--gap 2] [--feeds 100] [--rate 20] [--json]

SIGTERM under load, STOPS times, GAP seconds apart, and started again each time. Prints how long each
took to end, and what was lost or came twice. The aim is 50 stops.
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import World, command, quantile, wrong_of  # noqa: E402

RECEIVERS = ['hook', 'mail']


def measure(options, lab):
    lab.mail_server()
    world = World(lab, options.feeds)
    lab.config(world.config())
    begin = time.monotonic()
    took, statuses = [], set()
    for _ in range(options.stops):
        lab.start()
        end = time.monotonic() + options.gap * random.uniform(0.5, 1.5)
        while time.monotonic() < end:
            world.pace(time.monotonic() - begin, options.rate)
            time.sleep(0.01)
        start = time.monotonic()
        statuses.add(lab.stop(30))
        took.append(time.monotonic() - start)
    lab.start()
    world.wait_told(RECEIVERS, 60)
    report = {'stops': options.stops, **world.figures(RECEIVERS), 'stop_p50_s': round(quantile(took, .5), 3),
              'stop_max_s': round(max(took), 3), 'other_status': len(statuses - {0})}
    lab.stop()
    return report, wrong_of(report, zero=['hook_lost', 'mail_lost', 'hook_extra', 'mail_extra', 'other_id', 'other_status'],
                            most=[('stop_max_s', 5)])


if __name__ == '__main__':
    sys.exit(command(__doc__, [('stops', int, 10), ('gap', float, 2), ('feeds', int, 100), ('rate', float, 20)], measure))
