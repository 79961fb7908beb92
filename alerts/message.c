#include "message.h"

#include <math.h>

#include "excerpt.h"
#include "link.h"
#include "vigie/desk.h"
#include "vigie/utf8.h"
#include "why.h"

/* What of a stranger's heading is looked at; no screen shows as much. */
enum { HEADING_BYTES = 4096, TITLE_POINTS = 300, FIRST_WORDS_POINTS = 90, SHORT_ID = 8 };

static struct span taken(struct arena *arena, struct buf *b)
{
	const struct span ret = b->failed ? SPAN_NONE : arena_dup(arena, buf_span(b));

	buf_deinit(b);
	return ret;
}

/* "12,345" */
static struct span grouped(struct arena *arena, double number, const struct words *words)
{
	char digits[32];
	const int n = snprintf(digits, sizeof(digits), "%.0f", number);
	struct buf out = {0};

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			buf_add_str(&out, word(words, WORD_THOUSANDS));
		buf_add_char(&out, digits[i]);
	}
	return taken(arena, &out);
}

static struct span fill_one(
	struct arena *arena, const struct words *words, enum word which, struct span part)
{
	struct buf out = {0};

	text_fill(&out, word(words, which), &part, 1);
	return taken(arena, &out);
}

/* "Jeanne Martin (@jeanne)" */
static struct span author_of(struct arena *arena, const struct item_author *a)
{
	const struct span name = text_heading(arena, utf8_prefix(a->name, HEADING_BYTES));
	const struct span handle = text_heading(arena, utf8_prefix(a->handle, HEADING_BYTES));

	if (!name.p || !handle.p)
		return SPAN_NONE;
	if (span_empty(handle) || span_eq(name, handle))
		return name;
	if (span_empty(name))
		return handle;
	return arena_printf(arena, "%.*s (%.*s)", SPAN_ARG(name), SPAN_ARG(handle));
}

static struct span audience_of(
	struct arena *arena, const struct item_author *a, const struct words *words)
{
	struct span n;

	if (!isfinite(a->followers) || a->followers < 0 || a->followers > 1e15)
		return SPAN("");
	n = grouped(arena, a->followers, words);
	return n.p ? fill_one(arena, words, WORD_FOLLOWERS, n) : n;
}

/* "published 2026-11-20 20:20 UTC"; when the source gives no date, when it was found. */
static struct span when_of(
	struct arena *arena, const struct hit *hit, const struct words *words)
{
	const bool dated = wall_known(hit->item.published);
	char text[RFC3339_SIZE];
	struct span minute;

	(void)wall_rfc3339(text, dated ? hit->item.published : hit->fetched);
	if (!text[0])
		return SPAN("");
	minute = arena_printf(arena, "%.10s %.5s UTC", text, text + 11);
	return minute.p ? fill_one(arena, words, dated ? WORD_PUBLISHED : WORD_FOUND, minute)
			: minute;
}

/* "+11 copies on 9 sites": the rest of its story. */
static struct span copies_of(
	struct arena *arena, const struct story_place *story, const struct words *words)
{
	const uint32_t n = story->mentions > 1 ? story->mentions - 1 : 0;
	struct span parts[2];
	struct buf out = {0};

	if (!n)
		return SPAN("");
	parts[0] = n == 1 ? span_str(word(words, WORD_ONE_COPY))
			  : fill_one(arena, words, WORD_COPIES, grouped(arena, n, words));
	if (!parts[0].p || story->sites < 2)
		return parts[0];
	parts[1] = grouped(arena, story->sites, words);
	text_fill(&out, word(words, WORD_ON_SITES), parts, 2);
	return parts[1].p ? taken(arena, &out) : parts[1];
}

/* One decimal where it says something. */
static struct span rounded(struct arena *arena, double number, const struct words *words)
{
	struct buf out = {0};

	if (number >= 10 || number == floor(number))
		return grouped(arena, number, words);
	why_number(&out, round(number * 10) / 10, words);
	return taken(arena, &out);
}

/* "3 h 20 min", in both languages. */
static struct span length_of(struct arena *arena, struct wall from, struct wall until)
{
	enum { MINUTE_MS = 60000, HOUR_MIN = 60 };
	const long long minutes =
		until.ms > from.ms ? (until.ms - from.ms + MINUTE_MS / 2) / MINUTE_MS : 0;

	return minutes < HOUR_MIN   ? arena_printf(arena, "%lld min", minutes)
	       : minutes % HOUR_MIN ? arena_printf(arena, "%lld h %lld min", minutes / HOUR_MIN,
					      minutes % HOUR_MIN)
				    : arena_printf(arena, "%lld h", minutes / HOUR_MIN);
}

/* "over after 3 h 20 min: 142 mentions in an hour at most, usually 9" */
static struct span over_of(
	struct arena *arena, const struct alert_spike *spike, const struct words *words)
{
	const struct span parts[] = {length_of(arena, spike->began, spike->ended),
		grouped(arena, spike->peak, words), rounded(arena, spike->usual, words)};
	struct buf out = {0};

	if (!parts[0].p || !parts[1].p || !parts[2].p)
		return SPAN_NONE;
	text_fill(&out, word(words, WORD_SPIKE_OVER), parts, 3);
	return taken(arena, &out);
}

/* "142 mentions in the last hour, usually 9 (still learning)" */
static struct span finding_of(
	struct arena *arena, const struct alert_spike *spike, const struct words *words)
{
	const struct span parts[] = {
		grouped(arena, spike->n, words), rounded(arena, spike->usual, words)};
	struct buf out = {0};
	struct span text;

	if (wall_known(spike->ended))
		return over_of(arena, spike, words);
	if (!parts[0].p || !parts[1].p)
		return SPAN_NONE;
	text_fill(&out, word(words, WORD_SPIKE), parts, 2);
	text = taken(arena, &out);
	return text.p && spike->learning ? fill_one(arena, words, WORD_SPIKE_LEARNING, text)
					 : text;
}

/* "; severity 7.07 = spike 4 + times the usual 1.99 + mentions 1.08" */
static void add_severity(
	struct buf *out, const struct alert_spike *spike, const struct words *words)
{
	struct buf total = {0}, sum = {0};
	struct span parts[2];

	why_number(&total, spike->severity, words);
	for (int i = 0; spike->points && i < SEVERITY_SPIKE_TERMS; i++) {
		if (spike->points[i] == 0)
			continue;
		buf_addf(&sum, "%s%s ", sum.n ? " + " : "",
			word(words, (enum word)(WORD_POINTS_SPIKE + i)));
		why_number(&sum, spike->points[i], words);
	}
	parts[0] = buf_span(&total);
	parts[1] = buf_span(&sum);
	if (sum.n) {
		buf_add_str(out, "; ");
		text_fill(out, word(words, WORD_SEVERITY), parts, 2);
	}
	if (total.failed || sum.failed)
		out->failed = true;
	buf_deinit(&total);
	buf_deinit(&sum);
}

static struct span spike_why(
	struct arena *arena, const struct alert_spike *spike, const struct words *words)
{
	const struct span parts[] = {rounded(arena, ceil(spike->begins), words),
		rounded(arena, spike->usual, words), rounded(arena, spike->spread, words),
		grouped(arena, spike->samples, words)};
	struct buf out = {0};

	for (size_t i = 0; i < 4; i++)
		if (!parts[i].p)
			return SPAN_NONE;
	text_fill(&out, word(words, spike->learning ? WORD_SPIKE_WHY_LEARNING : WORD_SPIKE_WHY),
		parts, 4);
	add_severity(&out, spike, words);
	return taken(arena, &out);
}

/* "57 of these" */
static struct span carried_of(struct arena *arena, uint64_t n, const struct words *words)
{
	struct span number;

	if (n < 2)
		return span_str(n ? word(words, WORD_ONE_CARRIED) : "");
	number = grouped(arena, (double)n, words);
	return number.p ? fill_one(arena, words, WORD_CARRIED, number) : number;
}

static int title_of(struct message_entry *e, struct arena *arena, const struct words *words)
{
	const struct item *item = &e->hit->item;
	struct marked raw;
	int r;

	r = excerpt_marks(
		&raw, arena, e->hit, FIELD_TITLE, utf8_prefix(item->title, HEADING_BYTES));
	if (r < 0)
		return r;
	r = text_clean(&e->title, arena, &raw, TEXT_HEADING);
	if (r < 0)
		return r;
	e->title_is_own = !span_empty(e->title.text);
	if (e->title_is_own)
		return 0;
	/* A post has no title: its first words stand for one. */
	raw = (struct marked){.text = utf8_prefix(item->text, HEADING_BYTES)};
	r = excerpt_make(&e->title, arena, &raw, FIRST_WORDS_POINTS);
	if (r < 0)
		return r;
	r = text_clean(&e->title, arena, &e->title, TEXT_HEADING);
	if (r < 0)
		return r;
	if (span_empty(e->title.text))
		e->title = (struct marked){.text = span_str(word(words, WORD_UNTITLED))};
	return 0;
}

static int entry_make(struct message_entry *e, struct arena *arena, const struct hit *hit,
	const struct alert *alert, const struct words *words)
{
	char key[ITEM_KEY_TEXT + 1];
	struct marked text;
	int r;

	e->hit = hit;
	e->key = arena_dup(arena, span_str(item_key_text(key, &hit->key)));
	e->link = link_safe(arena, hit->item.url);
	e->home = link_safe(arena, hit->item.feed.url);
	e->site = link_site(e->link);
	e->source = text_heading(arena, utf8_prefix(hit->item.feed.title, HEADING_BYTES));
	if (e->source.p && span_empty(e->source))
		e->source = text_heading(arena, hit->source);
	e->author = author_of(arena, &hit->item.author);
	e->audience = audience_of(arena, &hit->item.author, words);
	e->copies = copies_of(arena, &hit->story, words);
	e->when = when_of(arena, hit, words);
	e->why = alert->nothing  ? text_heading(arena, alert->when)
		 : alert->spike  ? spike_why(arena, alert->spike, words)
		 : alert->report ? text_heading(arena, alert->report->why)
				 : why_make(arena, hit, alert->route, words);
	if (!e->key.p || !e->link.p || !e->home.p || !e->source.p || !e->author.p ||
		!e->audience.p || !e->copies.p || !e->when.p || !e->why.p)
		return -ENOMEM;
	r = title_of(e, arena, words);
	if (r < 0)
		return r;
	r = excerpt_marks(&text, arena, hit, FIELD_TEXT, hit->item.text);
	if (r < 0)
		return r;
	return excerpt_make(&e->excerpt, arena, &text, MESSAGE_EXCERPT);
}

/* "Acme", "KLM (competitor)" */
static struct span spiking(
	struct arena *arena, const struct alert_spike *spike, const struct words *words)
{
	struct buf out = {0};

	buf_add(&out, text_heading(arena, spike->brand));
	if (spike->competitor)
		buf_addf(&out, " (%s)", word(words, WORD_COMPETITOR));
	return taken(arena, &out);
}

struct span alert_spike_text(
	struct arena *arena, const struct alert_spike *spike, struct span lang)
{
	const struct words *words = words_for(lang);
	const struct span who = spiking(arena, spike, words),
			  what = finding_of(arena, spike, words);

	return who.p && what.p
		       ? arena_printf(arena, "%.*s — %.*s", SPAN_ARG(who), SPAN_ARG(what))
		       : SPAN_NONE;
}

/* Brands of the hits, each once; where a match has none, its rule. At most three are named. */
static struct span subject_of(
	struct arena *arena, const struct alert *alert, const struct words *words)
{
	enum { NAMED = 3 };
	struct span names[NAMED];
	struct buf out = {0};
	size_t n = 0;

	for (size_t i = 0; i < alert->n_hits; i++) {
		for (size_t k = 0; k < alert->hits[i]->n_matches; k++) {
			const struct match *m = &alert->hits[i]->matches[k];
			const struct span name = span_empty(m->brand) ? m->rule : m->brand;
			size_t known = 0;

			while (known < n && !span_eq(names[known], name))
				known++;
			if (known < n)
				continue;
			if (n == NAMED) {
				buf_add_str(&out, ", …");
				return taken(arena, &out);
			}
			names[n++] = name;
			buf_add_str(&out, n > 1 ? ", " : "");
			buf_add(&out, text_heading(arena, name));
			if (span_eq_str(m->kind, "competitor"))
				buf_addf(&out, " (%s)", word(words, WORD_COMPETITOR));
		}
	}
	return taken(arena, &out);
}

/* "2026-11-20 08:00" */
static struct span minute_of(struct arena *arena, struct wall at)
{
	char text[RFC3339_SIZE];

	(void)wall_rfc3339(text, at);
	return arena_printf(arena, "%.10s %.5s", text, text[0] ? text + 11 : "");
}

/* "digest 2026-11-20 08:00 – 2026-11-21 08:00 UTC" */
static struct span digest_of(
	struct arena *arena, const struct alert *alert, const struct words *words)
{
	const struct span times[] = {
		minute_of(arena, alert->from), minute_of(arena, alert->until)};
	struct buf out = {0};

	if (!times[0].p || !times[1].p)
		return SPAN_NONE;
	text_fill(&out, word(words, WORD_DIGEST), times, 2);
	return taken(arena, &out);
}

/* Around a headline: that it is told again, that it is a part. */
static struct span framed(struct arena *arena, struct span headline, const struct alert *alert,
	const struct words *words)
{
	const bool again = alert->kind == ALERT_REPEAT, parts = alert->parts > 1;
	const struct span said[] = {headline,
		grouped(arena, again ? alert->nth : alert->part, words),
		grouped(arena, alert->parts, words)};
	struct buf out = {0};

	if (!headline.p || !said[1].p || !said[2].p || (!again && !parts))
		return headline;
	text_fill(&out, word(words, again ? WORD_REMINDER : WORD_PART), said, again ? 2 : 3);
	return taken(arena, &out);
}

static struct span headline_of(
	struct arena *arena, const struct message *m, size_t n, const struct alert *alert)
{
	struct buf out = {0};

	if (alert->report)
		return m->entries[0].title.text;

	buf_add(&out, m->subject);
	buf_add_str(&out, span_empty(m->subject) ? "" : " — ");
	if (!span_empty(m->finding)) {
		buf_add(&out, m->finding);
	} else if (alert->kind == ALERT_UPDATE && !span_empty(m->entries[0].copies)) {
		text_fill(&out, word(m->words, WORD_GROWS), &m->entries[0].copies, 1);
	} else if (alert->nothing) {
		buf_add_str(&out, word(m->words, WORD_NOTHING));
	} else if (n == 1) {
		buf_add_str(&out, word(m->words, WORD_ONE_MENTION));
	} else {
		const struct span count = grouped(arena, (double)n, m->words);

		text_fill(&out, word(m->words, WORD_MANY_MENTIONS), &count, 1);
	}
	return framed(arena, taken(arena, &out), alert, m->words);
}

static struct span summary_of(
	struct arena *arena, const struct message *m, size_t n, enum alert_kind kind)
{
	static const struct text_style plain = {.escape = text_escape_none};
	struct buf out = {0};

	buf_add(&out, n == 1 && kind == ALERT_NEW && span_empty(m->finding) ? m->subject
									    : m->headline);
	buf_add_str(&out, out.n ? ": " : "");
	(void)text_write_span(&out, m->entries[0].title.text, &plain, TITLE_POINTS);
	return taken(arena, &out);
}

int message_make(struct message *ret, struct arena *arena, const struct alert *alert,
	const struct receiver *receiver)
{
	struct message m = {.words = words_for(receiver->lang)};
	const size_t total = alert->n_hits + alert->n_more;
	struct message_entry *entries;

	if (!alert->n_hits)
		return -EINVAL;
	m.finding = alert->spike ? finding_of(arena, alert->spike, m.words) : SPAN("");
	if (!m.finding.p)
		return -ENOMEM;
	m.n_entries = alert->n_hits < MESSAGE_ENTRIES ? alert->n_hits : MESSAGE_ENTRIES;
	m.n_more = total - m.n_entries;
	entries = arena_calloc(arena, m.n_entries, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	m.entries = entries;
	for (size_t i = 0; i < m.n_entries; i++) {
		const int r = entry_make(&entries[i], arena, alert->hits[i], alert, m.words);

		if (r < 0)
			return r;
		entries[i].finding = m.finding;
		if (alert->spike && i < alert->spike->n_carried)
			entries[i].copies =
				carried_of(arena, alert->spike->carried[i], m.words);
		if (!entries[i].copies.p)
			return -ENOMEM;
	}
	m.short_id = span_slice(alert->id, 0, SHORT_ID);
	m.subject = alert->spike                  ? spiking(arena, alert->spike, m.words)
		    : alert->report               ? SPAN("")
		    : alert->kind == ALERT_DIGEST ? digest_of(arena, alert, m.words)
						  : subject_of(arena, alert, m.words);
	if (!m.subject.p)
		return -ENOMEM;
	m.headline = headline_of(arena, &m, total, alert);
	if (!m.headline.p)
		return -ENOMEM;
	m.summary = summary_of(arena, &m, total, alert->kind);
	if (!m.summary.p)
		return -ENOMEM;
	*ret = m;
	return 0;
}
