/*
 * replay: tells stories to a desk and compares what it says: each FILE is one story, see README
 * here. Every story is told with a second desk beside, restored from the records before every
 * step, which must say the same bytes; and the law is checked after every step. Prints TAP.
 */

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy_text.h"
#include "stand.h"
#include "vigie/item.h"

enum { TOLD_MOST = 400, ID_ROOM = 64 };

struct told {
	struct span text; /* "alert cm A B" */
	char id[DESK_ID_TEXT + 1];
	bool expected;
};

struct story {
	struct arena arena;
	struct zones zones;
	struct stand stand;
	struct told told[TOLD_MOST];
	size_t n_told;
	struct span verdicts[TOLD_MOST]; /* of the last event */
	size_t n_verdicts;
	struct wall wake;
	unsigned line;
	struct buf wrong;
};

__attribute__((format(printf, 2, 3))) static void complain(
	struct story *s, const char *format, ...)
{
	char text[2000];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	buf_addf(&s->wrong, "line %u: %s\n", s->line, text);
}

static struct span join(struct arena *arena, const struct words *w, size_t from, size_t to)
{
	struct buf out = {0};
	struct span text;

	for (size_t i = from; i < to; i++)
		buf_addf(&out, "%s%.*s", i > from ? " " : "", SPAN_ARG(w->w[i]));
	text = arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return text;
}

/* --- Names ---------------------------------------------------------------------------------
 */

/* An item's key is its name. */
static struct item_key key_of(struct span name)
{
	struct item_key key = {{0}};

	memcpy(key.b, name.p, name.n < sizeof(key.b) ? name.n : sizeof(key.b) - 1);
	return key;
}

static const char *name_of(const struct item_key *key)
{
	static char names[2][ITEM_KEY_BYTES + 1];
	static int at;

	at = !at;
	memcpy(names[at], key->b, ITEM_KEY_BYTES);
	return names[at];
}

/* --- What the desk said --------------------------------------------------------------------
 */

static const char *label_of(const struct story *s, struct span id)
{
	static char label[24];

	for (size_t i = 0; i < s->n_told; i++)
		if (span_eq_str(id, s->told[i].id)) {
			(void)snprintf(label, sizeof(label), "#%zu", i + 1);
			return label;
		}
	return "nothing";
}

static struct span delivery_text(struct story *s, const struct desk_delivery *d)
{
	struct buf out = {0};
	struct span text;

	buf_addf(&out, "%s %.*s", desk_kind_names[d->kind], SPAN_ARG(d->receiver));
	for (size_t i = 0; i < d->n_items; i++)
		buf_addf(&out, " %s", name_of(&d->items[i].key));
	if (!d->n_items)
		buf_add_str(&out, " nothing");
	if (d->n_more)
		buf_addf(&out, " +%zu", d->n_more);
	if (d->kind == DESK_UPDATE)
		buf_addf(&out, " of %s mentions=%u sites=%u", label_of(s, d->of),
			d->items[0].mentions, d->items[0].sites);
	if (d->kind == DESK_REPEAT)
		buf_addf(&out, " of %s nth=%u", label_of(s, d->of), d->nth);
	if (d->parts > 1)
		buf_addf(&out, " part=%u/%u", d->part, d->parts);
	if (d->kind == DESK_NOTICE)
		buf_addf(&out, " : %.*s", SPAN_ARG(d->items[0].notice));
	text = arena_dup(&s->arena, buf_span(&out));
	buf_deinit(&out);
	return text;
}

static void listen(struct story *s, const struct desk_step *step)
{
	for (size_t i = 0; i < step->n_deliveries && s->n_told < TOLD_MOST; i++) {
		struct told *t = &s->told[s->n_told];

		t->text = delivery_text(s, &step->deliveries[i]);
		memcpy(t->id, step->deliveries[i].id.p, DESK_ID_TEXT);
		s->n_told++;
	}
	for (size_t i = 0; i < step->n_verdicts && s->n_verdicts < TOLD_MOST; i++) {
		const struct desk_verdict *v = &step->verdicts[i];
		char at[RFC3339_SIZE];

		s->verdicts[s->n_verdicts++] = arena_printf(&s->arena, "%s %.*s %s %s %.*s",
			name_of(&v->key), SPAN_ARG(v->receiver), desk_outcome_names[v->outcome],
			wall_rfc3339(at, v->at), SPAN_ARG(v->why));
	}
	if (s->stand.said.n)
		complain(s, "%s", s->stand.said.p);
	buf_clear(&s->stand.said);
}

/* A step, and what the desk asks for at once. */
static int step(struct story *s, enum stand_op op, const struct stand_args *args)
{
	const struct stand_args none = {0};
	struct desk_step out;
	const int r = stand_step(&s->stand, op, args, &out);

	if (r != 0 && s->stand.said.n)
		complain(s, "%s", s->stand.said.p);
	if (r != 0)
		return r;
	listen(s, &out);
	for (int i = 0; i < 1000 && wall_known(out.wake) && out.wake.ms <= s->stand.now.ms;
		i++) {
		if (stand_step(&s->stand, STAND_TICK, &none, &out) != 0)
			complain(s, "a tick fails");
		listen(s, &out);
	}
	if (wall_known(out.wake) && out.wake.ms <= s->stand.now.ms)
		complain(s, "it wakes for nothing");
	s->wake = out.wake;
	return 0;
}

/* --- Events --------------------------------------------------------------------------------
 */

/* Time passes: the desk is woken when it asked to be. */
static void pass(struct story *s, struct wall until)
{
	const struct stand_args none = {0};

	for (int i = 0; i < 10000; i++) {
		if (step(s, STAND_TICK, &none) != 0)
			complain(s, "a tick fails");
		if (s->stand.now.ms >= until.ms)
			return;
		s->stand.now = wall_known(s->wake) && s->wake.ms < until.ms ? s->wake : until;
	}
	complain(s, "it wakes without end");
}

static double number(struct span text)
{
	char copy[40] = "";

	memcpy(copy, text.p, text.n < sizeof(copy) ? text.n : sizeof(copy) - 1);
	return strtod(copy, NULL);
}

static void ask_or_take(struct story *s, const struct desk_candidate *c, bool ask)
{
	const struct stand_args args = {.candidate = c};
	const struct desk_answer *answers;
	size_t n;

	if (!ask) {
		if (step(s, STAND_TAKE, &args) != 0)
			complain(s, "it is not taken");
		return;
	}
	if (desk_ask(s->stand.desk, c, s->stand.now, &s->arena, &answers, &n) != 0)
		complain(s, "it does not answer");
	for (size_t i = 0; i < n; i++) {
		const struct desk_verdict *v = &answers[i].verdict;
		char at[RFC3339_SIZE];

		s->verdicts[s->n_verdicts++] = arena_printf(&s->arena, "%s %.*s %s %s %.*s",
			name_of(&v->key), SPAN_ARG(v->receiver), desk_outcome_names[v->outcome],
			wall_rfc3339(at, v->at), SPAN_ARG(v->why));
	}
	if (!n)
		s->verdicts[s->n_verdicts++] = SPAN("nobody");
}

static bool hit_word(struct story *s, struct span w, struct hit *h, struct match *m,
	struct story_place *place)
{
	struct span v, *tags;

	if (word_is(w, "rule", &v))
		m->rule = v;
	else if (word_is(w, "kind", &v))
		m->kind = v;
	else if (word_is(w, "brand", &v))
		m->brand = v;
	else if (word_is(w, "tag", &v)) {
		tags = arena_calloc(&s->arena, 1, sizeof(*tags));
		*tags = v;
		m->tags = tags;
		m->n_tags = 1;
	} else if (word_is(w, "lang", &v))
		h->item.lang = v;
	else if (word_is(w, "source", &v))
		h->source = v;
	else if (word_is(w, "author", &v))
		h->item.author.handle = v;
	else if (word_is(w, "site", &v))
		h->item.url = arena_printf(&s->arena, "https://%.*s/x", SPAN_ARG(v));
	else if (word_is(w, "followers", &v))
		h->item.author.followers = number(v);
	else if (word_is(w, "rating", &v))
		h->item.numbers.rating = number(v);
	else if (word_is(w, "score", &v))
		h->score = number(v);
	else if (word_is(w, "story", &v))
		place->head = key_of(v);
	else if (word_is(w, "mentions", &v))
		place->mentions = (uint32_t)number(v);
	else if (word_is(w, "sites", &v))
		place->sites = (uint32_t)number(v);
	else if (word_is(w, "similarity", &v))
		place->similarity = number(v);
	else if (span_eq_str(w, "update"))
		h->update = true;
	else if (span_eq_str(w, "silent"))
		h->silent = true;
	else
		return false;
	return true;
}

static void hit_event(struct story *s, const struct words *line, bool ask)
{
	struct match m = {.rule = SPAN("acme"), .kind = SPAN("brand"), .brand = SPAN("Acme")};
	struct hit h = {.key = key_of(line->w[1]), .item = item_empty(), .score = 1};
	struct story_place place = {.head = h.key, .similarity = 1, .mentions = 1, .sites = 1};
	struct desk_candidate c = {.kind = DESK_MENTION, .hit = &h, .place = &place};
	struct span heard;

	h.matches = &m;
	h.n_matches = 1;
	h.fetched = h.item.published = s->stand.now;
	for (size_t i = 2; i < line->n; i++)
		if (word_is(line->w[i], "heard", &heard)) {
			c.heard = &heard;
			c.n_heard = 1;
		} else if (!hit_word(s, line->w[i], &h, &m, &place)) {
			complain(s, "%.*s?", SPAN_ARG(line->w[i]));
		}
	ask_or_take(s, &c, ask);
}

static void notice_event(struct story *s, const struct words *line, bool ask)
{
	struct desk_notice n = {.key = key_of(line->w[1]),
		.kind = SPAN("spike"),
		.brand = SPAN("Acme"),
		.at = s->stand.now};
	const struct desk_candidate c = {.kind = DESK_FINDING, .notice = &n};
	struct span v;

	for (size_t i = 2; i < line->n; i++)
		if (word_is(line->w[i], "brand", &v))
			n.brand = v;
		else if (word_is(line->w[i], "of", &v))
			n.brand_kind = v;
		else if (word_is(line->w[i], "severity", &v))
			n.severity = number(v);
		else
			n.text = line->w[i];
	ask_or_take(s, &c, ask);
}

static struct wall time_of(const struct story *s, struct span text)
{
	const bool later = text.n && text.p[0] == '+';

	return later ? (struct wall){s->stand.now.ms + duration_ms(span_slice(text, 1, text.n))}
		     : wall_parse_rfc3339(text);
}

static void silence_event(struct story *s, const struct words *line)
{
	struct silence silence = {.id = line->w[1],
		.author = SPAN("anna"),
		.from = WALL_NONE,
		.until = WALL_NONE};
	struct route_match *matches = arena_calloc(&s->arena, line->n, sizeof(*matches));
	const struct stand_args args = {.silence = &silence};
	struct span v;

	silence.matches = matches;
	for (size_t i = 2; i < line->n; i++)
		if (word_is(line->w[i], "by", &v))
			silence.author = v;
		else if (word_is(line->w[i], "receiver", &v))
			silence.receiver = v;
		else if (word_is(line->w[i], "from", &v))
			silence.from = time_of(s, v);
		else if (word_is(line->w[i], "until", &v))
			silence.until = time_of(s, v);
		else if (match_of(&s->arena, &matches[silence.n_matches], line->w[i], NULL))
			silence.n_matches++;
		else
			silence.comment = line->w[i];
	if (step(s, STAND_SILENCE, &args) != 0)
		complain(s, "it does not silence");
}

static void mute_event(struct story *s, const struct words *line, enum stand_op op)
{
	struct mute mute = {.until = WALL_NONE};
	const struct stand_args args = {.mute = &mute};
	struct span v;

	for (size_t i = 1; i < line->n; i++)
		if (word_is(line->w[i], "author", &v))
			mute.value = v, mute.key = ROUTE_AUTHOR;
		else if (word_is(line->w[i], "site", &v))
			mute.value = v, mute.key = ROUTE_SITE;
		else if (word_is(line->w[i], "receiver", &v))
			mute.receiver = v;
		else if (word_is(line->w[i], "until", &v))
			mute.until = time_of(s, v);
	if (step(s, op, &args) != 0)
		complain(s, "it does not mute");
}

static void ack_event(struct story *s, const struct words *line)
{
	struct stand_args args = {.text = line->w[1]};
	char hex[ITEM_KEY_TEXT + 1];
	struct item_key key;
	struct span v;
	bool unknown = false;

	if (word_is(line->w[1], "story", &v)) {
		key = key_of(v);
		args.text = span_str(item_key_text(hex, &key));
	}
	for (size_t i = 2; i < line->n; i++)
		if (word_is(line->w[i], "receiver", &v))
			args.receiver = v;
		else if (span_eq_str(line->w[i], "unknown"))
			unknown = true;
	if ((step(s, STAND_ACK, &args) == DESK_UNKNOWN) != unknown)
		complain(s, unknown ? "it is known" : "it is unknown");
}

static void settle_event(struct story *s, const struct words *line, enum desk_end end)
{
	for (size_t i = 1; i < line->n; i++) {
		const size_t at = (size_t)number(span_slice(line->w[i], 1, line->w[i].n));
		struct stand_args args = {.end = end, .text = SPAN("nothing of that name")};

		if (at && at <= s->n_told)
			args.text = span_str(s->told[at - 1].id);
		if (step(s, STAND_SETTLE, &args) != 0)
			complain(s, "it does not settle");
	}
}

/* --- Expectations --------------------------------------------------------------------------
 */

static void expect_delivery(struct story *s, struct span text)
{
	for (size_t i = 0; i < s->n_told; i++)
		if (!s->told[i].expected) {
			s->told[i].expected = true;
			if (!span_eq(s->told[i].text, text))
				complain(s, "expected \"%.*s\", heard \"%.*s\"", SPAN_ARG(text),
					SPAN_ARG(s->told[i].text));
			return;
		}
	complain(s, "expected \"%.*s\", heard nothing", SPAN_ARG(text));
}

static bool holds(struct span text, struct span part)
{
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (span_eq(span_slice(text, i, i + part.n), part))
			return true;
	return false;
}

/* All words of the line stand, in order, in one verdict. */
static void expect_verdict(struct story *s, const struct words *line)
{
	struct buf all = {0};

	for (size_t i = 0; i < s->n_verdicts; i++) {
		struct span left = s->verdicts[i];
		bool found = true;

		for (size_t k = 1; k < line->n && found; k++) {
			found = holds(left, line->w[k]);
			for (size_t at = 0; found; at++)
				if (span_starts(span_slice(left, at, left.n), line->w[k])) {
					left = span_slice(left, at + line->w[k].n, left.n);
					break;
				}
		}
		if (found && span_starts(s->verdicts[i], line->w[1])) {
			buf_deinit(&all);
			return;
		}
		buf_addf(&all, "\n    %.*s", SPAN_ARG(s->verdicts[i]));
	}
	complain(s, "no such verdict among:%s", all.p ? all.p : " none");
	buf_deinit(&all);
}

static void expect_law(struct story *s, const struct words *line)
{
	struct desk_receiver_view v;

	for (size_t i = 0; desk_receiver(s->stand.desk, i, s->stand.now, &v); i++) {
		const struct desk_counts *c = &v.counts;
		const struct {
			const char *name;
			uint64_t value;
		} all[] = {{"candidates", c->candidates}, {"sent", c->sent},
			{"digested", c->digested}, {"muted", c->muted},
			{"silenced", c->silenced}, {"folded", c->folded}, {"dead", c->dead},
			{"pending", desk_pending(c)}, {"waiting", c->waiting},
			{"in_digest", c->in_digest}, {"on_way", c->on_way},
			{"used", v.used[0]}};

		if (!span_eq(v.id, line->w[1]))
			continue;
		for (size_t k = 2; k < line->n; k++) {
			struct span want;
			bool known = false;

			for (size_t a = 0; a < sizeof(all) / sizeof(*all); a++)
				if (word_is(line->w[k], all[a].name, &want)) {
					known = true;
					if (all[a].value != (uint64_t)number(want))
						complain(s, "%s is %llu, not %.*s", all[a].name,
							(unsigned long long)all[a].value,
							SPAN_ARG(want));
				}
			if (!known)
				complain(s, "%.*s?", SPAN_ARG(line->w[k]));
		}
		return;
	}
	complain(s, "no receiver %.*s", SPAN_ARG(line->w[1]));
}

static void nothing_left(struct story *s)
{
	for (size_t i = 0; i < s->n_told; i++)
		if (!s->told[i].expected) {
			s->told[i].expected = true;
			complain(s, "not expected before: \"%.*s\"", SPAN_ARG(s->told[i].text));
		}
	s->n_verdicts = 0;
}

/* --- A story -------------------------------------------------------------------------------
 */

/* The indented lines from here on; *text is moved behind them. */
static struct span block(struct story *s, struct span *text)
{
	const struct span all = *text;
	size_t n = 0;

	while (n < all.n && (all.p[n] == ' ' || all.p[n] == '\n' || all.p[n] == '#')) {
		n += span_find(span_slice(all, n, all.n), '\n') + 1;
		s->line++;
	}
	*text = span_slice(all, n, all.n);
	return span_slice(all, 0, n);
}

static void set_policy(struct story *s, struct span *text)
{
	const char *wrong;
	struct stand_args args = {0};

	args.policy = policy_read(&s->arena, &s->zones, block(s, text), &wrong);
	if (!args.policy)
		complain(s, "policy: %s", wrong);
	else if (step(s, STAND_POLICY, &args) != 0)
		complain(s, "no policy");
}

/* Time stands still after the first "at". */
static void event(struct story *s, const struct words *w, struct span *text)
{
	static const struct {
		const char *name;
		enum desk_end end;
	} ends[] = {{"sent", DESK_SENT}, {"dead", DESK_DEAD}, {"drive", DESK_DRIVEN},
		{"bury", DESK_BURIED}};
	const struct span what = w->w[0];

	nothing_left(s);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (span_eq_str(what, ends[i].name)) {
			settle_event(s, w, ends[i].end);
			return;
		}
	if (span_eq_str(what, "at") && !s->stand.policy)
		s->stand.now = time_of(s, w->w[1]);
	else if (span_eq_str(what, "at"))
		pass(s, time_of(s, w->w[1]));
	else if (span_eq_str(what, "back")) /* the clock is put back */
		s->stand.now.ms -= duration_ms(w->w[1]);
	else if (what.p[0] == '+')
		pass(s, time_of(s, what));
	else if (span_eq_str(what, "zone"))
		zones_add(&s->zones, w->w[1], w->w[2]);
	else if (span_eq_str(what, "policy"))
		set_policy(s, text);
	else if (span_eq_str(what, "hit"))
		hit_event(s, w, false);
	else if (span_eq_str(what, "notice"))
		notice_event(s, w, false);
	else if (span_eq_str(what, "ask"))
		hit_event(s, w, true);
	else if (span_eq_str(what, "ask_notice"))
		notice_event(s, w, true);
	else if (span_eq_str(what, "silence"))
		silence_event(s, w);
	else if (span_eq_str(what, "unsilence"))
		(void)step(s, STAND_UNSILENCE, &(struct stand_args){.text = w->w[1]});
	else if (span_eq_str(what, "mute"))
		mute_event(s, w, STAND_MUTE);
	else if (span_eq_str(what, "unmute"))
		mute_event(s, w, STAND_UNMUTE);
	else if (span_eq_str(what, "ack"))
		ack_event(s, w);
	else
		complain(s, "%.*s?", SPAN_ARG(what));
}

static void tell(struct story *s, struct span text)
{
	while (text.n) {
		const size_t n = span_find(text, '\n');
		const struct words w = words_of(span_slice(text, 0, n));

		s->line++;
		text = span_slice(text, n + 1, text.n);
		if (!w.n)
			continue;
		if (span_eq_str(w.w[0], ">"))
			expect_delivery(s, join(&s->arena, &w, 1, w.n));
		else if (span_eq_str(w.w[0], "="))
			expect_verdict(s, &w);
		else if (span_eq_str(w.w[0], "law"))
			expect_law(s, &w);
		else
			event(s, &w, &text);
	}
	nothing_left(s);
}

static bool read_whole(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "rb");
	char piece[4096];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(out, span_of(piece, n));
	return fclose(f) == 0 && !out->failed;
}

static size_t run(const char *path, int number_of_story)
{
	/* Small bounds, so that a story comes to them. */
	const struct desk_options options = {
		.items_most = 5, .seen_most = 40, .step_records = 30};
	const char *slash = strrchr(path, '/');
	struct story *s = calloc(1, sizeof(*s));
	struct buf text = {0};
	size_t wrong, steps;

	if (!s || stand_init(&s->stand, &options, true) < 0)
		abort();
	if (!read_whole(&text, path))
		complain(s, "%s is not there", path);
	tell(s, buf_span(&text));
	wrong = s->wrong.n;
	steps = s->stand.steps;
	printf("%s %d - %s (%zu steps)\n", wrong ? "not ok" : "ok", number_of_story,
		slash ? slash + 1 : path, steps);
	for (struct span left = buf_span(&s->wrong); left.n;) {
		const size_t n = span_find(left, '\n');

		printf("# %.*s\n", (int)n, left.p);
		left = span_slice(left, n + 1, left.n);
	}
	stand_deinit(&s->stand);
	arena_release(&s->zones.arena);
	arena_release(&s->arena);
	buf_deinit(&s->wrong);
	buf_deinit(&text);
	free(s);
	return wrong;
}

static int is_story(const struct dirent *entry)
{
	return span_ends(span_str(entry->d_name), SPAN(".story"));
}

/* All stories of a folder, or the files themselves. */
int main(int argc, char **argv)
{
	struct dirent **names = NULL;
	size_t wrong = 0;
	int n;

	n = argc == 2 ? scandir(argv[1], &names, is_story, alphasort) : -1;
	printf("1..%d\n", n >= 0 ? n : argc - 1);
	for (int i = 1; n < 0 && i < argc; i++)
		wrong += run(argv[i], i);
	for (int i = 0; i < n; i++) {
		struct buf path = {0};

		buf_addf(&path, "%s/%s", argv[1], names[i]->d_name);
		wrong += run(path.p, i + 1);
		buf_deinit(&path);
		free(names[i]);
	}
	free(names);
	return wrong || n == 0 ? 1 : 0;
}
