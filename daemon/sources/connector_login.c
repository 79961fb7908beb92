#include "sources/connector_login.h"

#include <errno.h>
#include <stdlib.h>

#include "sources/connector_inner.h"

enum {
	MAX_KEPT = 16,
	MAX_VALUE_BYTES = 8 * 1024,
	SCRATCH_BYTES = 4 * 1024 * 1024,
	/* RFC 6749 has no default; an hour is what most give. */
	LIFETIME_MS = 3600 * 1000,
};

static bool has(const struct expr_var *vars, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_eq(vars[i].name, name) && vars[i].value.n)
			return true;
	return false;
}

static bool is_open(const struct connector_login *login, const struct connector_keys *keys)
{
	for (size_t i = 0; i < login->n_needs; i++)
		if (!has(keys->secrets, keys->n_secrets, login->needs[i]))
			return false;
	return true;
}

/* --- The stored token --------------------------------------------------------------------- */

struct token {
	struct span login;
	struct wall end;
	struct expr_var *vars; /* access_token, refresh_token … */
	size_t n;
};

static int token_decode(struct token *t, struct arena *arena, struct span text)
{
	struct span name, value;

	*t = (struct token){.end = WALL_NONE};
	if (text.n > CONNECTOR_MAX_TOKEN_BYTES)
		return 0;
	while (connector_record_next(&name, &value, arena, &text)) {
		if (span_eq_str(name, "login")) {
			t->login = value;
		} else if (span_eq_str(name, "end")) {
			t->end = wall_parse_rfc3339(value);
		} else if (t->n < MAX_KEPT) {
			t->vars = connector_vars_add(arena, t->vars, &t->n, name, value);
			if (!t->vars)
				return -ENOMEM;
		}
	}
	return 0;
}

static struct span token_encode(struct arena *arena, const struct token *t)
{
	struct buf out = {.limit_bytes = CONNECTOR_MAX_TOKEN_BYTES};
	char end[RFC3339_SIZE];
	struct span text;

	connector_record_add(&out, SPAN("login"), t->login);
	if (*wall_rfc3339(end, t->end))
		connector_record_add(&out, SPAN("end"), span_str(end));
	for (size_t i = 0; i < t->n; i++)
		connector_record_add(&out, t->vars[i].name, t->vars[i].value);
	text = out.failed ? SPAN_NONE : arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return text;
}

struct wall connector_token_end(struct arena *arena, struct span token)
{
	struct token t;

	return token_decode(&t, arena, token) < 0 ? WALL_NONE : t.end;
}

/* --- Entering ----------------------------------------------------------------------------- */

static int add_vars(
	struct connector_pass *pass, struct arena *arena, const struct expr_var *vars, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!vars[i].value.n)
			continue;
		pass->vars = connector_vars_add(
			arena, pass->vars, &pass->n_vars, vars[i].name, vars[i].value);
		if (!pass->vars)
			return -ENOMEM;
	}
	return 0;
}

static int add_now(struct connector_pass *pass, struct arena *arena, struct wall now)
{
	const struct expr_var var = {
		SPAN("now"), arena_printf(arena, "%lld", (long long)(now.ms / 1000))};

	return var.value.p ? add_vars(pass, arena, &var, 1) : -ENOMEM;
}

/* Where tokens come from: a base that was set stands for the whole network. */
static struct span token_base(
	const struct connector *c, const struct connector_login *login, struct span base)
{
	if (base.n)
		return base;
	return login->base.n ? login->base : c->base;
}

/* `base` empty: each has its own. */
static int make(struct request *ret, struct arena *arena, const struct connector *c,
	const struct connector_pass *pass, const struct connector_ask *ask, struct span base)
{
	struct span where = token_base(c, pass->login, base);
	const int r =
		base.n ? 0 : connector_own_base(&where, arena, ask, pass->vars, pass->n_vars);

	return r < 0 ? r
		     : connector_make(ret, arena,
			       &(struct connector_making){.ask = ask,
				       .base = where,
				       .vars = pass->vars,
				       .n_vars = pass->n_vars});
}

static int fetch(struct connector_pass *pass, struct arena *arena, const struct connector *c,
	const struct connector_ask *ask, struct span base)
{
	pass->entry = CONNECTOR_FETCH_TOKEN;
	pass->refreshing = ask == &pass->login->refresh;
	return make(&pass->request, arena, c, pass, ask, base);
}

/* "token, or client_id and client_secret". */
static int say_missing(
	struct connector_pass *pass, struct arena *arena, const struct connector *c)
{
	struct buf out = {0};

	pass->entry = CONNECTOR_NO_KEY;
	for (size_t i = 0; i < c->n_logins; i++)
		for (size_t k = 0; k < c->logins[i].n_needs; k++)
			buf_addf(&out, "%s%.*s",
				k   ? " and "
				: i ? ", or "
				    : "",
				SPAN_ARG(c->logins[i].needs[k]));
	pass->missing = arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return pass->missing.p ? 0 : -ENOMEM;
}

/* With a stored token, a way to get one, or nothing of both. */
static int enter_with_token(struct connector_pass *pass, struct arena *arena,
	const struct connector *c, const struct connector_keys *keys, struct token *token,
	struct span base, struct wall now)
{
	const struct connector_login *login = pass->login;
	const bool ours = span_eq(token->login, login->name) && token->n;
	const bool good =
		ours && !keys->refused && (!wall_known(token->end) || token->end.ms > now.ms);
	int r = ours ? add_vars(pass, arena, token->vars, token->n) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; good && i < token->n; i++)
		/* A base that was set is not left. */
		if (span_eq_str(token->vars[i].name, "base") && !base.n)
			pass->base = token->vars[i].value;
	if (good)
		return 0;
	r = add_now(pass, arena, now);
	if (r < 0)
		return r;
	if (login->has_refresh &&
		(!ours ? !login->has_token : has(token->vars, token->n, SPAN("refresh_token"))))
		return fetch(pass, arena, c, &login->refresh, base);
	if (login->has_consent) {
		pass->entry = CONNECTOR_CONSENT;
		return 0;
	}
	if (login->has_token)
		return fetch(pass, arena, c, &login->token, base);
	pass->entry = CONNECTOR_KEY_REFUSED;
	return 0;
}

int connector_enter(struct connector_pass *ret, struct arena *arena, const struct connector *c,
	const struct connector_keys *keys, struct span base, struct wall now)
{
	struct connector_pass pass = {.base = base.n ? base : c->base};
	struct token token;
	int r = token_decode(&token, arena, keys->token);

	for (size_t i = 0; i < c->n_logins && !pass.login; i++)
		if (keys->wants != CONNECTOR_NO_KEYS && is_open(&c->logins[i], keys))
			pass.login = &c->logins[i];
	if (r == 0 && !pass.login && keys->wants != CONNECTOR_NO_KEYS &&
		(c->needs_login || keys->wants == CONNECTOR_A_KEY))
		r = say_missing(&pass, arena, c);
	if (r == 0 && pass.login)
		r = add_vars(&pass, arena, keys->secrets, keys->n_secrets);
	if (r == 0 && pass.login && (pass.login->has_token || pass.login->has_refresh))
		r = enter_with_token(&pass, arena, c, keys, &token, base, now);
	else if (r == 0 && pass.login && keys->refused)
		pass.entry = CONNECTOR_KEY_REFUSED;
	if (r == 0)
		*ret = pass;
	return r;
}

/* --- A token's answer --------------------------------------------------------------------- */

static struct span kept_value(struct arena *arena, struct expr_eval *e, const struct expr *x)
{
	const struct span s = span_trim(connector_value(e, x));

	return s.n && s.n <= MAX_VALUE_BYTES ? arena_dup(arena, s) : SPAN_NONE;
}

/* When a token must be renewed: before its end, but for one that lives shorter than that not at
 * once. Numbers beyond a century are no seconds to go. */
static struct wall end_of(struct span expires_in, struct wall now, int64_t lifetime_ms)
{
	int64_t v = 0;

	for (size_t i = 0; i < expires_in.n && i < 15; i++) {
		if (expires_in.p[i] < '0' || expires_in.p[i] > '9')
			break;
		v = v * 10 + (expires_in.p[i] - '0');
	}
	v = v > 0 && v <= 3155760000 ? v * 1000 : lifetime_ms ? lifetime_ms : LIFETIME_MS;
	return (struct wall){
		now.ms + v -
		(v / 2 < CONNECTOR_TOKEN_MARGIN_MS ? v / 2 : CONNECTOR_TOKEN_MARGIN_MS)};
}

/* What the last token had and this answer leaves out. */
static int keep_old(struct token *t, struct arena *arena, struct span before)
{
	struct token old;
	int r = token_decode(&old, arena, before);

	if (r < 0 || !span_eq(old.login, t->login))
		return r;
	for (size_t i = 0; i < old.n; i++) {
		if (has(t->vars, t->n, old.vars[i].name) ||
			span_eq_str(old.vars[i].name, "access_token"))
			continue;
		t->vars = connector_vars_add(
			arena, t->vars, &t->n, old.vars[i].name, old.vars[i].value);
		if (!t->vars)
			return -ENOMEM;
	}
	return 0;
}

static int read_token(struct token *t, struct arena *arena, struct expr_eval *e,
	const struct connector_login *login, struct wall now)
{
	struct span expires_in = SPAN_NONE;

	t->login = login->name;
	for (size_t i = 0; i < login->n_answer && i < MAX_KEPT; i++) {
		const struct span value = kept_value(arena, e, login->answer[i].value);

		if (span_eq_str(login->answer[i].name, "expires_in")) {
			expires_in = value;
			continue;
		}
		if (!value.n)
			continue;
		t->vars =
			connector_vars_add(arena, t->vars, &t->n, login->answer[i].name, value);
		if (!t->vars)
			return -ENOMEM;
	}
	t->end = end_of(expires_in, now, login->lifetime_ms);
	return 0;
}

/* RFC 6749, section 5.2: a 400 that says invalid_grant, and the like. */
static bool is_no(struct expr_eval *e, const struct tree *root)
{
	static const char *const words[] = {"invalid_grant", "invalid_client",
		"unauthorized_client", "access_denied", "invalid_token", "expired_token"};
	const struct tree *body = tree_member(root, SPAN("body"));
	const struct tree *error = body ? tree_member(body, SPAN("error")) : NULL;
	const struct span s = error ? tree_text(error, e->arena) : SPAN_NONE;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_eq_str(s, words[i]))
			return true;
	return false;
}

int connector_token_read(struct span *ret, struct connector_refusal *refusal,
	struct arena *arena, const struct connector *c, const struct connector_pass *pass,
	struct span before, const struct connector_answer *answer)
{
	struct arena scratch = {.limit_bytes = SCRATCH_BYTES};
	struct token token = {.end = WALL_NONE};
	struct expr_eval e;
	struct tree root;
	int r = expr_eval_init(&e, &scratch);

	*ret = SPAN_NONE;
	if (r == 0)
		r = connector_judge(refusal, c, answer);
	if (r == 0 && !connector_answer_tree(&root, &scratch, answer))
		r = -ENOMEM;
	if (r == 0 && refusal->error != CONNECTOR_OK && is_no(&e, &root))
		*refusal = (struct connector_refusal){CONNECTOR_AUTH, -1};
	if (r == 0 && refusal->error == CONNECTOR_OK) {
		const struct tree *body = tree_member(&root, SPAN("body"));

		e.root = e.item = body;
		r = read_token(&token, arena, &e, pass->login, answer->now);
		if (r == 0 && !has(token.vars, token.n, SPAN("access_token")))
			*refusal = (struct connector_refusal){
				is_no(&e, &root) ? CONNECTOR_AUTH : CONNECTOR_BAD_REQUEST, -1};
		else if (r == 0)
			r = keep_old(&token, arena, before);
	}
	if (r == 0 && refusal->error == CONNECTOR_OK) {
		*ret = token_encode(arena, &token);
		r = ret->p ? 0 : -ENOMEM;
	}
	expr_eval_deinit(&e);
	arena_release(&scratch);
	return r;
}

/* --- A person's consent ------------------------------------------------------------------- */

static int consent_pass(struct connector_pass *pass, struct arena *arena,
	const struct connector *c, const struct connector_keys *keys,
	const struct expr_var *vars, size_t n_vars)
{
	int r;

	*pass = (struct connector_pass){0};
	for (size_t i = 0; i < c->n_logins && !pass->login; i++)
		if (c->logins[i].has_consent && is_open(&c->logins[i], keys))
			pass->login = &c->logins[i];
	if (!pass->login)
		return -EINVAL;
	r = add_vars(pass, arena, vars, n_vars);
	return r < 0 ? r : add_vars(pass, arena, keys->secrets, keys->n_secrets);
}

int connector_consent(struct span *ret, struct arena *arena, const struct connector *c,
	const struct connector_keys *keys, struct span base, const struct expr_var *vars,
	size_t n_vars)
{
	struct connector_pass pass;
	struct request request;
	int r = consent_pass(&pass, arena, c, keys, vars, n_vars);

	if (r < 0)
		return r;
	r = make(&request, arena, c, &pass, &pass.login->consent, base);
	if (r == 0)
		*ret = request.url;
	return r;
}

int connector_code(struct connector_pass *ret, struct arena *arena, const struct connector *c,
	const struct connector_keys *keys, struct span base, const struct expr_var *vars,
	size_t n_vars)
{
	struct connector_pass pass;
	int r = consent_pass(&pass, arena, c, keys, vars, n_vars);

	if (r == 0)
		r = fetch(&pass, arena, c, &pass.login->token, base);
	if (r == 0)
		*ret = pass;
	return r;
}
