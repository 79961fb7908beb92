#ifndef VIGIE_CHANNEL_H
#define VIGIE_CHANNEL_H

/*
 * channel: how one kind of receiver is spoken to; the door of alerts/. Pure: an alert comes in, the
 * exact bytes to send come out, and an answer is judged. One file and one row of channels[] a kind.
 */

#include "vigie/alert.h"
#include "vigie/arena.h"
#include "vigie/request.h"

enum field_type {
	FIELD_TYPE_STRING,
	FIELD_TYPE_SECRET,     /* string, or {file: PATH}, or {credential: NAME}; masked everywhere */
	FIELD_TYPE_HTTP_URL,   /* http or https; secret too: the path of a web hook is its password */
	FIELD_TYPE_SMTP_URL,   /* smtp or smtps */
	FIELD_TYPE_ADDRESS,    /* an e-mail address */
	FIELD_TYPE_ADDRESSES,  /* one or a list */
	FIELD_TYPE_BOOL,       /* "true" or "false" */
};

struct channel_field {
	const char *name;
	enum field_type type;
	bool required;
	const char *fallback; /* default, or NULL */
};

enum payload_kind { PAYLOAD_HTTP, PAYLOAD_MAIL };

/* The exact thing to send. */
struct payload {
	enum payload_kind kind;
	struct request request; /* http: method, url, headers, body */
	/* mail: request.url is the server, request.body the whole message with CRLF line ends */
	struct span mail_from; /* envelope; empty: null sender */
	const struct span *mail_to;
	size_t n_mail_to;
	struct span user, password; /* mail; may be empty */
	bool tls_required;          /* mail: STARTTLS or smtps or nothing */
	int64_t total_ms;           /* who sends sets it; 0: the default of who carries it */
};

/* What the daemon adds to an alert when it renders. */
struct render_context {
	struct wall now;       /* of this attempt */
	struct span public_url; /* of the dashboard; may be empty */
	struct span host;       /* own host name, for Message-ID and EHLO */
	struct span version;    /* of vigie, for User-Agent */
};

enum verdict {
	VERDICT_DELIVERED,
	VERDICT_RETRY,  /* may heal: try again later */
	VERDICT_DEAD,   /* this message can't be taken: to the dead letters, at once */
	VERDICT_GONE,   /* the receiver is no more: stop it and say so */
};

/* What came back: status 0 means no answer (the network failed). For mail the status is SMTP's. */
struct answer {
	int status;
	struct span body; /* the first few KiB */
	const struct header *headers;
	size_t n_headers;
};

struct channel {
	const char *name;                   /* as in the configuration: "slack" */
	const char *title;                  /* for people: "Slack" */
	const struct channel_field *fields; /* ends with a NULL name */
	int64_t min_gap_ms; /* least time between two messages to one receiver */
	int64_t burst;      /* that many may go without a gap after a rest as long as theirs; 0: 1 */
	/* 0; -EINVAL with *ret_why when this alert can't be said on this channel; -ENOMEM. All of
	 * *ret is in the arena or in the receiver. */
	int (*render)(struct payload *ret, const struct receiver *receiver, const struct alert *alert,
		const struct render_context *context, struct arena *arena, struct span *ret_why);
	/* *ret_why: one short reason without secrets, in the arena. */
	enum verdict (*judge)(const struct answer *answer, struct arena *arena, struct span *ret_why);
	/* How long the body asks us to wait, where a platform says it there beside Retry-After; -1:
	 * it does not. May be NULL. */
	int64_t (*pause_ms)(const struct answer *answer);
	/* What is wrong with fields that depend on each other; NULL: nothing. May be NULL. */
	const char *(*check)(const struct receiver *receiver);
};

/* All kinds, ends with NULL. */
extern const struct channel *const channels[];

const struct channel *channel_by_name(struct span name); /* NULL when there is none */

/* The deliveries a hit leads to: receivers and group keys, by the routing tree. */
struct assignment {
	uint32_t receiver;   /* index into policy.receivers */
	struct span group;   /* stable text; equal keys are said in one message */
	struct span route;   /* where in the configuration: "routes", "routes.routes[1]" */
	int64_t wait_ms;     /* how long the first hit of a group waits for company */
};

/* 0 or -ENOMEM. Each receiver at most once; none for an update or a silent hit. */
int route_hit(const struct policy *policy, const struct hit *hit, struct arena *arena,
	struct assignment **ret, size_t *ret_n);

#endif
