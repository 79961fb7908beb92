"""What people are told of vigie itself: once when it begins, once when it is over, over restarts."""
import time

from lab import item

HOUR, DAY = 3600, 86400

CONFIG = """
rules: [{id: acme, query: acme}]
sources:
  - {id: paper, url: '@BASE@/feed/paper', every: 1s}
  - {id: other, url: '@BASE@/feed/other', every: 1s}
receivers:
  - {id: team, webhook: {url: '@BASE@/hook/team'}}
  - {id: ops, lang: fr, webhook: {url: '@BASE@/hook/ops'}}
routes: {receiver: team, group_by: [mention]}
"""


def hourly(ahead=0):
    """An item an hour for four weeks, the last one just now."""
    return [item(n, f'news {n}', published=ahead - n * HOUR - 60) for n in range(28 * 24)]


def notices(lab, name):
    return [p.json['data']['item']['title'] for p in lab.posts if p.name == name]


def restart(lab, monkeypatch, shift):
    lab.stop()
    monkeypatch.setenv('VIGIE_TEST_WALL_SHIFT_S', str(shift))
    lab.start()


def reads_again(lab, path, times=2):
    n = len(path.asked)
    lab.wait(lambda: len(path.asked) >= n + times, 'the feed to be read')


def test_a_silence_is_told_once_and_so_is_its_end(lab, monkeypatch):
    feed = lab.feed('paper', hourly())
    lab.feed('other', [item('o', 'nothing')])
    lab.config(CONFIG + 'notices: ops\n')
    lab.start()
    reads_again(lab, feed)
    assert not lab.posts

    restart(lab, monkeypatch, 3 * DAY)  # and nothing new has come
    lab.wait_hook()
    reads_again(lab, feed)
    restart(lab, monkeypatch, 3 * DAY + HOUR)
    reads_again(lab, feed)
    feed.status = 500  # trouble tells nothing of silence
    lab.wait_log('crawl.failed')
    feed.status = 200
    reads_again(lab, feed)
    lab.settle(1)
    assert notices(lab, 'ops') == ['La source « paper » s’est tue']
    assert 'silent since 20' in lab.posts[0].text

    lab.feed('paper', [item('new', 'nothing for us', published=3 * DAY + HOUR)])
    lab.wait(lambda: len(lab.posts) == 2, 'the second notice')
    restart(lab, monkeypatch, 3 * DAY + 2 * HOUR)
    reads_again(lab, feed)
    lab.settle(2)
    assert notices(lab, 'ops') == ['La source « paper » s’est tue', 'La source « paper » parle de nouveau']
    assert notices(lab, 'team') == []


def test_who_was_silent_when_met_is_shown_and_nobody_is_told(lab):
    lab.feed('other', [item('o', 'nothing')])
    feed = lab.feed('paper', hourly(-3 * DAY))
    lab.config(CONFIG)
    lab.start()
    reads_again(lab, feed)
    assert 'silent' in lab.vigie('status', '-c', lab.config_path, '--json').stdout
    lab.feed('paper', [item('new', 'nothing for us')])
    reads_again(lab, feed)
    lab.settle(0)
    assert not lab.posts


def test_a_source_that_is_gone_and_comes_back(lab, monkeypatch):
    lab.feed('other', [item('o', 'nothing')])
    feed = lab.feed('paper', [item('1', 'nothing')], status=410)
    lab.config(CONFIG)
    lab.start()
    lab.wait_hook()
    restart(lab, monkeypatch, DAY)
    time.sleep(0.5)
    assert len(feed.asked) == 1
    assert notices(lab, 'team') == ['The source "paper" is gone: it is no longer asked']
    assert '410' in lab.posts[0].text
    # A new address under the same id is another try.
    lab.feed('moved', [item('1', 'nothing')])
    lab.config(CONFIG.replace('/feed/paper', '/feed/moved'))
    lab.vigie('reload', '-c', lab.config_path)
    lab.settle(2)
    assert notices(lab, 'team')[1:] == ['The source "paper" is back']
    assert notices(lab, 'ops') == []
