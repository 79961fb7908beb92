"""Every network against a stand-in: what is asked, in which order, and what comes of it."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cases import CASES, DAY, Case  # noqa: E402
from drive import NOW, walk  # noqa: E402
from standin import Answer, Route, Standin  # noqa: E402


def by_name(network, ask, name=''):
    return next(c for c in CASES if (c.network, c.ask, c.name) == (network, ask, name))


def go(case, s, folder, **more):
    return walk(s.base, case.network, case.ask, folder, case.vars, case.secrets, since=case.since, **more)


@pytest.mark.parametrize('case', CASES, ids=lambda c: c.id)
def test_a_round(case: Case, tmp_path):
    with Standin(case.routes) as s:
        done = go(case, s, tmp_path)
        assert s.complaints == []
        assert done.ids == case.ids
        assert done.tombstones == case.tombstones
        if case.aliases:
            assert done.aliases == case.aliases
        if case.errors is not None:
            assert done.errors == case.errors
        assert done.lost == case.lost
        assert done.bounded == case.bounded
        if case.tokens is not None:
            assert len(done.tokens) == case.tokens
        if case.paths:
            assert [r['path'] for r in s.requests] == case.paths
        if case.again is not None:
            assert go(case, s, tmp_path, now=NOW + 600).ids == case.again
            assert s.complaints == []


@pytest.mark.parametrize('case', [c for c in CASES if len(c.ids) > 1 and not c.lost and not c.errors and c.again is None],
                         ids=lambda c: c.id)
def test_a_restart_between_any_two_requests_loses_and_repeats_nothing(case: Case, tmp_path):
    """The same round, with the program started anew for each request: only state and token are kept."""
    with Standin(case.routes) as s:
        ids, more, rounds = [], True, 0
        while more:
            done = go(case, s, tmp_path, steps=1)
            ids += done.ids
            more = done.more
            rounds += 1
            assert rounds < 50
        assert s.complaints == []
        assert ids == case.ids


def test_a_rate_limit_leaves_the_place_as_it_is(tmp_path):
    page = {'posts': [{'uri': 'at://1', 'record': {'text': 'tea'}}]}
    routes = [Route('POST /xrpc/com.atproto.server.createSession', answers={None: {'accessJwt': 'AT', 'refreshJwt': 'R'}}),
              Route('GET /xrpc/app.bsky.feed.searchPosts', by=('query', 'cursor'), before=[
                  {**page, 'cursor': 'c2'},
                  Answer(429, {'error': 'RateLimitExceeded'}, {'RateLimit-Reset': str(NOW + 40)})],
                  answers={'c2': {'posts': [{'uri': 'at://2', 'record': {'text': 'pot'}}]}})]
    secrets = {'identifier': 'zoe.example', 'app_password': 'p'}
    with Standin(routes) as s:
        first = walk(s.base, 'bluesky', 'search', tmp_path, secrets=secrets, since=DAY)
        assert (first.ids, first.errors, first.pauses[-1]) == (['at://1'], [('rate_limited', 40)], 40)
        assert first.more
        second = walk(s.base, 'bluesky', 'search', tmp_path, secrets=secrets, since=DAY, now=NOW + 41)
        assert second.ids == ['at://2']
        assert s.complaints == []


def test_a_rotated_refresh_token_is_the_one_used_next(tmp_path):
    routes = [Route('POST /2/oauth2/token', by=('form', 'refresh_token'), answers={
                  'R1': {'access_token': 'A2', 'refresh_token': 'R2', 'expires_in': 60},
                  'R2': {'access_token': 'A3', 'refresh_token': 'R3', 'expires_in': 7200}}),
              Route('GET /2/tweets/search/recent', answers={None: {'meta': {'result_count': 0}}})]
    (tmp_path / 'token').write_text('login=user&end=2026-03-02T07%3A00%3A00Z&access_token=A1&refresh_token=R1')
    with Standin(routes) as s:
        for at in (NOW, NOW + 600):
            walk(s.base, 'x', 'search', tmp_path, secrets={'client_id': 'I'}, since=DAY, now=at)
        assert s.complaints == []
        sent = [r['header'].get('authorization') for r in s.requests if r['method'] == 'GET']
        assert sent == ['Bearer A2', 'Bearer A3']


def test_a_good_answer_may_ask_for_a_pause(tmp_path):
    assert_pause(by_name('stackexchange', 'search'), 12, tmp_path)


def test_a_share_of_the_budget_may_ask_for_a_pause(tmp_path):
    assert_pause(by_name('facebook', 'feed'), 600, tmp_path)


def assert_pause(case, seconds, folder):
    with Standin(case.routes) as s:
        assert go(case, s, folder).pauses[0] == seconds


def test_what_was_read_is_not_read_again(tmp_path):
    """Newest first, without a parameter for it: a page with a known id is the last."""
    def post(i):
        return {'kind': 't3', 'data': {'id': str(i), 'name': f't3_{i}', 'title': 'Tea', 'created_utc': NOW - 3600 + i}}

    def page(ids, after=None):
        return {'data': {'children': [post(i) for i in ids], 'after': after}}
    routes = [Route('POST /api/v1/access_token', answers={None: {'access_token': 'AT'}}),
              Route('GET /r/tea/new', by=('query', 'after'), before=[page([4, 3], 't3_3'), page([2, 1])],
                    answers={None: page([6, 5, 4], 't3_4')})]
    more = dict(variables={'sub': 'tea'}, secrets={'client_id': 'I', 'client_secret': 'S'}, since=DAY)
    with Standin(routes) as s:
        assert walk(s.base, 'reddit', 'new', tmp_path, **more).ids == ['t3_4', 't3_3', 't3_2', 't3_1']
        assert walk(s.base, 'reddit', 'new', tmp_path, **more, now=NOW + 300).ids == ['t3_6', 't3_5', 't3_4']
        assert s.complaints == []
        assert len([r for r in s.requests if r['method'] == 'GET']) == 3


def test_a_missing_key_is_named(tmp_path):
    with Standin([]) as s:
        done = walk(s.base, 'youtube', 'search', tmp_path)
        assert done.entry['missing'] == 'key'
        assert s.requests == []
