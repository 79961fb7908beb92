/*
 * health: the judgement of one attempt. It sends nothing, and keeps nothing but what it writes
 * into the source's state.
 */

#include "line/health.h"

#include "sources/connector.h"
#include "sources/date.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };
/* How long one source's 429 or 503 may keep its whole host quiet: others may live there too. */
enum { HOST_HOLD_MS = 15 * MINUTE_MS };
/* A longer validator is no validator. */
enum { VALIDATOR_BYTES = 1024 };

/* --- What answers say about time ---------------------------------------------------------- */

/* Digits only; -1 for anything else. */
static int64_t seconds(struct span s)
{
	int64_t v = 0;

	s = span_trim(s);
	if (span_empty(s))
		return -1;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		if (v < INT32_MAX)
			v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

/* The sender's clock, when it tells it: its dates are to be read against its own. */
static struct wall sender_now(const struct document *d, struct wall now)
{
	const struct wall date = date_parse_http(span_trim(d->date));

	return wall_known(date) ? date : now;
}

int64_t health_retry_after(const struct document *document, struct wall now)
{
	const int64_t s = seconds(document->retry_after);
	struct wall at;

	if (s >= 0)
		return s * 1000;
	at = date_parse_http(span_trim(document->retry_after));
	if (!wall_known(at))
		return -1;
	at.ms -= sender_now(document, now).ms;
	return at.ms > 0 ? at.ms : 0;
}

/* The value of a directive of Cache-Control: -1 absent, -2 without a number. */
static int64_t directive(struct span control, const char *name)
{
	const struct span key = span_str(name);

	while (control.n) {
		struct span part = span_slice(control, 0, span_find(control, ','));

		control = span_slice(control, part.n + 1, control.n);
		part = span_trim(part);
		if (!span_eq_ci(span_slice(part, 0, key.n), key))
			continue;
		if (part.n == key.n)
			return -2;
		if (part.p[key.n] == '=') {
			struct span value = span_slice(part, key.n + 1, part.n);
			int64_t v;

			if (value.n > 1 && value.p[0] == '"' && value.p[value.n - 1] == '"')
				value = span_slice(value, 1, value.n - 1);
			v = seconds(value);
			return v < 0 ? -2 : v;
		}
	}
	return -1;
}

static struct span header_of(const struct document *d, const char *name)
{
	for (size_t i = 0; i < d->n_headers; i++)
		if (span_eq_ci(d->headers[i].name, span_str(name)))
			return d->headers[i].value;
	return SPAN_NONE;
}

int64_t health_fresh(const struct document *document, struct wall now)
{
	const struct span control = document->cache_control;
	const int64_t max_age = directive(control, "max-age");
	struct wall expires;
	int64_t age;

	if (directive(control, "no-cache") != -1 || directive(control, "no-store") != -1)
		return 0;
	if (max_age != -1) { /* wins over Expires: RFC 9111 section 5.3 */
		age = seconds(header_of(document, "age"));
		return max_age > age && max_age > 0 ? (max_age - (age > 0 ? age : 0)) * 1000
						    : 0;
	}
	if (span_empty(document->expires))
		return -1;
	expires = date_parse_http(span_trim(document->expires));
	if (!wall_known(expires)) /* "0", and anything else: long ago (section 5.3) */
		return 0;
	expires.ms -= sender_now(document, now).ms;
	return expires.ms > 0 ? expires.ms : 0;
}

struct wall health_skip(struct wall at, uint32_t skip_hours, uint8_t skip_days)
{
	struct wall t = at;

	for (int i = 0; i < 7 * 24; i++) {
		const int64_t hours = t.ms / HOUR_MS - (t.ms % HOUR_MS < 0);
		const int hour = (int)(((hours % 24) + 24) % 24);
		const int64_t days = (hours - hour) / 24;
		const int day =
			(int)((((days + 3) % 7) + 7) % 7); /* 1970-01-01 was a Thursday */

		if (!(skip_hours >> hour & 1) && !(skip_days >> day & 1))
			return t;
		t.ms = (hours + 1) * HOUR_MS;
	}
	return at; /* all of the week is skipped: nobody can mean that */
}

/* --- What failures mean ------------------------------------------------------------------- */

/* First row that fits wins. */
struct trouble {
	int from, to; /* status */
	const char *mark;
	const char *text;
	bool refuses; /* us, rather than failing */
	bool host;    /* is the host's rather than the source's */
};

static const struct trouble troubles[] = {
	{304, 304, "",
		"answered \"not modified\" to a plain question: a broken cache on the way; "
		"asking past it",
		false, false},
	{401, 401, "blocked", "wants a password: give the source its `headers` (Authorization)",
		true, false},
	{402, 402, "blocked", "wants to be paid: give the source the `headers` of an account",
		true, false},
	{403, 403, "blocked",
		"the site refuses us: ask its owner to let our User-Agent through, or look for "
		"another address of the same news",
		true, false},
	{404, 404, "",
		"nothing at this address: check it, or look for the new one with vigie "
		"discover",
		false, false},
	{407, 407, "blocked", "a proxy wants a password", true, false},
	{410, 410, "gone",
		"gone for good, no longer asked: take the source out, or give its new address",
		false, false},
	{429, 429, "", "asks for fewer requests: they come more slowly now", false, true},
	{451, 451, "blocked", "closed for legal reasons", true, false},
	{503, 503, "", "the site is overloaded or under repair", false, true},
	{500, 599, "", "the site has an error", false, false},
	{300, 399, "", "points elsewhere without saying where", false, false},
	{0, 999, "", "an answer that is no document", false, false},
};

/* A page of a gatekeeper (a CAPTCHA, a script to run) in place of the document. */
static bool is_challenge(const struct document *d)
{
	return span_eq_ci(header_of(d, "cf-mitigated"), SPAN("challenge")) ||
	       (d->status == 503 && span_eq_ci(header_of(d, "server"), SPAN("cloudflare")) &&
		       span_empty(d->retry_after));
}

static const struct trouble challenge = {0, 0, "blocked",
	"a gatekeeper wants proof of a human: ask the site's owner to let our User-Agent "
	"through",
	true, false};

static const struct trouble *trouble_of(const struct document *d)
{
	const struct trouble *t = troubles;

	if (is_challenge(d))
		return &challenge;
	while (d->status < t->from || d->status > t->to)
		t++;
	return t;
}

static int64_t doubled(int64_t first, int64_t times, int64_t most)
{
	while (times-- > 0 && first < most)
		first *= 2;
	return first < most ? first : most;
}

/* Exponential, with up to half as much again: many that failed together don't return together.
 * Never below its base, so that jitter is no way to ask faster. */
static int64_t back_off(const struct health_ask *ask, int64_t failures, bool refuses)
{
	const int64_t every = ask->every_ms ? ask->every_ms : ask->auto_ms;
	const int64_t most = every > HEALTH_LONGEST_MS ? every : HEALTH_LONGEST_MS;
	int64_t first = every < MINUTE_MS ? every : MINUTE_MS;

	if (refuses)
		first = every > HOUR_MS ? every : HOUR_MS;
	if (first < 1000)
		first = 1000;
	first = doubled(first, failures - 1, most);
	first += (int64_t)(ask->random[0] % (uint64_t)(first / 2 + 1));
	return first < most ? first : most;
}

static int64_t usual(
	const struct batch *b, const struct memo *memo, const struct health_ask *ask)
{
	int64_t wait, hint;
	struct wall due;

	if (ask->again)
		return 0;
	if (ask->every_ms) {
		wait = ask->every_ms - ask->elapsed_ms;
		return wait > 0 ? wait : 0;
	}
	wait = ask->auto_ms + (int64_t)(ask->random[0] % (uint64_t)(ask->auto_ms / 10 + 1));
	hint = health_fresh(&b->document, ask->now);
	if (hint < (int64_t)memo->ttl_s * 1000)
		hint = (int64_t)memo->ttl_s * 1000;
	if (hint > HEALTH_LONGEST_MS)
		hint = HEALTH_LONGEST_MS;
	if (wait < hint)
		wait = hint;
	due = health_skip((struct wall){ask->now.ms + wait}, memo->skip_hours, memo->skip_days);
	if (due.ms != ask->now.ms + wait) /* not all at the stroke of the hour */
		due.ms += (int64_t)(ask->random[1] % (5 * MINUTE_MS));
	return due.ms - ask->now.ms;
}

/* By enum connector_error; a text that is empty is the error's own. */
static const struct refusal {
	const char *mark, *text;
	bool insists; /* to ask soon again makes it worse */
} refusals[CONNECTOR_ERRORS] = {
	[CONNECTOR_RATE_LIMITED] = {"", "asks for fewer requests: they come more slowly now",
		false},
	[CONNECTOR_QUOTA_EXHAUSTED] = {"", "what may be asked in this time is used up", true},
	[CONNECTOR_AUTH] = {"blocked",
		"the key or token is refused: look whether it is still good", true},
	[CONNECTOR_FORBIDDEN] = {"blocked", "the network refuses this to us", true},
	[CONNECTOR_GONE] = {"", "what is asked for isn't there: check the source's parameters",
		true},
	[CONNECTOR_BAD_REQUEST] = {"",
		"the network doesn't understand the question: check the "
		"source's parameters",
		true},
	[CONNECTOR_CONFLICT] = {"", "somebody else asks with the same key", false},
	[CONNECTOR_UNAVAILABLE] = {"", "the network has trouble of its own", false},
	[CONNECTOR_UNREADABLE] = {"",
		"the answer is no JSON, as the page of a login or of a proxy: check the "
		"source's "
		"address",
		false},
};

static void refused(struct health *ret, struct batch *b, const struct health_ask *ask)
{
	const struct batch_lesson *l = &b->lesson;
	const struct refusal *how = &refusals[l->refusal];
	struct source_state *s = &b->state;

	s->failures++;
	s->mark = span_str(how->mark);
	s->error = b->error;
	if (span_empty(s->error))
		s->error = b->document.status ? arena_printf(&b->arena, "%d: %s",
							b->document.status, how->text)
					      : span_str(how->text);
	ret->due_in_ms = back_off(ask, s->failures, how->insists);
	if (l->refusal == CONNECTOR_AUTH && ask->token && s->failures == 1)
		ret->due_in_ms = 0;
	if (l->retry_ms >= 0) {
		const int64_t usual = ask->every_ms ? ask->every_ms - ask->elapsed_ms : 0;

		ret->due_in_ms = l->retry_ms < HEALTH_RETRY_MS ? l->retry_ms : HEALTH_RETRY_MS;
		if (ret->due_in_ms < usual && l->refusal != CONNECTOR_RATE_LIMITED)
			ret->due_in_ms = usual;
	}
}

static void failed(struct health *ret, struct batch *b, const struct memo *memo,
	const struct health_ask *ask)
{
	const struct document *d = &b->document;
	struct source_state *s = &b->state;
	const struct trouble *t = d->status ? trouble_of(d) : NULL;
	int64_t retry = t ? health_retry_after(d, ask->now) : -1;

	s->failures++;
	s->mark = t ? span_str(t->mark) : SPAN_NONE;
	s->error = b->error;
	if (span_empty(s->error) && t)
		s->error = arena_printf(&b->arena, "%d: %s", d->status, t->text);
	if (span_empty(s->error))
		s->error = SPAN("no answer");
	if (t && d->status == 410) {
		ret->due_in_ms = HEALTH_DUE_NEVER;
		return;
	}
	if (ask->refused_ms) {
		s->mark = span_str(ask->refused_mark);
		ret->due_in_ms = ask->refused_ms;
		return;
	}
	ret->due_in_ms = back_off(ask, s->failures, t && t->refuses);
	if (ask->passed)
		ret->due_in_ms = usual(b, memo, ask);
	if (retry > 0) {
		const int64_t usual = ask->every_ms ? ask->every_ms - ask->elapsed_ms : 0;

		ret->due_in_ms = retry < HEALTH_RETRY_MS ? retry : HEALTH_RETRY_MS;
		/* It says "not before", and `every` may say later. */
		if (ret->due_in_ms < usual)
			ret->due_in_ms = usual;
	}
	if (t && t->host) {
		ret->host_ms = retry > 0 ? retry : ret->due_in_ms;
		if (ret->host_ms > HOST_HOLD_MS)
			ret->host_ms = HOST_HOLD_MS;
	}
}

/* --- What success means ------------------------------------------------------------------- */

static struct span validator(struct span v)
{
	return v.n <= VALIDATOR_BYTES ? v : SPAN_NONE;
}

/* Both are kept after each document, or neither of the old ones stays: they belong to a body.
 */
static void adopt_validators(struct batch *b, const struct health_ask *ask)
{
	const struct document *d = &b->document;
	const struct wall modified = date_parse_http(span_trim(d->last_modified));

	b->state.etag = validator(d->etag);
	b->state.last_modified = validator(d->last_modified);
	/* A date in the future would answer 304 until it has passed. */
	if (wall_known(modified) && modified.ms > sender_now(d, ask->now).ms)
		b->state.last_modified = SPAN_NONE;
}

static void learn(struct batch *b, struct memo *memo)
{
	const struct batch_lesson *l = &b->lesson;

	memo->ttl_s = (uint32_t)(l->ttl_ms < HEALTH_LONGEST_MS ? l->ttl_ms / 1000
							       : HEALTH_LONGEST_MS / 1000);
	memo->skip_hours = l->skip_hours;
	memo->skip_days = l->skip_days;
}

static void say(struct source_state *s, const char *mark, const char *error)
{
	s->mark = span_str(mark);
	s->error = span_str(error);
}

static void succeeded(
	struct health *ret, struct batch *b, struct memo *memo, const struct health_ask *ask)
{
	struct source_state *s = &b->state;
	const bool read = b->outcome == BATCH_READ;
	const bool whole = b->document.status != 304;

	s->failures = 0;
	s->last_read = ask->now;
	memo->flags &= (uint8_t)~MEMO_NO_CACHE;
	if (read)
		memo->flags &= (uint8_t)~MEMO_STANDING;
	if (!(memo->flags & MEMO_STANDING))
		say(s, "", "");
	if (whole && b->document.end == DOCUMENT_COMPLETE)
		adopt_validators(b, ask);
	if (whole && !ask->conditional)
		memo->full = ask->now;
	if (read && b->document.end == DOCUMENT_TRUNCATED)
		say(s, "truncated",
			"the document ends early: what came whole was read, the rest is "
			"asked for again");
	else if (read && b->document.end == DOCUMENT_OVERLONG)
		say(s, "overlong",
			"the document is longer than crawl.max_body: only its beginning "
			"was read");
	else if (read)
		learn(b, memo);
	if (read && b->lesson.more) {
		say(s, "overlong",
			"more items than are read of one document: only the first ones "
			"were");
		memo->flags |= MEMO_STANDING;
	}
	ret->due_in_ms = usual(b, memo, ask);
	if (ret->due_in_ms < b->lesson.pause_ms)
		ret->due_in_ms = b->lesson.pause_ms;
}

void health_settle(struct health *ret, struct batch *batch, struct memo *memo,
	const struct health_ask *ask)
{
	struct source_state *s = &batch->state;
	const struct span error = s->error, mark = s->mark;

	*ret = (struct health){0};
	s->last_try = (struct wall){ask->now.ms - ask->elapsed_ms};
	if (batch->outcome == BATCH_FAILED) {
		if (batch->document.status == 304)
			memo->flags |= MEMO_NO_CACHE;
		if (ask->passed)
			memo->flags |= MEMO_STANDING;
		else
			memo->flags &= (uint8_t)~MEMO_STANDING;
		if (batch->lesson.refusal)
			refused(ret, batch, ask);
		else
			failed(ret, batch, memo, ask);
	} else {
		succeeded(ret, batch, memo, ask);
	}
	ret->changed = !span_eq(error, s->error) || !span_eq(mark, s->mark);
	s->next_due =
		ret->due_in_ms < 0 ? WALL_NONE : (struct wall){ask->now.ms + ret->due_in_ms};
}
