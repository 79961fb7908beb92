#include "line/accounts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "io/file.h"
#include "io/log.h"
#include "line/accounts_inner.h"
#include "vigie/cleanup.h"

enum {
	BUDGETS_MAX_BYTES = 16 * 1024 * 1024,
	RETRY_MS = 1000,
	PART_STEPS = 8,              /* a source's part is reserved in so many steps */
	CONSENT_LOOK_MS = 10 * 1000, /* a file that a person is about to make */
	/* What nobody asked for so long is taken out of the file. */
	FORGET_MS = 40LL * 24 * 3600 * 1000 / 1000,
};

/* --- Accounts ----------------------------------------------------------------------------- */

static struct account *account_free(struct account *account)
{
	struct member *m, *next;

	if (!account)
		return NULL;
	account_end_fetch(account);
	HASH_ITER(hh, account->members, m, next)
	{
		HASH_DEL(account->members, m);
		free(m);
	}
	if (account->token)
		explicit_bzero(account->token, account->token_n);
	free(account->token);
	free(account->trouble);
	free(account->budgets);
	free(account->name);
	free(account);
	return NULL;
}

/* --- Members ------------------------------------------------------------------------------ */

static struct member *member_of(struct account *account, struct span source)
{
	struct member *m = NULL;

	HASH_FIND(hh, account->members, source.p, source.n, m);
	if (m)
		return m;
	m = calloc(1, sizeof(*m) + source.n + 1);
	if (!m)
		return NULL;
	memcpy(m->source, source.p, source.n);
	HASH_ADD(hh, account->members, source[0], source.n, m);
	if (!m->hh.tbl) {
		free(m);
		return NULL;
	}
	return m;
}

/* The quota whose parts are shared out: the one that lasts longest. */
static const struct quota_budget *shared(const struct account *account)
{
	const struct quota_budget *longest = NULL;

	for (size_t i = 0; i < account->n_budgets; i++)
		if (!longest || account->budgets[i].quota.per_ms > longest->quota.per_ms)
			longest = &account->budgets[i];
	return longest;
}

static int64_t shift_ms(const struct quota_budget *b)
{
	return b->quota.resets_s > 0 ? b->quota.resets_s * 1000 : 0;
}

static int64_t window_of(const struct quota_budget *b, int64_t now_ms)
{
	return (now_ms - shift_ms(b)) / b->quota.per_ms;
}

static int64_t window_begin(const struct quota_budget *b, int64_t window)
{
	return window * b->quota.per_ms + shift_ms(b);
}

/* What the file says was reserved by each source in the window that lasts. */
static void restore_members(struct account *account, const json_t *stored)
{
	const json_t *shares = json_object_get(stored, "shares");
	const struct quota_budget *b = shared(account);
	const int64_t window = b ? window_of(b, loop_wall(account->accounts->loop).ms) : 0;
	const char *source;
	json_t *reserved;

	if (!b || json_integer_value(json_object_get(shares, "per_ms")) != b->quota.per_ms ||
		json_integer_value(json_object_get(shares, "window")) != window)
		return;
	json_object_foreach (json_object_get(shares, "reserved"), source, reserved) {
		struct member *m = member_of(account, span_str(source));

		if (!m)
			continue;
		m->window = window;
		m->spent = m->reserved = json_integer_value(reserved);
	}
}

/* NULL: nobody has spent anything, or there is no memory. */
static json_t *members_json(const struct account *account)
{
	const struct quota_budget *b = shared(account);
	const int64_t window = b ? window_of(b, loop_wall(account->accounts->loop).ms) : 0;
	json_t *reserved = json_object();

	for (const struct member *m = account->members; b && m; m = m->hh.next)
		if (m->window == window && m->reserved)
			(void)json_object_set_new(
				reserved, m->source, json_integer(m->reserved));
	if (json_object_size(reserved))
		return json_pack("{s:I, s:I, s:o}", "per_ms", (json_int_t)b->quota.per_ms,
			"window", (json_int_t)window, "reserved", reserved);
	json_decref(reserved);
	return NULL;
}

/* --- Accounts, read and made -------------------------------------------------------------- */

/* What the file says of a quota of this length. */
static void restore(struct account *account, struct quota_budget *b, struct wall now)
{
	const json_t *stored = json_object_get(account->accounts->stored, account->name);
	const json_t *quota, *slot;
	size_t i, k;

	json_array_foreach (json_object_get(stored, "quotas"), i, quota) {
		if (json_integer_value(json_object_get(quota, "per_ms")) != b->quota.per_ms ||
			json_integer_value(json_object_get(quota, "resets_s")) !=
				b->quota.resets_s)
			continue;
		json_array_foreach (json_object_get(quota, "slots"), k, slot)
			budget_restore(b, json_integer_value(json_array_get(slot, 0)),
				json_integer_value(json_array_get(slot, 1)), now);
	}
}

/* Its budgets as the connection has them: the configuration may have been read anew. What was
 * spent stays spent. */
static int adapt(struct account *account, const struct connection *c)
{
	const struct wall now = loop_wall(account->accounts->loop);
	struct quota_budget *budgets;

	if (account->n_budgets == c->n_quotas) {
		bool same = true;

		for (size_t i = 0; i < c->n_quotas; i++) {
			const struct connector_quota *q = &account->budgets[i].quota;

			same = same && q->per_ms == c->quotas[i].per_ms &&
			       q->resets_s == c->quotas[i].resets_s;
			if (same)
				account->budgets[i].quota.most = c->quotas[i].most;
		}
		if (same)
			return 0;
	}
	budgets = calloc(c->n_quotas + 1, sizeof(*budgets));
	if (!budgets)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_quotas; i++) {
		budgets[i].quota = c->quotas[i];
		restore(account, &budgets[i], now);
	}
	for (size_t i = 0; i < c->n_quotas; i++)
		for (size_t k = 0; k < account->n_budgets; k++)
			if (account->budgets[k].quota.per_ms == c->quotas[i].per_ms &&
				account->budgets[k].quota.resets_s == c->quotas[i].resets_s)
				memcpy(budgets[i].slots, account->budgets[k].slots,
					sizeof(budgets[i].slots));
	free(account->budgets);
	account->budgets = budgets;
	account->n_budgets = c->n_quotas;
	return 0;
}

static struct account *account_of(struct accounts *a, const struct connection *c)
{
	const json_t *stored;
	struct account *account = NULL;

	HASH_FIND(hh, a->all, c->account.p, c->account.n, account);
	if (account)
		return adapt(account, c) < 0 ? NULL : account;
	account = calloc(1, sizeof(*account));
	if (!account)
		return NULL;
	account->accounts = a;
	account->paused_until = account->not_before = WALL_NONE;
	account->name = strndup(c->account.p, c->account.n);
	if (account->name)
		HASH_ADD_KEYPTR(hh, a->all, account->name, c->account.n, account);
	if (!account->name || !account->hh.tbl || adapt(account, c) < 0) {
		if (account->hh.tbl)
			HASH_DEL(a->all, account);
		return account_free(account);
	}
	stored = json_object_get(a->stored, account->name);
	if (json_is_integer(json_object_get(stored, "paused_until")))
		account->paused_until.ms =
			json_integer_value(json_object_get(stored, "paused_until"));
	restore_members(account, stored);
	return account;
}

/* --- The file of budgets ------------------------------------------------------------------ */

static void on_write(void *arg, unsigned thread)
{
	struct write *w = arg;

	(void)thread;
	w->result = file_write(w->path.p, buf_span(&w->bytes), 0600);
}

void accounts_write(struct accounts *a, struct write *w, void (*done)(void *arg), void *arg)
{
	(void)arg;
	w->busy = true;
	w->job = (struct pool_job){.run = on_write, .done = done, .arg = w};
	pool_submit(a->pool, &w->job);
}

static json_t *account_json(const struct account *account)
{
	json_t *quotas = json_array(), *shares = members_json(account), *root;

	for (size_t i = 0; i < account->n_budgets; i++) {
		const struct quota_budget *b = &account->budgets[i];
		json_t *slots = json_array();

		for (int k = 0; k < BUDGET_SLOTS; k++)
			if (b->slots[k].reserved)
				(void)json_array_append_new(slots,
					json_pack("[I, I]", (json_int_t)b->slots[k].at_ms,
						(json_int_t)b->slots[k].reserved));
		(void)json_array_append_new(quotas,
			json_pack("{s:I, s:I, s:o}", "per_ms", (json_int_t)b->quota.per_ms,
				"resets_s", (json_int_t)b->quota.resets_s, "slots", slots));
	}
	root = json_pack("{s:o, s:I}", "quotas", quotas, "seen",
		(json_int_t)loop_wall(account->accounts->loop).ms);
	if (root && wall_known(account->paused_until))
		(void)json_object_set_new(
			root, "paused_until", json_integer(account->paused_until.ms));
	if (root && shares)
		(void)json_object_set(root, "shares", shares);
	json_decref(shares);
	return root;
}

static void save(struct accounts *a);

static void on_saved(void *arg)
{
	struct write *w = arg;
	struct accounts *a =
		(struct accounts *)(void *)((char *)w - offsetof(struct accounts, budgets));

	w->busy = false;
	if (w->result < 0) {
		log_error("accounts.not_written", TEXT("file", w->path),
			STR("why", strerror(-w->result)));
		(void)timer_set(a->retry, RETRY_MS);
		return;
	}
	a->written = a->writing;
	for (struct accounts_turn *t = a->turns; t; t = t->next)
		if (t->stage == TURN_WRITE && t->version <= a->written) {
			t->stage = TURN_SPENT;
			timer_soon(a->soon);
		}
	if (a->version > a->written)
		save(a);
}

static void save(struct accounts *a)
{
	json_t *root, *all;
	char *text;

	if (span_empty(a->folder)) {
		a->written = a->version;
		return;
	}
	if (a->budgets.busy)
		return;
	for (struct account *account = a->all; account; account = account->hh.next)
		(void)json_object_set_new(a->stored, account->name, account_json(account));
	all = a->stored;
	root = json_pack("{s:i, s:O}", "version", 1, "accounts", all);
	text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	buf_clear(&a->budgets.bytes);
	if (text)
		buf_add_str(&a->budgets.bytes, text);
	json_decref(root);
	if (!text || a->budgets.bytes.failed) {
		(void)timer_set(a->retry, RETRY_MS);
	} else {
		a->writing = a->version;
		accounts_write(a, &a->budgets, on_saved, NULL);
	}
	free(text);
}

static void on_retry(void *arg)
{
	struct accounts *a = arg;

	if (a->version > a->written)
		save(a);
}

static int load(struct accounts *a, struct arena *arena, struct span *ret_why)
{
	struct buf bytes = {0};
	const int64_t now_s = loop_wall(a->loop).ms / 1000;
	const char *name;
	json_t *root, *one;
	void *next;
	int r = file_read(&bytes, a->budgets.path.p, BUDGETS_MAX_BYTES, FILE_NOFOLLOW);

	if (r == -ENOENT) {
		buf_deinit(&bytes);
		a->stored = json_object();
		return a->stored ? 0 : -ENOMEM;
	}
	root = r < 0 ? NULL : json_loadb(bytes.p, bytes.n, 0, NULL);
	buf_deinit(&bytes);
	if (json_is_object(json_object_get(root, "accounts")) &&
		json_integer_value(json_object_get(root, "version")) == 1)
		a->stored = json_incref(json_object_get(root, "accounts"));
	json_decref(root);
	if (!a->stored) {
		*ret_why = arena_printf(arena,
			"%s holds what was spent of the networks' quotas, and can't be read: "
			"restore it, or remove it and let a day pass",
			a->budgets.path.p);
		return r < 0 ? r : -EINVAL;
	}
	json_object_foreach_safe (a->stored, next, name, one) {
		const int64_t seen = json_integer_value(json_object_get(one, "seen")) / 1000;

		if (now_s - seen > FORGET_MS)
			(void)json_object_del(a->stored, name);
	}
	return 0;
}

/* --- Turns -------------------------------------------------------------------------------- */

static void leave(struct accounts_turn *t)
{
	struct accounts *a = t->account->accounts;

	if (t->prev)
		t->prev->next = t->next;
	else
		a->turns = t->next;
	if (t->next)
		t->next->prev = t->prev;
}

static struct accounts_turn *turn_new(
	struct accounts *a, const struct connection *c, enum turn_stage stage, void *arg)
{
	struct account *account = account_of(a, c);
	struct accounts_turn *t = account ? calloc(1, sizeof(*t)) : NULL;

	if (!t)
		return NULL;
	*t = (struct accounts_turn){.next = a->turns,
		.account = account,
		.connection = c,
		.stage = stage,
		.arg = arg};
	if (a->turns)
		a->turns->prev = t;
	a->turns = t;
	return t;
}

void accounts_cancel(struct accounts_turn *turn)
{
	if (!turn)
		return;
	leave(turn);
	free(turn);
}

void accounts_reconsider(struct account *account)
{
	for (struct accounts_turn *t = account->accounts->turns; t; t = t->next)
		if (t->account == account && t->stage == TURN_TOKEN)
			t->stage = TURN_ENTER;
	timer_soon(account->accounts->soon);
}

static void entered(struct accounts_turn *t, const struct accounts_entry *entry)
{
	const accounts_entered done = t->entered;
	void *arg = t->arg;

	leave(t);
	free(t);
	done(arg, entry);
}

static int64_t pause_of(const struct account *account, struct wall now)
{
	return wall_known(account->paused_until) && account->paused_until.ms > now.ms
		       ? account->paused_until.ms - now.ms
		       : 0;
}

/* Of what connector_enter() said. False: the turn goes on waiting. */
static bool judge(struct accounts_turn *t, struct accounts_entry *entry, struct arena *arena,
	const struct connector_pass *pass, struct wall now)
{
	struct account *account = t->account;
	const struct connector *c = t->connection->target.connector;

	switch (pass->entry) {
	case CONNECTOR_MAY_ASK:
		entry->pass = pass;
		return true;
	case CONNECTOR_FETCH_TOKEN:
		if (wall_known(account->not_before) && account->not_before.ms > now.ms) {
			entry->wait_ms = account->wrong ? 0 : account->not_before.ms - now.ms;
			entry->refusal = account->wrong ? CONNECTOR_AUTH : CONNECTOR_OK;
			entry->why = span_str(account->trouble);
			return true;
		}
		t->stage = TURN_TOKEN;
		if (account_fetch_token(account, t->connection) == 0)
			return false;
		entry->refusal = CONNECTOR_UNAVAILABLE;
		entry->why = SPAN("no token can be asked for: no memory");
		return true;
	case CONNECTOR_CONSENT:
		entry->retry_ms = CONSENT_LOOK_MS;
		entry->why = arena_printf(arena,
			"a person must agree once: run vigie auth %.*s", SPAN_ARG(c->network));
		break;
	case CONNECTOR_NO_KEY:
		entry->why = arena_printf(
			arena, "no key: give the source its %.*s", SPAN_ARG(pass->missing));
		break;
	case CONNECTOR_KEY_REFUSED:
		entry->why = SPAN("the key is refused: look whether it is the right one, and "
				  "still good");
		break;
	}
	/* Whoever mends it writes a file, or a configuration: both are looked at again. */
	account->refused = false;
	account->token_read = false;
	entry->refusal = CONNECTOR_AUTH;
	return true;
}

static void enter(struct accounts_turn *t)
{
	struct account *account = t->account;
	const struct wall now = loop_wall(account->accounts->loop);
	struct accounts_entry entry = {.wait_ms = pause_of(account, now)};
	struct connector_keys keys = t->connection->keys;
	struct connector_pass pass = {0};
	struct arena arena = {0};
	int r;

	if (entry.wait_ms) {
		entered(t, &entry);
		return;
	}
	account_read_token(account);
	keys.token = span_of(account->token, account->token_n);
	keys.refused = account->refused;
	r = connector_enter(&pass, &arena, t->connection->target.connector, &keys,
		t->connection->target.base, now);
	if (r < 0) {
		entry.refusal = CONNECTOR_UNAVAILABLE;
		entry.why = r == -ENOMEM
				    ? SPAN("no memory")
				    : SPAN("the token's address can't be made: check base");
		entered(t, &entry);
	} else if (judge(t, &entry, &arena, &pass, now)) {
		entered(t, &entry);
	}
	arena_release(&arena);
}

static void on_soon(void *arg)
{
	struct accounts *a = arg;
	bool again = true;

	/* A callback may take and cancel turns: the list is begun anew each time. */
	while (again) {
		struct accounts_turn *t = a->turns;

		again = false;
		while (t && t->stage != TURN_ENTER && t->stage != TURN_SPENT)
			t = t->next;
		if (t && t->stage == TURN_ENTER) {
			enter(t);
			again = true;
		} else if (t) {
			const accounts_spent done = t->spent;
			const int64_t wait = t->wait_ms;
			void *done_arg = t->arg;

			leave(t);
			free(t);
			done(done_arg, wait);
			again = true;
		}
	}
}

int accounts_enter(struct accounts_turn **ret, struct accounts *accounts,
	const struct connection *connection, accounts_entered done, void *arg)
{
	struct accounts_turn *t = turn_new(accounts, connection, TURN_ENTER, arg);

	if (!t)
		return -ENOMEM;
	t->entered = done;
	*ret = t;
	timer_soon(accounts->soon);
	return 0;
}

/* --- Spending ----------------------------------------------------------------------------- */

/* The part of the longest quota that a source may spend in one of its windows. */
struct part {
	struct member *m; /* NULL: there is no quota, or no memory */
	int64_t most, ends_ms;
};

static struct part part_of(struct account *account, const struct connection *c,
	struct span source, struct wall now)
{
	const struct quota_budget *b = shared(account);
	struct part part = {.m = b ? member_of(account, source) : NULL};
	int64_t window;

	if (!part.m)
		return part;
	window = window_of(b, now.ms);
	if (part.m->window != window)
		part.m->window = window, part.m->spent = part.m->reserved = 0;
	part.most = b->quota.most / (int64_t)(c->sharers ? c->sharers : 1);
	part.ends_ms = window_begin(b, window + 1);
	return part;
}

/* How long until the source's own part allows it; 0: now. */
static int64_t part_wait(const struct part *part, int64_t cost, struct wall now)
{
	const struct member *m = part->m;

	return !m || m->spent == 0 || m->spent + cost <= part->most ? 0
								    : part->ends_ms - now.ms;
}

/* True: what is reserved has grown. */
static bool part_spend(const struct part *part, int64_t cost)
{
	struct member *m = part->m;
	const int64_t step = part->most / PART_STEPS;

	if (!m)
		return false;
	m->spent += cost;
	if (m->spent <= m->reserved)
		return false;
	m->reserved = m->spent - cost + (cost > step ? cost : step);
	return true;
}

static int64_t spend_wait(struct account *account, const struct part *part, int64_t cost)
{
	struct accounts *a = account->accounts;
	const struct wall now = loop_wall(a->loop);
	int64_t wait = pause_of(account, now), w;

	w = account->next.ms - loop_now(a->loop).ms;
	if (w > wait)
		wait = w;
	for (size_t i = 0; i < account->n_budgets; i++) {
		w = budget_wait(&account->budgets[i], cost, now);
		if (w > wait)
			wait = w;
	}
	w = part_wait(part, cost, now);
	return w > wait ? w : wait;
}

int accounts_spend(struct accounts_turn **ret, struct accounts *accounts,
	const struct connection *connection, struct span source, int64_t cost,
	accounts_spent spent, void *arg)
{
	struct accounts_turn *t = turn_new(accounts, connection, TURN_SPENT, arg);
	const struct wall now = loop_wall(accounts->loop);
	struct part part;
	bool grown = false;

	if (!t)
		return -ENOMEM;
	t->spent = spent;
	part = part_of(t->account, connection, source, now);
	t->wait_ms = spend_wait(t->account, &part, cost);
	if (t->wait_ms == 0) {
		for (size_t i = 0; i < t->account->n_budgets; i++)
			grown = budget_spend(&t->account->budgets[i], cost, now) || grown;
		grown = part_spend(&part, cost) || grown;
		t->account->next.ms =
			loop_now(accounts->loop).ms + connection->target.connector->spacing_ms;
	}
	*ret = t;
	if (grown) {
		t->version = ++accounts->version;
		t->stage = TURN_WRITE;
		save(accounts);
		if (accounts->written >= t->version)
			t->stage = TURN_SPENT;
	}
	timer_soon(accounts->soon);
	return 0;
}

void accounts_told(struct accounts *accounts, const struct connection *connection,
	enum connector_error refusal, int64_t pause_ms)
{
	struct account *account = account_of(accounts, connection);
	const struct wall until = {loop_wall(accounts->loop).ms + pause_ms};

	if (!account)
		return;
	if (refusal == CONNECTOR_AUTH)
		account->refused = true;
	if (pause_ms <= 0 ||
		(wall_known(account->paused_until) && account->paused_until.ms >= until.ms))
		return;
	account->paused_until = until;
	accounts->version++;
	save(accounts);
}

/* --- Life --------------------------------------------------------------------------------- */

DEFINE_CLEANUP(struct accounts *, accounts_free)

int accounts_new(struct accounts **ret, struct loop *loop, struct pool *pool,
	const struct accounts_options *options, struct arena *arena, struct span *ret_why)
{
	CLEANUP(accounts_freep) struct accounts *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->loop = loop;
	a->pool = pool;
	a->options = *options;
	r = timer_new(&a->soon, loop, on_soon, a);
	if (r >= 0)
		r = timer_new(&a->retry, loop, on_retry, a);
	if (r < 0)
		return r;
	if (options->folder) {
		a->folder = arena_dup(&a->arena, span_str(options->folder));
		a->budgets.path =
			arena_printf(&a->arena, "%s/%s", options->folder, ACCOUNTS_BUDGETS);
		if (!a->folder.p || !a->budgets.path.p)
			return -ENOMEM;
		r = load(a, arena, ret_why);
		if (r < 0)
			return r;
	}
	*ret = TAKE(a);
	return 0;
}

struct accounts *accounts_free(struct accounts *accounts)
{
	struct account *account, *next;

	if (!accounts)
		return NULL;
	while (accounts->turns)
		accounts_cancel(accounts->turns);
	HASH_ITER(hh, accounts->all, account, next)
	{
		HASH_DEL(accounts->all, account);
		account_free(account);
	}
	timer_free(accounts->soon);
	timer_free(accounts->retry);
	json_decref(accounts->stored);
	buf_deinit(&accounts->budgets.bytes);
	arena_release(&accounts->arena);
	free(accounts);
	return NULL;
}

bool accounts_idle(const struct accounts *accounts)
{
	return !accounts->fetches && !accounts->budgets.busy;
}

void accounts_each(const struct accounts *accounts,
	void (*see)(void *arg, const struct accounts_view *view), void *arg)
{
	for (const struct account *account = accounts->all; account;
		account = account->hh.next) {
		const struct span name = span_str(account->name);
		struct arena arena = {0};
		struct accounts_view view = {
			.account = span_slice(name, 0, span_find(name, '#')),
			.paused_until = account->paused_until,
			.budgets = account->budgets,
			.n_budgets = account->n_budgets,
			.token_end = WALL_NONE,
			.has_token = account->token_n > 0,
		};

		if (view.has_token)
			view.token_end = connector_token_end(
				&arena, span_of(account->token, account->token_n));
		see(arg, &view);
		arena_release(&arena);
	}
}
