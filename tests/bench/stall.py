"""stall.py VIGIE [--stall 20] [--before 5] [--feeds 200] [--rate 20] [--json]

redis-server is stopped (SIGSTOP: connections stay open, nothing is answered) for STALL seconds under
load, then goes on. Prints what was lost, how much memory grew meanwhile, how long the loop kept a
question over the control socket waiting (loop_*: without waiting for a processor), and how long after the stall all was told. The aim is a stall of 120 s.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import Probe, World, command, longest_step, rss_kib, wrong_of  # noqa: E402

RECEIVERS = ['hook', 'mail']
MEMORY_KIB = 64 * 1024


def measure(options, lab):
    lab.mail_server()
    world = World(lab, options.feeds)
    lab.config(world.config())
    lab.start()
    begin = time.monotonic()
    stopped = probe = None
    before = peak = 0
    while time.monotonic() - begin < options.before + options.stall:
        now = time.monotonic() - begin
        world.pace(now, options.rate)
        if now > options.before and not stopped:
            stopped, before = lab.wait(lab.redis_pid, 'a redis-server'), rss_kib(lab.child.pid)
            probe = Probe(lab)
            os.kill(stopped, signal.SIGSTOP)
        if stopped:
            peak = max(peak, rss_kib(lab.child.pid))
        time.sleep(0.02)
    spooled = lab.status()['queue']
    os.kill(stopped, signal.SIGCONT)
    begin = time.monotonic()
    world.wait_told(RECEIVERS, 60)
    healed = time.monotonic() - begin
    report = {'stall_s': options.stall, **world.figures(RECEIVERS), 'spooled': spooled['spooled'], 'spool_bytes': spooled['spool_bytes'],
              'told_after_s': round(healed, 1), 'rss_before_kib': before, 'rss_growth_kib': max(peak, rss_kib(lab.child.pid)) - before,
              **probe.stop(), **longest_step(lab)}
    lab.stop()
    # One extra copy a receiver: what was sent when Redis fell silent could not be written down.
    return report, wrong_of(report, zero=['hook_lost', 'mail_lost', 'other_id'],
                            most=[('hook_extra', 1), ('mail_extra', 1), ('rss_growth_kib', MEMORY_KIB),
                                  ('loop_max_ms', 50), ('step_max_ms', 50)])


if __name__ == '__main__':
    sys.exit(command(__doc__, [('stall', float, 20), ('before', float, 5), ('feeds', int, 200), ('rate', float, 20)], measure))
