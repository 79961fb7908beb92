"""hook_down.py VIGIE [--down 20] [--scale 1000] [--feeds 100] [--rate 20] [--json]

One of three receivers answers 503 for DOWN seconds under load, with the schedule of retries SCALE
times faster. Prints what was lost, whether the receiver that was down got everything in the order in
which its neighbour got it, how long the neighbours waited meanwhile, and how often it was knocked at.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import World, command, longest_step, quantile, wrong_of  # noqa: E402

TAIL = """
receivers:
  - {id: down, webhook: {url: '@BASE@/hook/down'}}
  - {id: up, webhook: {url: '@BASE@/hook/up'}}
  - {id: mail, email: {to: [team@brand.example], from: vigie@brand.example, smtp: 'smtp://127.0.0.1:@SMTP@'}}
routes: {receiver: [down, up, mail], group_by: [mention]}
"""
RECEIVERS = ['down', 'up', 'mail']
BEFORE_S, AFTER_S = 3, 3


def measure(options, lab):
    lab.mail_server()
    world = World(lab, options.feeds)
    lab.config(world.config(TAIL))
    os.environ['VIGIE_TEST_RETRY_SCALE'] = str(options.scale)
    lab.start()
    begin = time.monotonic()
    knocks, taken = [], []

    def answer(post):
        now = time.monotonic() - begin
        if BEFORE_S < now < BEFORE_S + options.down:
            knocks.append(post)
            return 503, {}, b'closed'
        taken.append(post)
        return 200, {}, b'ok'
    lab.hook_answers['down'] = answer
    while time.monotonic() - begin < BEFORE_S + options.down + AFTER_S:
        world.pace(time.monotonic() - begin, options.rate)
        time.sleep(0.02)

    def tell():  # what was refused was not told
        refused = set(map(id, knocks))
        lab.posts[:] = [p for p in lab.posts if id(p) not in refused]
    end = time.monotonic() + 120
    while time.monotonic() < end and any(world.missing(RECEIVERS).values()):
        time.sleep(0.5)
        tell()
    tell()
    told = world.told()
    order = {r: sorted(told.get(r, {}), key=lambda n, r=r: told[r][n][0][0]) for r in RECEIVERS}
    delays = {r: [told[r][n][0][0] - world.sent[n] for n in told.get(r, {}) if n in world.sent] for r in RECEIVERS}
    report = {'down_s': options.down, **world.figures(RECEIVERS), 'knocks': len(knocks),
              'knocked_with': len({p.headers['webhook-id'] for p in knocks}),
              'out_of_order': sum(a != b for a, b in zip(order['down'], order['up'])),
              'up_delay_p99_s': round(quantile(delays['up'], .99), 3), 'mail_delay_p99_s': round(quantile(delays['mail'], .99), 3),
              'down_delay_max_s': round(max(delays['down'], default=0), 1), **longest_step(lab)}
    lab.stop()
    return report, wrong_of(report, zero=[f'{r}_{what}' for r in RECEIVERS for what in ('lost', 'extra')] + ['other_id', 'out_of_order'],
                            most=[('up_delay_p99_s', 5), ('mail_delay_p99_s', 5)])


if __name__ == '__main__':
    sys.exit(command(__doc__, [('down', float, 20), ('scale', float, 1000), ('feeds', int, 100), ('rate', float, 20)], measure))
