"""robots.txt (RFC 9309) of pages that are read for a network, and of where redirects lead. What crawling makes of the file
itself is tested in line/test-crawl-robots.c."""
import os
import sqlite3

import pytest

from lab import Lab, Path, rss, item

CONFIG = """
rules: [{id: acme, kind: brand, brand: Acme, query: acme}]
receivers: []
sources:
"""
PAGE = """  - connector: page
    id: %s
    url: '%s'
    every: 1s
    select: {item: div.post, id: .@id, title: h3, text: p, url: h3 a@href}
"""


@pytest.fixture
def two(tmp_path):
    """A lab on two sites: url('/x') and other('/x')."""
    with Lab(tmp_path, also=('127.0.0.2',)) as it:
        it.other = lambda path: f'http://127.0.0.2:{it.port}{path}'
        it.hosts = {}  # (path, host) -> Path
        plain = it.answer

        async def answer(method, target, headers, body):
            path = it.hosts.get((target, headers.get('host', '').split(':')[0]))
            if path:
                path.asked.append(headers)
                return path.status, path.headers, path.body
            return await plain(method, target, headers, body)
        it.answer = answer
        yield it


def here(lab, target, body='', host='127.0.0.1', status=200, **headers):
    path = lab.hosts[(target, host)] = Path(body.encode(), status, headers)
    return path


def posts(*names):
    return ''.join(f'<div class=post id={n}><h3><a href=/t/{n}>Acme {n}</a></h3><p>says {n}</div>' for n in names)


def state(lab, source):
    return next(s for s in lab.status()['sources'] if s['id'] == source)


def start(lab, *sources):
    lab.config(CONFIG + ''.join(sources))
    lab.start()


def titles(lab):
    with sqlite3.connect(os.path.join(lab.state, 'archive.db')) as db:
        return [row[0] for row in db.execute('SELECT title FROM mentions')]


def test_a_page_is_not_asked_for_where_robots_txt_disallows_it(two):
    robots = here(two, '/robots.txt', 'User-agent: *\nDisallow: /closed\n')
    closed, opened = here(two, '/closed/latest', posts('a')), here(two, '/open/latest', posts('b'))
    start(two, PAGE % ('closed', two.url('/closed/latest')), PAGE % ('open', two.url('/open/latest')))
    two.wait(lambda: len(opened.asked) >= 3, 'the page that may be read')
    two.wait(lambda: state(two, 'closed')['mark'] == 'disallowed', 'the state of the other one')
    assert 'disallowed by robots.txt, line 2' in state(two, 'closed')['error']
    assert not closed.asked and len(robots.asked) == 1
    two.wait(lambda: 'Acme b' in titles(two), 'the mention')


def test_a_site_that_does_not_answer_for_its_robots_txt_is_left_alone(two):
    here(two, '/robots.txt', status=503)
    page = here(two, '/latest', posts('a'))
    start(two, PAGE % ('board', two.url('/latest')))
    two.wait(lambda: 'robots.txt is out of reach (it answers 503)' in (state(two, 'board')['error'] or ''), 'the state')
    assert not page.asked


def test_the_operator_may_have_it_not_asked_for(two):
    robots, page = here(two, '/robots.txt', 'User-agent: *\nDisallow: /\n'), here(two, '/latest', posts('a'))
    two.config('crawl: {spacing: 0s, robots: false, allow_addresses: [127.0.0.0/8]}\n' + CONFIG +
               PAGE % ('board', two.url('/latest')))
    two.start()
    two.wait(lambda: 'Acme a' in titles(two), 'the mention')
    assert page.asked and not robots.asked


@pytest.mark.parametrize('kind', ['page', 'sitemap'])
def test_each_redirect_is_judged_by_the_site_it_leads_to(two, kind):
    def source(name):
        if kind == 'page':
            return PAGE % (name, two.url(f'/{name}'))
        return f"  - {{id: {name}, kind: sitemap, url: '{two.url('/' + name)}', every: 1s}}\n"
    body = posts('a') if kind == 'page' else \
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://127.0.0.2/acme</loc></url></urlset>'
    own = here(two, '/robots.txt', 'User-agent: *\nDisallow: /inside\n')
    theirs = here(two, '/robots.txt', 'User-agent: *\nDisallow: /closed\n', host='127.0.0.2')
    inside, closed = here(two, '/inside', body), here(two, '/closed', body, host='127.0.0.2')
    fine = here(two, '/fine', body, host='127.0.0.2')
    here(two, '/a', status=302, Location='/inside')
    here(two, '/b', status=302, Location=two.other('/closed'))
    here(two, '/c', status=302, Location=two.other('/hop'))
    here(two, '/hop', status=302, Location=two.other('/fine'), host='127.0.0.2')
    start(two, source('a'), source('b'), source('c'))
    two.wait(lambda: len(fine.asked) >= 2, 'the way that is open')
    for name in 'ab':
        two.wait(lambda: state(two, name)['mark'] == 'disallowed', 'the state of the others')
    assert state(two, 'a')['error'].startswith(f'redirects to {two.url("")}: disallowed by robots.txt, line 2')
    assert state(two, 'b')['error'].startswith(f'redirects to {two.other("")}: disallowed by robots.txt, line 2')
    assert not state(two, 'c')['error']
    assert not inside.asked and not closed.asked
    assert len(own.asked) == len(theirs.asked) == 1


def test_who_waits_behind_a_redirect_can_be_taken_out(two):
    """The other site never answers for its robots.txt."""
    here(two, '/robots.txt', status=404)
    two.paths['/robots.txt'] = Path(b'', delay=3600)
    here(two, '/a', status=302, Location=two.other('/fine'))
    two.feed('paper', [item(1, 'Acme opens')])
    feed = f"  - {{id: paper, url: '{two.url('/feed/paper')}', every: 1s}}\n"
    start(two, PAGE % ('a', two.url('/a')), feed)
    two.wait(lambda: two.paths['/robots.txt'].asked, 'the question')
    two.config(CONFIG + feed)
    two.vigie('reload', '-c', two.config_path)
    two.wait(lambda: [s['id'] for s in two.status()['sources']] == ['paper'], 'the source to be gone')
    assert two.stop() == 0


def test_a_feed_is_published_to_be_fetched(two):
    robots = here(two, '/robots.txt', 'User-agent: *\nDisallow: /\n')
    theirs = here(two, '/robots.txt', 'User-agent: *\nDisallow: /\n', host='127.0.0.2')
    here(two, '/a', status=302, Location=two.other('/feed'))
    here(two, '/feed', rss([item(1, 'Acme feed')]).decode(), host='127.0.0.2')
    start(two, f"  - {{id: paper, url: '{two.url('/a')}', every: 1s}}\n")
    two.wait(lambda: 'Acme feed' in titles(two), 'the mention')
    assert not robots.asked and not theirs.asked
