"""What feeds do to those who read them, and what of it a person hears: each item once."""
import itertools
import os
import sqlite3

from lab import Path, item, rss

CONFIG = """
crawl: {spacing: 0s, allow_addresses: [127.0.0.0/8], contact: 'https://brand.example/bot'}
rules: [{id: acme, query: acme}]
sources: [{id: paper, url: '@BASE@/feed/paper', every: 1s}]
receivers: [{id: hook, webhook: {url: '@BASE@/hook/hook'}}]
routes: {receiver: hook, group_by: [mention]}
"""


def run(lab):
    lab.config(CONFIG)
    lab.start()


def reads(lab, path, times):
    n = len(path.asked)
    lab.wait(lambda: len(path.asked) >= n + times, f'{times} reads')


def told(lab):
    return [p.json['data']['item']['title'] for p in lab.posts]


def test_we_say_who_we_are_and_where_to_complain(lab):
    feed = lab.feed('paper', [item(1, 'Acme')])
    run(lab)
    lab.wait_hook()
    assert feed.asked[0][1]['user-agent'].startswith('vigie/')
    assert feed.asked[0][1]['user-agent'].endswith('(+https://brand.example/bot)')


def test_guids_that_change_repeat_or_lack_make_nothing_new(lab):
    numbers = itertools.count()
    made = rss([item('NUMBER-a', 'Acme changes', url='https://site.example/a'),
                item('NUMBER-b', 'Acme changes too', url='https://site.example/b')])
    changing = lab.feed('paper')
    changing.body = lambda: made.replace(b'NUMBER', b'%d' % next(numbers))
    others = lab.feed('others', [item('twice', 'Acme one', url='https://site.example/1'),
                                 item('twice', 'Acme one', url='https://site.example/1'),
                                 item(None, 'Acme without', url='https://site.example/2'),
                                 item('', 'Acme with an empty one', url='https://site.example/3')])
    same = lab.feed('same', [item('of all', 'Acme red', url='https://site.example/4', published=-60),
                             item('of all', 'Acme blue', url='https://site.example/5', published=-90)])
    lab.config(CONFIG.replace("every: 1s}]", "every: 1s}, {id: others, url: '@BASE@/feed/others', every: 1s}, "
                                     "{id: same, url: '@BASE@/feed/same', every: 1s}]"))
    lab.start()
    lab.wait(lambda: len(lab.posts) >= 7, 'the alerts')
    lab.feed('same', [item('of all', 'Acme red', url='https://site.example/4', published=-60)])
    reads(lab, changing, 3)
    reads(lab, others, 2)
    reads(lab, same, 2)
    lab.settle(7)
    assert sorted(told(lab)) == ['Acme blue', 'Acme changes', 'Acme changes too', 'Acme one', 'Acme red',
                                 'Acme with an empty one', 'Acme without']


def made_for_each_read(*of):
    """A body whose items, (name, title, text), get a guid and a date of this very moment."""
    numbers = itertools.count()

    def body():
        n = next(numbers)
        return rss([item(f'{n}-{name}', title, text, url=f'https://site.example/{name}', published=n)
                    for name, title, text in of])
    return body


def test_guids_and_dates_made_for_each_read_make_nothing_new(lab):
    many = lab.feed('paper')
    many.body = made_for_each_read(('a', 'Acme changes', 'one'), ('b', 'Acme changes too', 'two'))
    one = lab.feed('one')
    one.body = made_for_each_read(('status', 'Acme is well', 'all of it'))
    lab.config(CONFIG.replace("every: 1s}]", "every: 1s}, {id: one, url: '@BASE@/feed/one', every: 1s}]"))
    lab.start()
    lab.wait(lambda: len(lab.posts) >= 3, 'the alerts')
    reads(lab, many, 3)
    reads(lab, one, 3)
    lab.stop()
    lab.start()
    reads(lab, many, 3)
    reads(lab, one, 3)
    lab.settle(3)
    assert sorted(told(lab)) == ['Acme changes', 'Acme changes too', 'Acme is well']

    def kept():
        with sqlite3.connect(os.path.join(lab.state, 'archive.db')) as db:
            return db.execute('SELECT count(*) FROM mentions').fetchone()[0]
    before = kept()
    # What is really new is told, under an address of its own or under the same one.
    many.body = made_for_each_read(('c', 'Acme is new', 'three'), ('a', 'Acme changes', 'one'),
                                   ('b', 'Acme changes too', 'two'))
    one.body = made_for_each_read(('status', 'Acme is down', 'all of it'))
    lab.wait(lambda: {'Acme is new', 'Acme is down'} <= set(told(lab)), 'the news')
    reads(lab, many, 3)
    reads(lab, one, 3)
    lab.settle(5)
    assert len(told(lab)) == 5
    assert kept() == before + 2, 'a mention is kept once'


def test_an_edit_and_a_counter_alert_nobody_twice(lab):
    feed = lab.feed('paper', [item(1, 'Acme thread (3)', 'first words', published=-60)])
    run(lab)
    lab.wait_hook()
    for title, text in (('Acme thread (4)', 'first words'), ('Acme thread, edited', 'other words')):
        lab.feed('paper', [item(1, title, text, published=-60)])
        reads(lab, feed, 2)
    lab.settle(1)
    assert told(lab) == ['Acme thread (3)']
    # The archive has the last word of it.
    lab.wait(lambda: 'thread, edited' in lab.vigie('search', '-c', lab.config_path, 'acme').stdout, 'the edit')


def test_a_date_in_the_future_is_kept_and_told_now(lab):
    lab.feed('paper', [item(1, 'Acme tomorrow', published=86400)])
    run(lab)
    post = lab.wait_hook()
    assert post.json['data']['item']['published_at'] > post.json['timestamp']


def test_items_stay_who_they_are_when_the_feed_moves(lab):
    moved = lab.feed('moved', [item('http://site.example/1', 'Acme', published=-60)])
    old = lab.paths['/feed/paper'] = Path(status=301, headers={'Location': '/feed/moved'})
    run(lab)
    lab.wait_hook()
    lab.wait_log('crawl.moved', 60)
    n = len(old.asked)
    reads(lab, moved, 2)
    assert len(old.asked) == n
    lab.settle(1)
    assert told(lab) == ['Acme']
