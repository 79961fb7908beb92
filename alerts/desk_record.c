#include "desk_record.h"

#include "desk_inner.h"

#include <errno.h>
#include <stdlib.h>

#include "pack.h"
#include "sign.h"

/* --- Changes -------------------------------------------------------------------------------
 */

static void change(struct desk *desk, struct span key, struct span bytes, bool deleted)
{
	if (desk->n_changes == desk->changes_capacity) {
		const size_t capacity = desk->changes_capacity * 2 + 16;
		struct desk_change *grown = realloc(desk->changes, capacity * sizeof(*grown));

		if (!grown) {
			desk->failed = true;
			return;
		}
		desk->changes = grown;
		desk->changes_capacity = capacity;
	}
	if (!key.p || !bytes.p) {
		desk->failed = true;
		return;
	}
	desk->changes[desk->n_changes++] = (struct desk_change){key, bytes, deleted};
}

static void change_delete(struct desk *desk, struct span key)
{
	change(desk, key, SPAN(""), true);
}

/* What was packed into the scratch. */
static void change_set(struct desk *desk, struct span key)
{
	if (desk->scratch.failed)
		desk->failed = true;
	else
		change(desk, key, arena_dup(&desk->arena, buf_span(&desk->scratch)), false);
}

static struct buf *begin(struct desk *desk)
{
	buf_clear(&desk->scratch);
	buf_add_char(&desk->scratch, DESK_RECORD_VERSION);
	return &desk->scratch;
}

/* Same keys by age: they stand in one array in the order they were made. */
static int by_key(const void *a, const void *b, void *arg)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	const struct desk_change *changes = arg;
	const int c = span_cmp(changes[x].key, changes[y].key);

	return c ? c : (x > y) - (x < y);
}

static void sort_changes(struct desk *desk)
{
	const size_t n = desk->n_changes;
	uint32_t *order = arena_alloc(&desk->arena, n * sizeof(*order) + 1);
	struct desk_change *sorted = arena_alloc(&desk->arena, n * sizeof(*sorted) + 1);
	size_t kept = 0;

	if (!order || !sorted) {
		desk->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, n, sizeof(*order), by_key, desk->changes);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n ||
			!span_eq(desk->changes[order[i]].key, desk->changes[order[i + 1]].key))
			sorted[kept++] = desk->changes[order[i]];
	if (kept)
		memcpy(desk->changes, sorted, kept * sizeof(*sorted));
	desk->n_changes = kept;
}

/* --- Packing -------------------------------------------------------------------------------
 */

static void pack_key(struct buf *out, const void *key)
{
	buf_add(out, span_of(key, ITEM_KEY_BYTES));
}

static void pack_time(struct buf *out, struct wall t)
{
	pack_u(out, wall_known(t));
	if (wall_known(t))
		pack_i(out, t.ms);
}

static struct span hex_key(struct desk *desk, char kind, const void *id)
{
	struct item_key key;
	char hex[ITEM_KEY_TEXT + 1];

	memcpy(key.b, id, sizeof(key.b));
	return desk_text(desk, "%c:%s", kind, item_key_text(hex, &key));
}

static struct span item_record_key(
	struct desk *desk, const struct pile *pile, const struct pile_item *item)
{
	char hex[ITEM_KEY_TEXT + 1];
	const struct span head = hex_key(desk, 'i', &pile->id);

	return desk_text(desk, "%.*s:%s", SPAN_ARG(head), item_key_text(hex, &item->key));
}

static void pack_item(struct buf *out, const struct pile_item *item)
{
	const bool copy = memcmp(&item->key, &item->story, sizeof(item->key)) != 0;

	pack_u(out, (copy ? 1U : 0U) | (item->notice ? 2U : 0U) | (item->labels ? 4U : 0U));
	if (copy)
		pack_key(out, &item->story);
	pack_i(out, item->taken_ms);
	pack_i(out, item->severity);
	if (item->notice)
		pack_text(out, span_str(item->notice));
	if (item->labels)
		pack_text(out, span_of(item->labels, item->n_labels));
}

static void write_pile(struct desk *desk, struct pile *pile)
{
	const bool told = pile->told_ms != INT64_MIN;
	struct buf *out = begin(desk);

	pack_u(out, pile->kind);
	pack_u(out, (pile->alone ? 1U : 0U) | (pile->held ? 2U : 0U) | (pile->acked ? 4U : 0U) |
			    (told ? 8U : 0U));
	pack_text(out, pile->receiver->id);
	pack_text(out, span_str(pile->text));
	pack_u(out, pile->route);
	pack_i(out, pile->due.ms);
	pack_i(out, pile->opened_ms);
	if (told)
		pack_i(out, pile->told_ms);
	if (told && pile->kind != PILE_DIGEST) {
		pack_text(out, span_str(pile->told_id));
		pack_key(out, &pile->told.key);
		pack_item(out, &pile->told);
		pack_u(out, pile->n_told);
		pack_u(out, pile->repeats);
	}
	change_set(desk, hex_key(desk, 'p', &pile->id));
	pile->stored = true;
	for (uint32_t i = pile->fresh; i < pile->n; i++) {
		struct pile_item *item = &pile->items[i];

		if (!item->changed)
			continue;
		pack_item(begin(desk), item);
		change_set(desk, item_record_key(desk, pile, item));
		item->changed = false;
		item->stored = true;
	}
	pile->fresh = pile->n;
}

static struct span story_record_key(struct desk *desk, const struct desk_story *story)
{
	const struct span head = hex_key(desk, 's', &story->key.head);

	return desk_text(desk, "%.*s:%.*s", SPAN_ARG(head), SPAN_ARG(story->receiver->id));
}

static void write_story(struct desk *desk, struct desk_story *story)
{
	struct buf *out = begin(desk);

	pack_u(out, story->state);
	pack_u(out, (story->by_budget ? 1U : 0U) | (story->acked ? 2U : 0U) |
			    (story->critical ? 4U : 0U));
	pack_i(out, story->due.ms);
	pack_u(out, story->mentions);
	pack_u(out, story->sites);
	pack_u(out, story->reached);
	pack_key(out, &story->pile);
	pack_text(out, span_str(story->told_id));
	change_set(desk, story_record_key(desk, story));
	story->stored = true;
}

static void write_counts(struct desk *desk, struct desk_receiver_state *s)
{
	const struct desk_counts *c = &s->counts;
	const uint64_t counts[] = {
		c->candidates, c->sent, c->digested, c->muted, c->silenced, c->folded, c->dead};
	struct buf *out = begin(desk);

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		pack_u(out, counts[i]);
	change_set(desk, desk_text(desk, "c:%.*s", SPAN_ARG(s->id)));
}

static void write_budget(struct desk *desk, struct desk_receiver_state *s)
{
	const struct desk_budget *b = &s->budget;
	const bool rate = b->rate_from_ms != INT64_MIN;
	struct buf *out = begin(desk);

	for (size_t i = 0; i < BUDGETS_MAX; i++) {
		const bool window = b->per[i].window != INT64_MIN;

		pack_u(out, window);
		if (!window)
			continue;
		pack_i(out, b->per[i].window);
		pack_u(out, b->per[i].used);
		pack_u(out, b->per[i].due);
		pack_i(out, b->per[i].mean);
	}
	pack_u(out, b->n_scores);
	pack_u(out, b->at);
	for (uint32_t i = 0; i < b->n_scores; i++)
		pack_i(out, b->scores[i]);
	pack_u(out, rate);
	if (rate) {
		pack_i(out, b->rate_from_ms);
		pack_u(out, b->rate_used);
	}
	change_set(desk, desk_text(desk, "b:%.*s", SPAN_ARG(s->id)));
}

void desk_records_finish(struct desk *desk)
{
	while (desk->changed_piles) {
		struct pile *pile = desk->changed_piles;

		desk->changed_piles = pile->next_changed;
		pile->changed = false;
		write_pile(desk, pile);
	}
	while (desk->changed_stories) {
		struct desk_story *story = desk->changed_stories;

		desk->changed_stories = story->next_changed;
		story->changed = false;
		write_story(desk, story);
	}
	for (struct desk_receiver_state *s = desk->receivers; s; s = s->hh.next) {
		if (s->counts_changed)
			write_counts(desk, s);
		if (s->budget_changed)
			write_budget(desk, s);
		s->counts_changed = s->budget_changed = false;
	}
	sort_changes(desk);
}

void desk_record_pile_gone(struct desk *desk, const struct pile *pile)
{
	change_delete(desk, hex_key(desk, 'p', &pile->id));
}

void desk_record_item_gone(
	struct desk *desk, const struct pile *pile, const struct pile_item *item)
{
	change_delete(desk, item_record_key(desk, pile, item));
}

void desk_record_story_gone(struct desk *desk, const struct desk_story *story)
{
	change_delete(desk, story_record_key(desk, story));
}

void desk_record_seen(struct desk *desk, const struct desk_seen *seen, bool gone)
{
	const struct span key = hex_key(desk, 'k', &seen->key);

	if (gone) {
		change_delete(desk, key);
		return;
	}
	pack_i(begin(desk), seen->due.ms);
	change_set(desk, key);
}

void desk_record_on_way(struct desk *desk, const struct desk_on_way *way, bool gone)
{
	const struct span key = desk_text(desk, "o:%s", way->id);
	struct buf *out;

	if (gone) {
		change_delete(desk, key);
		return;
	}
	out = begin(desk);
	pack_u(out, (way->digest ? 1U : 0U) | (way->dead ? 2U : 0U));
	pack_text(out, way->receiver->id);
	pack_u(out, way->n);
	change_set(desk, key);
}

static void pack_double(struct buf *out, double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	for (unsigned shift = 0; shift < 64; shift += 8)
		buf_add_char(out, (char)(bits >> shift));
}

void desk_record_silence(struct desk *desk, const struct silence *s, bool gone)
{
	const struct span key = desk_text(desk, "x:%.*s", SPAN_ARG(s->id));
	struct buf *out;

	if (gone) {
		change_delete(desk, key);
		return;
	}
	out = begin(desk);
	pack_text(out, s->receiver);
	pack_text(out, s->author);
	pack_text(out, s->comment);
	pack_time(out, s->from);
	pack_time(out, s->until);
	pack_u(out, s->n_matches);
	for (size_t i = 0; i < s->n_matches; i++) {
		const struct route_match *m = &s->matches[i];

		pack_u(out, m->key);
		pack_u(out, m->n_values);
		for (size_t k = 0; k < m->n_values; k++) {
			pack_text(out, m->values[k]);
			pack_u(out, m->ranges != NULL);
			if (m->ranges) {
				pack_double(out, m->ranges[k].from);
				pack_double(out, m->ranges[k].to);
			}
		}
	}
	change_set(desk, key);
}

void desk_record_mark(struct desk *desk)
{
	struct buf *out = begin(desk);

	for (unsigned shift = 0; shift < 64; shift += 8)
		buf_add_char(out, (char)(desk->mark >> shift));
	change_set(desk, SPAN("z:policy"));
}

void desk_record_mute(struct desk *desk, const struct mute *m, bool gone)
{
	char hash[SIGN_HASH_HEX + 1] = "";
	struct span key;
	struct buf *out;

	if (sign_hash(hash, desk_text(desk, "%s\n%.*s\n%.*s", route_key_names[m->key],
				    SPAN_ARG(m->value), SPAN_ARG(m->receiver))) < 0)
		desk->failed = true;
	key = desk_text(desk, "m:%s", hash);
	if (gone) {
		change_delete(desk, key);
		return;
	}
	out = begin(desk);
	pack_u(out, m->key);
	pack_text(out, m->value);
	pack_text(out, m->receiver);
	pack_time(out, m->until);
	change_set(desk, key);
}

/* --- Restoring -----------------------------------------------------------------------------
 */

enum {
	TEXT_MOST = 4096,
	NUMBER_MOST = INT32_MAX,
	SEVERITY_MOST = 1000000000,
};
#define TIME_MOST (INT64_C(1) << 50) /* the year 37000: sums of two fit */

static int64_t unpack_within(struct unpack *u, int64_t most)
{
	const int64_t v = unpack_i(u);

	u->bad = u->bad || v > most || v < -most;
	return u->bad ? 0 : v;
}

static struct wall unpack_time(struct unpack *u)
{
	return unpack_u(u, 1) ? (struct wall){unpack_within(u, TIME_MOST)} : WALL_NONE;
}

static struct item_key unpack_key(struct unpack *u)
{
	const struct span bytes = unpack_bytes(u, ITEM_KEY_BYTES);
	struct item_key key = {0};

	if (bytes.n == ITEM_KEY_BYTES)
		memcpy(key.b, bytes.p, bytes.n);
	return key;
}

static void unpack_delivery(struct unpack *u, char id[DESK_ID_TEXT + 1], bool may_lack)
{
	const struct span text = unpack_text(u, DESK_ID_TEXT);

	if (text.n != DESK_ID_TEXT && (text.n || !may_lack))
		u->bad = true;
	if (!u->bad && text.n)
		memcpy(id, text.p, text.n);
}

/* The head of a key's rest: hexadecimal, then the end or ':'. */
static bool cut_hex(struct span *rest, struct item_key *ret)
{
	if (!item_key_parse(ret, span_slice(*rest, 0, ITEM_KEY_TEXT)))
		return false;
	*rest = span_slice(*rest, ITEM_KEY_TEXT, rest->n);
	if (!rest->n)
		return true;
	if (rest->p[0] != ':')
		return false;
	*rest = span_slice(*rest, 1, rest->n);
	return rest->n > 0;
}

static int restore_counts(struct desk *desk, struct span rest, struct unpack *u)
{
	struct desk_receiver_state *s;
	uint64_t v[7];

	for (size_t i = 0; i < 7; i++)
		v[i] = unpack_u(u, UINT64_MAX / 16);
	if (u->bad || u->left.n || !rest.n || rest.n > TEXT_MOST)
		return -EBADMSG;
	s = desk_receiver_state(desk, rest);
	if (!s)
		return -ENOMEM;
	s->counts = (struct desk_counts){.candidates = v[0],
		.sent = v[1],
		.digested = v[2],
		.muted = v[3],
		.silenced = v[4],
		.folded = v[5],
		.dead = v[6]};
	return 0;
}

static int restore_budget(struct desk *desk, struct span rest, struct unpack *u)
{
	struct desk_budget b = DESK_BUDGET_NEW;
	struct desk_receiver_state *s;

	for (size_t i = 0; i < BUDGETS_MAX; i++) {
		if (!unpack_u(u, 1))
			continue;
		b.per[i].window = unpack_within(u, TIME_MOST);
		b.per[i].used = (uint32_t)unpack_u(u, NUMBER_MOST);
		b.per[i].due = (uint32_t)unpack_u(u, NUMBER_MOST);
		b.per[i].mean = unpack_within(u, INT64_C(100) * NUMBER_MOST);
	}
	b.n_scores = (uint32_t)unpack_u(u, DESK_SCORES);
	b.at = (uint32_t)unpack_u(u, DESK_SCORES - 1);
	for (uint32_t i = 0; i < b.n_scores; i++)
		b.scores[i] = (int32_t)unpack_within(u, SEVERITY_MOST);
	if (unpack_u(u, 1)) {
		b.rate_from_ms = unpack_within(u, TIME_MOST);
		b.rate_used = (uint32_t)unpack_u(u, NUMBER_MOST);
	}
	if (u->bad || u->left.n || !rest.n || rest.n > TEXT_MOST)
		return -EBADMSG;
	s = desk_receiver_state(desk, rest);
	if (!s)
		return -ENOMEM;
	s->budget = b;
	return 0;
}

static char *copy(struct span s)
{
	return s.p ? strndup(s.p, s.n) : NULL;
}

/* What an item owns, as its record has it. */
struct owned {
	struct span notice, labels;
};

static struct pile_item unpack_item(struct unpack *u, struct item_key key, struct owned *owned)
{
	struct pile_item item = {.key = key, .story = key, .stored = true};
	const uint64_t flags = unpack_u(u, 7);

	if (flags & 1)
		item.story = unpack_key(u);
	item.taken_ms = unpack_within(u, TIME_MOST);
	item.severity = (int32_t)unpack_within(u, SEVERITY_MOST);
	*owned = (struct owned){SPAN_NONE, SPAN_NONE};
	if (flags & 2)
		owned->notice = unpack_text(u, DESK_NOTICE_TEXT);
	if (flags & 2 && !owned->notice.p)
		owned->notice = SPAN("");
	if (flags & 4)
		owned->labels = unpack_text(u, DESK_LABELS_MOST);
	return item;
}

/* 0 or -ENOMEM: it owns nothing then. */
static int give(struct pile_item *item, const struct owned *owned)
{
	item->notice = copy(owned->notice);
	item->labels = owned->labels.n ? malloc(owned->labels.n) : NULL;
	if (item->labels) {
		memcpy(item->labels, owned->labels.p, owned->labels.n);
		item->n_labels = (uint32_t)owned->labels.n;
	}
	if ((!owned->notice.p || item->notice) && (!owned->labels.n || item->labels))
		return 0;
	pile_item_free(item);
	return -ENOMEM;
}

/* The pile of a record: one that is there only because its items came first, or a new one. */
static struct pile *pile_awaited(struct desk *desk, const struct item_key *key)
{
	struct desk_id id;
	struct pile *pile;

	memcpy(id.b, key->b, sizeof(id.b));
	pile = pile_find(desk, &id);
	return pile ? pile : pile_new(desk, &id);
}

static int restore_pile(struct desk *desk, struct span rest, struct unpack *u)
{
	struct owned owned = {SPAN_NONE, SPAN_NONE};
	struct span receiver, text;
	struct pile p = {.told_ms = INT64_MIN, .n_told = 1};
	struct item_key key;
	struct pile *pile;
	uint64_t flags;

	p.kind = (enum pile_kind)unpack_u(u, PILE_KINDS - 1);
	flags = unpack_u(u, 15);
	receiver = unpack_text(u, TEXT_MOST);
	text = unpack_text(u, TEXT_MOST);
	p.route = unpack_u(u, UINT64_MAX);
	p.due.ms = unpack_within(u, TIME_MOST);
	p.opened_ms = unpack_within(u, TIME_MOST);
	if (flags & 8)
		p.told_ms = unpack_within(u, TIME_MOST);
	if (flags & 8 && p.kind != PILE_DIGEST) {
		unpack_delivery(u, p.told_id, false);
		p.told = unpack_item(u, unpack_key(u), &owned);
		p.n_told = (uint32_t)unpack_u(u, NUMBER_MOST);
		p.repeats = (uint32_t)unpack_u(u, UINT8_MAX);
	}
	if (u->bad || u->left.n || !cut_hex(&rest, &key) || rest.n || !receiver.n || !text.p ||
		!p.n_told)
		return -EBADMSG;
	pile = pile_awaited(desk, &key);
	if (!pile)
		return -ENOMEM;
	if (pile->receiver)
		return -EBADMSG;
	pile->receiver = desk_receiver_state(desk, receiver);
	pile->kind = p.kind;
	pile->text = copy(text);
	pile->route = p.route;
	pile->opened_ms = p.opened_ms;
	pile->alone = flags & 1;
	pile->held = flags & 2;
	pile->acked = flags & 4;
	pile->told_ms = p.told_ms;
	memcpy(pile->told_id, p.told_id, sizeof(p.told_id));
	pile->told = p.told;
	pile->n_told = p.n_told;
	pile->repeats = p.repeats;
	pile->stored = true;
	return !pile->receiver || !pile->text || give(&pile->told, &owned) < 0 ||
			       due_set(&desk->piles_due, &pile->due, p.due.ms) < 0
		       ? -ENOMEM
		       : 0;
}

static int restore_item(struct desk *desk, struct span rest, struct unpack *u)
{
	struct item_key id, key;
	struct pile_item item;
	struct owned owned;
	struct pile *pile;

	if (!cut_hex(&rest, &id) || !cut_hex(&rest, &key) || rest.n)
		return -EBADMSG;
	item = unpack_item(u, key, &owned);
	if (u->bad || u->left.n)
		return -EBADMSG;
	pile = pile_awaited(desk, &id);
	if (!pile)
		return -ENOMEM;
	if (give(&item, &owned) < 0)
		return -ENOMEM;
	return pile_restore(pile, item);
}

static int restore_story(struct desk *desk, struct span rest, struct unpack *u)
{
	struct desk_story s = {0};
	struct desk_receiver_state *receiver;
	struct desk_story *story;
	struct item_key head, pile;
	uint64_t flags;
	int64_t due;

	s.state = (enum story_state)unpack_u(u, STORY_STATES - 1);
	flags = unpack_u(u, 7);
	due = unpack_within(u, TIME_MOST);
	s.mentions = (uint32_t)unpack_u(u, UINT32_MAX);
	s.sites = (uint32_t)unpack_u(u, UINT32_MAX);
	s.reached = (uint32_t)unpack_u(u, UINT32_MAX);
	pile = unpack_key(u);
	unpack_delivery(u, s.told_id, true);
	if (u->bad || u->left.n || !cut_hex(&rest, &head) || !rest.n || rest.n > TEXT_MOST)
		return -EBADMSG;
	receiver = desk_receiver_state(desk, rest);
	if (!receiver)
		return -ENOMEM;
	if (story_told_find(desk, receiver, &head))
		return -EBADMSG;
	story = story_told_new(desk, receiver, &head, due);
	if (!story)
		return -ENOMEM;
	story->state = s.state;
	story->by_budget = flags & 1;
	story->acked = flags & 2;
	story->critical = flags & 4;
	story->mentions = s.mentions;
	story->sites = s.sites;
	story->reached = s.reached;
	memcpy(story->pile.b, pile.b, sizeof(story->pile.b));
	memcpy(story->told_id, s.told_id, sizeof(s.told_id));
	story->stored = true;
	story->changed = false;
	desk->changed_stories = NULL;
	return 0;
}

static int restore_seen(struct desk *desk, struct span rest, struct unpack *u)
{
	const int64_t number = unpack_within(u, TIME_MOST);
	struct item_key key;

	if (u->bad || u->left.n || !cut_hex(&rest, &key) || rest.n)
		return -EBADMSG;
	if (desk_seen_find(desk, &key))
		return -EBADMSG;
	return desk_seen_put(desk, &key, number) ? 0 : -ENOMEM;
}

static int restore_on_way(struct desk *desk, struct span rest, struct unpack *u)
{
	const uint64_t flags = unpack_u(u, 3);
	const struct span receiver = unpack_text(u, TEXT_MOST);
	const uint32_t n = (uint32_t)unpack_u(u, NUMBER_MOST);
	struct desk_on_way *way;

	if (u->bad || u->left.n || rest.n != DESK_ID_TEXT || !receiver.n)
		return -EBADMSG;
	way = desk_on_way_new(desk, rest, desk_receiver_state(desk, receiver));
	if (!way)
		return desk->failed ? -ENOMEM : -EBADMSG;
	way->n = n;
	way->digest = flags & 1;
	way->dead = flags & 2;
	return 0;
}

static uint64_t unpack_eight(struct unpack *u)
{
	const struct span bytes = unpack_bytes(u, 8);
	uint64_t bits = 0;

	for (size_t i = bytes.n; i-- > 0;)
		bits = bits << 8 | (unsigned char)bytes.p[i];
	return bits;
}

static double unpack_double(struct unpack *u)
{
	const uint64_t bits = unpack_eight(u);
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static int restore_mark(struct desk *desk, struct span rest, struct unpack *u)
{
	const uint64_t mark = unpack_eight(u);

	if (u->bad || u->left.n || !span_eq_str(rest, "policy"))
		return -EBADMSG;
	desk->mark = mark;
	return 0;
}

static int unpack_match(struct unpack *u, struct arena *arena, struct route_match *ret)
{
	const enum route_key key = (enum route_key)unpack_u(u, ROUTE_KEYS - 1);
	const size_t n = (size_t)unpack_u(u, DESK_OPERATOR_TEXT);
	struct span *values = arena_calloc(arena, n + 1, sizeof(*values));
	struct route_range *ranges = arena_calloc(arena, n + 1, sizeof(*ranges));
	bool ranged = false;

	if (!values || !ranges)
		return -ENOMEM;
	for (size_t i = 0; i < n && !u->bad; i++) {
		values[i] = unpack_text(u, DESK_OPERATOR_TEXT);
		ranged = unpack_u(u, 1);
		if (ranged) {
			ranges[i].from = unpack_double(u);
			ranges[i].to = unpack_double(u);
		}
	}
	*ret = (struct route_match){key, values, n, ranged ? ranges : NULL};
	return 0;
}

static int restore_silence(struct desk *desk, struct span rest, struct unpack *u)
{
	struct silence s = {.id = rest};
	struct arena arena = {0};
	struct route_match *matches = NULL;
	int r = 0;

	s.receiver = unpack_text(u, TEXT_MOST);
	s.author = unpack_text(u, TEXT_MOST);
	s.comment = unpack_text(u, TEXT_MOST);
	s.from = unpack_time(u);
	s.until = unpack_time(u);
	s.n_matches = (size_t)unpack_u(u, DESK_OPERATOR_TEXT);
	matches = arena_calloc(&arena, s.n_matches + 1, sizeof(*matches));
	if (!matches)
		r = -ENOMEM;
	for (size_t i = 0; i < s.n_matches && r == 0 && !u->bad; i++)
		r = unpack_match(u, &arena, &matches[i]);
	s.matches = matches;
	if (r == 0 &&
		(u->bad || u->left.n || !rest.n || desk->n_silences >= DESK_OPERATOR_MOST))
		r = -EBADMSG;
	if (r == 0)
		r = desk_silence_put(desk, &s);
	arena_release(&arena);
	return r;
}

static int restore_mute(struct desk *desk, struct span rest, struct unpack *u)
{
	struct mute m = {.key = (enum route_key)unpack_u(u, ROUTE_KEYS - 1)};

	m.value = unpack_text(u, TEXT_MOST);
	m.receiver = unpack_text(u, TEXT_MOST);
	m.until = unpack_time(u);
	if (u->bad || u->left.n || !rest.n || !m.value.n ||
		(m.key != ROUTE_AUTHOR && m.key != ROUTE_SITE) ||
		desk->n_mutes >= DESK_OPERATOR_MOST)
		return -EBADMSG;
	return desk_mute_put(desk, &m);
}

int desk_restore(struct desk *desk, struct span key, struct span bytes)
{
	static const struct {
		char letter;
		int (*restore)(struct desk *desk, struct span rest, struct unpack *u);
	} kinds[] = {
		{'c', restore_counts},
		{'b', restore_budget},
		{'p', restore_pile},
		{'i', restore_item},
		{'s', restore_story},
		{'k', restore_seen},
		{'o', restore_on_way},
		{'x', restore_silence},
		{'m', restore_mute},
		{'z', restore_mark},
	};
	struct unpack u = {.left = span_slice(bytes, 1, bytes.n)};

	if (!bytes.n)
		return -EBADMSG;
	if (bytes.p[0] != DESK_RECORD_VERSION)
		return DESK_RECORD_OTHER;
	if (key.n < 2 || key.p[1] != ':')
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].letter == key.p[0])
			return kinds[i].restore(desk, span_slice(key, 2, key.n), &u);
	return DESK_RECORD_OTHER;
}
