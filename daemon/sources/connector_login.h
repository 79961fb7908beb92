#ifndef VIGIE_SOURCES_CONNECTOR_LOGIN_H
#define VIGIE_SOURCES_CONNECTOR_LOGIN_H

/*
 * connector_login: the right to ask, as a connector file declares it: a key, a user and a
 * password, a token that is fetched with credentials, refreshed, or given after a person's
 * consent. Pure: it says which request fetches a token, and what its answer means; who makes
 * the request stores the token before it is used, as a refresh token may be good only once.
 */

#include "sources/connector.h"

enum {
	CONNECTOR_TOKEN_MARGIN_MS = 60 * 1000, /* a token is renewed so long before its end */
	CONNECTOR_MAX_TOKEN_BYTES = 32 * 1024,
};

/* What the configuration and the token store hold for a network. */
struct connector_keys {
	enum connector_wants wants; /* of the way that is asked: ask->wants */
	/* By the names the connector's `needs` have; beside them the source's parameters. */
	const struct expr_var *secrets;
	size_t n_secrets;
	struct span token; /* as connector_token_read() made it; empty: none yet */
	bool refused;      /* the network refused it (CONNECTOR_AUTH) although it seemed good */
};

enum connector_entry {
	CONNECTOR_MAY_ASK,
	CONNECTOR_FETCH_TOKEN, /* `request` must be made first; then connector_token_read() */
	CONNECTOR_CONSENT,     /* a person must agree: connector_consent() */
	CONNECTOR_NO_KEY,      /* `missing` names the secrets that would open a way */
	CONNECTOR_KEY_REFUSED, /* what was given is not good, and there is no other way */
};

/* What one may ask with. In the arena. */
struct connector_pass {
	enum connector_entry entry;
	const struct connector_login *login; /* NULL: none is needed */
	struct span base;                    /* of requests: the token's, else the one given */
	struct expr_var *vars;               /* secrets, and what the token's answer gave */
	size_t n_vars;
	struct request request; /* CONNECTOR_FETCH_TOKEN */
	bool refreshing;        /* … and it is for a refresh */
	struct span missing;    /* CONNECTOR_NO_KEY: "client_id, client_secret or token" */
};

/* `base`: empty for the network's own. One that is given holds for tokens too. 0 (with
 * ret->entry), -EINVAL when the token's address can't be made, -ENOMEM. */
int connector_enter(struct connector_pass *ret, struct arena *arena, const struct connector *c,
	const struct connector_keys *keys, struct span base, struct wall now);

/* The token an answer to pass->request gives, as a text to be stored; what the answer leaves
 * out (a refresh token that stays) is taken from the one before. *refusal is CONNECTOR_OK, or
 * says why there is none: CONNECTOR_AUTH after a refresh means that `token` must be forgotten.
 * 0 or -ENOMEM. */
int connector_token_read(struct span *ret, struct connector_refusal *refusal,
	struct arena *arena, const struct connector *c, const struct connector_pass *pass,
	struct span before, const struct connector_answer *answer);

/* When a stored token is to be renewed, CONNECTOR_TOKEN_MARGIN_MS before its end; WALL_NONE: it
 * doesn't say, or there is none. */
struct wall connector_token_end(struct arena *arena, struct span token);

/* The authorization code flow (RFC 6749, section 4.1, with RFC 7636). `vars` are redirect_uri,
 * state and code_verifier (43 to 128 random letters and digits); for the code's request also
 * code. consent: the address a person's browser is sent to. code: pass->request fetches the
 * first token. 0; -EINVAL: this network has no such way, or a secret is missing; -ENOMEM. */
int connector_consent(struct span *ret, struct arena *arena, const struct connector *c,
	const struct connector_keys *keys, struct span base, const struct expr_var *vars,
	size_t n_vars);
int connector_code(struct connector_pass *ret, struct arena *arena, const struct connector *c,
	const struct connector_keys *keys, struct span base, const struct expr_var *vars,
	size_t n_vars);

#endif
