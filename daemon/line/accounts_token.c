/*
 * accounts_token: one token at a time is fetched for an account, written to its file, and only
 * then handed to those who wait for it. A command (sources try) may fetch one beside the
 * daemon: a refresh token is good once, so whoever fetches holds the account's lock meanwhile,
 * and looks first whether the other one has left a newer token.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "io/file.h"
#include "io/log.h"
#include "line/accounts_inner.h"

enum {
	MINUTE_MS = 60 * 1000,
	HOUR_MS = 60 * MINUTE_MS,
	ANSWER_MAX_BYTES = 256 * 1024,
	WRITE_RETRY_MS = 1000,
	LOCK_RETRY_MS = 100,
};

struct token_fetch {
	struct account *account; /* NULL: nobody waits any more */
	void *config;
	void (*config_unref)(void *config);
	const struct connection *connection;
	struct connector_pass pass;
	struct arena arena;
	struct transfer_handle *handle;
	struct write write;
	struct timer *retry;
	int lock; /* a descriptor; -1: not ours yet */
};

struct span accounts_token_path(struct arena *arena, const char *folder, struct span account)
{
	struct buf name = {0};
	struct span path;

	for (size_t i = 0; i < account.n; i++) {
		const char c = account.p[i];
		const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
				   (c >= 'A' && c <= 'Z') || (c && strchr("@#-_", c)) ||
				   (c == '.' && i);

		if (plain)
			buf_add_char(&name, c);
		else
			buf_addf(&name, "%%%02x", (unsigned char)c);
	}
	path = name.failed ? SPAN_NONE
			   : arena_printf(arena, "%s/%s/%s", folder, ACCOUNTS_TOKENS, name.p);
	buf_deinit(&name);
	return path;
}

int accounts_token_lock(const char *folder, struct span account, bool wait)
{
	struct arena arena = {0};
	const struct span path = arena_printf(&arena, "%s/%s", folder, ACCOUNTS_LOCK);
	const uint32_t at = (uint32_t)XXH3_64bits(account.p, account.n) & INT32_MAX;
	const int fd = path.p ? file_lock(path.p, at, wait) : -ENOMEM;

	arena_release(&arena);
	return fd;
}

static void token_set(struct account *account, struct span token)
{
	char *copy = token.n ? strndup(token.p, token.n) : NULL;

	if (account->token)
		explicit_bzero(account->token, account->token_n);
	free(account->token);
	account->token = copy;
	account->token_n = copy ? token.n : 0;
}

/* What its file holds becomes its token. True: that is another one. */
static bool token_load(struct account *account)
{
	const struct accounts *a = account->accounts;
	struct arena arena = {0};
	struct buf bytes = {0};
	const struct span path =
		accounts_token_path(&arena, a->folder.p, span_str(account->name));
	const int r = path.p ? file_read(&bytes, path.p, CONNECTOR_MAX_TOKEN_BYTES,
				       FILE_NOFOLLOW | FILE_PRIVATE)
			     : -ENOMEM;
	const bool other =
		(r == 0 || r == -ENOENT) &&
		!span_eq(buf_span(&bytes), span_of(account->token, account->token_n));

	if (other)
		token_set(account, buf_span(&bytes));
	else if (r < 0 && r != -ENOENT)
		log_error("accounts.token_unreadable", TEXT("file", path),
			STR("why", r == -EPERM ? "others can read it: chmod 600 it"
					       : strerror(-r)));
	if (bytes.p)
		explicit_bzero(bytes.p, bytes.n);
	buf_deinit(&bytes);
	arena_release(&arena);
	return other;
}

void account_read_token(struct account *account)
{
	if (account->token_read || account->fetch || span_empty(account->accounts->folder))
		return;
	account->token_read = true;
	(void)token_load(account);
}

void account_set_trouble(struct account *account, struct span why)
{
	free(account->trouble);
	account->trouble = strndup(why.p ? why.p : "", why.n);
}

/* --- The end of a fetch ------------------------------------------------------------------- */

static void fetch_free(struct token_fetch *f)
{
	struct accounts *a = f->account->accounts;

	f->account->fetch = NULL;
	a->fetches--;
	timer_free(f->retry);
	if (f->lock >= 0)
		(void)close(f->lock);
	if (f->write.bytes.p)
		explicit_bzero(f->write.bytes.p, f->write.bytes.n);
	buf_deinit(&f->write.bytes);
	if (f->config_unref)
		f->config_unref(f->config);
	arena_release(&f->arena);
	free(f);
}

void account_end_fetch(struct account *account)
{
	if (!account->fetch)
		return;
	if (account->fetch->handle)
		transfer_cancel(account->fetch->handle);
	fetch_free(account->fetch);
}

static void finish(struct token_fetch *f)
{
	struct account *account = f->account;

	fetch_free(f);
	accounts_reconsider(account);
}

static void on_written(void *arg)
{
	struct write *w = arg;
	struct token_fetch *f =
		(struct token_fetch *)(void *)((char *)w - offsetof(struct token_fetch, write));

	w->busy = false;
	if (w->result < 0) {
		/* Not used before it is durable: they wait. */
		log_error("accounts.not_written", TEXT("file", w->path),
			STR("why", strerror(-w->result)));
		(void)timer_set(f->retry, WRITE_RETRY_MS);
		return;
	}
	token_set(f->account, buf_span(&w->bytes));
	f->account->token_read = true;
	finish(f);
}

static void begin(struct token_fetch *f);

static void on_retry(void *arg)
{
	struct token_fetch *f = arg;

	if (f->write.path.p)
		accounts_write(f->account->accounts, &f->write, on_written, f);
	else
		begin(f);
}

/* The token (empty: none is left) to its file. */
static void keep(struct token_fetch *f, struct span token)
{
	struct accounts *a = f->account->accounts;
	struct span folder;

	f->account->refused = false;
	if (span_empty(a->folder)) {
		token_set(f->account, token);
		finish(f);
		return;
	}
	folder = arena_printf(&f->arena, "%s/%s", a->folder.p, ACCOUNTS_TOKENS);
	f->write.path = accounts_token_path(&f->arena, a->folder.p, span_str(f->account->name));
	buf_add(&f->write.bytes, token);
	if (!folder.p || !f->write.path.p || f->write.bytes.failed) {
		account_set_trouble(f->account, SPAN("no memory for a token"));
		finish(f);
		return;
	}
	(void)mkdir(folder.p, 0700); /* the write says what is wrong with it */
	accounts_write(a, &f->write, on_written, f);
}

/* There is none. Asked again after a while: soon for trouble, in an hour for wrong keys. */
static void fail(struct token_fetch *f, bool wrong, int64_t wait_ms, struct span why)
{
	struct account *account = f->account;
	const int64_t now = loop_wall(account->accounts->loop).ms;
	int64_t wait = wrong ? HOUR_MS : MINUTE_MS;

	for (unsigned i = 0; i < account->failures && wait < HOUR_MS; i++)
		wait *= 2;
	if (wait > HOUR_MS)
		wait = HOUR_MS;
	account->failures++;
	account->wrong = wrong;
	account->not_before = (struct wall){now + (wait_ms > wait ? wait_ms : wait)};
	account_set_trouble(account, why);
	log_warning("accounts.no_token", STR("account", account->name), TEXT("why", why));
	finish(f);
}

static void on_token(void *arg, const struct transfer_result *result)
{
	struct token_fetch *f = arg;
	struct account *account = f->account;
	const struct document *d = &result->document;
	const struct connector_answer answer = {.status = d->status,
		.headers = d->headers,
		.n_headers = d->n_headers,
		.body = d->body,
		.now = loop_wall(account->accounts->loop)};
	struct connector_refusal refusal = {CONNECTOR_UNAVAILABLE, -1};
	struct span token = SPAN_NONE;
	int r;

	f->handle = NULL;
	if (result->error != TRANSFER_OK) {
		fail(f, false, 0, result->why);
		return;
	}
	r = connector_token_read(&token, &refusal, &f->arena, f->connection->target.connector,
		&f->pass, span_of(account->token, account->token_n), &answer);
	if (r < 0) {
		fail(f, false, 0, SPAN("no memory for a token"));
	} else if (refusal.error == CONNECTOR_OK) {
		account->failures = 0;
		account->not_before = WALL_NONE;
		log_info("accounts.token", STR("account", account->name));
		keep(f, token);
	} else if (refusal.error == CONNECTOR_AUTH && f->pass.refreshing) {
		log_warning("accounts.token_ended", STR("account", account->name));
		keep(f, SPAN_NONE); /* another way may be open */
	} else {
		const bool wrong = refusal.error == CONNECTOR_AUTH ||
				   refusal.error == CONNECTOR_FORBIDDEN ||
				   refusal.error == CONNECTOR_BAD_REQUEST;

		fail(f, wrong, refusal.retry_after_s * 1000,
			arena_printf(&f->arena, "no token was given (%s): %s",
				connector_error_names[refusal.error],
				wrong ? "check the keys of the source"
				      : "it is asked for again later"));
	}
}

/* --- The beginning ------------------------------------------------------------------------ */

/* The right to replace the token. True: it is ours, and the file has no newer one. */
static bool take_lock(struct token_fetch *f)
{
	struct account *account = f->account;
	const char *folder = account->accounts->folder.p;

	f->lock = accounts_token_lock(folder, span_str(account->name), false);
	if (f->lock == -EAGAIN) {
		(void)timer_set(f->retry, LOCK_RETRY_MS);
	} else if (f->lock < 0) {
		fail(f, false, 0,
			arena_printf(&f->arena, "%s/%s: %s", folder, ACCOUNTS_LOCK,
				strerror(-f->lock)));
	} else if (token_load(account)) {
		account->refused = false;
		finish(f);
	} else {
		return true;
	}
	return false;
}

static void begin(struct token_fetch *f)
{
	struct account *account = f->account;
	struct accounts *a = account->accounts;
	struct connector_keys keys = f->connection->keys;
	int r;

	if (!span_empty(a->folder) && !take_lock(f))
		return;
	/* Made again in memory of its own: the caller's goes. */
	keys.token = span_of(account->token, account->token_n);
	keys.refused = account->refused;
	r = connector_enter(&f->pass, &f->arena, f->connection->target.connector, &keys,
		f->connection->target.base, loop_wall(a->loop));
	if (r == 0 && f->pass.entry != CONNECTOR_FETCH_TOKEN) {
		finish(f);
		return;
	}
	if (r == 0)
		r = transfer_start(&f->handle, a->options.transfer,
			&(struct transfer_ask){
				.request = &f->pass.request, .max_body = ANSWER_MAX_BYTES},
			on_token, f);
	if (r < 0)
		fail(f, false, 0,
			SPAN("no token can be asked for: no memory, or a wrong base"));
}

int account_fetch_token(struct account *account, const struct connection *connection)
{
	struct accounts *a = account->accounts;
	struct token_fetch *f;

	if (account->fetch)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f || timer_new(&f->retry, a->loop, on_retry, f) < 0) {
		free(f);
		return -ENOMEM;
	}
	f->account = account;
	f->lock = -1;
	account->fetch = f;
	a->fetches++;
	f->connection = connection;
	f->config = connection->config;
	if (a->options.config_ref) {
		f->config = a->options.config_ref(connection->config);
		f->config_unref = a->options.config_unref;
	}
	begin(f);
	return 0;
}
