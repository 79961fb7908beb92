"""load.py VIGIE [--feeds 500] [--rate 20] [--seconds 60] [--kills 0] [--redis-kills 0] [--json]

The main job under load, all parts real: FEEDS feeds on loopback polled every 2 s, RATE new items a
second of which a quarter match; each match is due once at a web hook and once in a mailbox. With
kills, vigie (kill -9) and redis-server are killed at random moments meanwhile.

Prints what was lost and what came twice, and the time from the end of the fetch that brought an
item to its web hook (p50, p99). The end of the fetch is when the origin had sent the document.
Wrong is: anything lost, an item told under two ids, more than one extra copy a kill and receiver.
"""
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import World, command, quantile, rss_kib, wrong_of  # noqa: E402

RECEIVERS = ['hook', 'mail']


def moments_of(options):
    """When to kill what: at random, anywhere between a fetch and its messages."""
    return sorted((random.uniform(0.05, 0.95) * options.seconds, which)
                  for which, n in (('vigie', options.kills), ('redis', options.redis_kills)) for _ in range(n))


def measure(options, lab):
    lab.mail_server()
    world = World(lab, options.feeds)
    lab.config(world.config())
    lab.start()
    begin = time.monotonic()
    moments, back, kills = moments_of(options), [], {'vigie': 0, 'redis': 0}
    while moments or time.monotonic() - begin < options.seconds:
        now = time.monotonic() - begin
        world.pace(min(now, options.seconds), options.rate)
        if moments and now >= moments[0][0]:
            _, which = moments.pop(0)
            if which == 'vigie':
                lab.kill()
                start = time.monotonic()
                lab.start()
                back.append(time.monotonic() - start)
            else:
                os.kill(lab.wait(lab.redis_pid, 'a redis-server'), signal.SIGKILL)
            kills[which] += 1
        time.sleep(0.01)  # the pace of the load, not a wait
    world.wait_told(RECEIVERS, 60)
    usage = lab.status() if lab.child.poll() is None else {}
    hooks = world.told().get('hook', {})
    delays = [hooks[n][0][0] - world.sent[n] for n in hooks if n in world.sent]
    report = {
        'kills': kills['vigie'], 'redis_kills': kills['redis'], **world.figures(RECEIVERS),
        'delay_p50_s': round(quantile(delays, .5), 3), 'delay_p99_s': round(quantile(delays, .99), 3),
        'ready_after_kill_p50_s': round(quantile(back, .5), 3) if back else None,
        'ready_after_kill_max_s': round(max(back), 3) if back else None,
        'rss_kib': rss_kib(lab.child.pid),
        'fetches': usage.get('crawl', {}).get('fetches'),
    }
    lab.stop()
    every = options.kills + options.redis_kills
    return report, wrong_of(report, zero=['hook_lost', 'mail_lost', 'other_id', 'not_wanted'],
                            most=[('hook_extra', every), ('mail_extra', every)])


ARGUMENTS = [('feeds', int, 500), ('rate', float, 20), ('seconds', float, 60), ('kills', int, 0), ('redis-kills', int, 0)]

if __name__ == '__main__':
    sys.exit(command(__doc__, ARGUMENTS, measure))
