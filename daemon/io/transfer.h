#ifndef VIGIE_IO_TRANSFER_H
#define VIGIE_IO_TRANSFER_H

/*
 * transfer: carries out requests with a libcurl multi on the loop (the files transfer*.c are
 * the only ones to include it, beside sources/url.c). Two are made: one for crawling, guarded,
 * and one for delivery.
 *
 * The guard looks at the address connected to, on new connections and on reused ones: with it,
 * only public addresses (IANA special-purpose registries) and those of `allow` are reached.
 * Protocols are http and https (and smtp, smtps for mail). TLS is always verified. Proxies of
 * the environment are not used. Cookies are off. A redirect to another origin (scheme, host,
 * port) takes along none of the request's headers but Accept and Accept-Language, and no body.
 */

#include <stdbool.h>

#include "io/loop.h"
#include "vigie/arena.h"
#include "vigie/channel.h"
#include "vigie/document.h"
#include "vigie/request.h"

struct resolve;
struct transfer;
struct transfer_handle;

/* An address range: 16 bytes, IPv4 as ::ffff:0:0/96. */
struct address_range {
	unsigned char address[16];
	unsigned prefix; /* 0 to 128 */
};

/* "10.1.0.0/16", "::1", "127.0.0.1". false when it is none. */
bool address_range_parse(struct address_range *ret, struct span text);
bool address_range_contains(const struct address_range *range, const unsigned char address[16]);
/* One address in numbers; IPv4 is written as ::ffff:a.b.c.d. */
bool address_parse(unsigned char ret[16], struct span text);
/* Globally reachable by the registries; IPv6 that carries an IPv4 address is judged by that. */
bool address_is_public(const unsigned char address[16]);

struct transfer_options {
	const char *user_agent; /* NULL: vigie/VERSION */
	const char *ehlo_name;  /* how we greet mail servers; NULL: the name of this machine */
	const char *ca_file;    /* PEM, added to the system's authorities; NULL: none */
	/* Who finds addresses; must outlive the transfer. NULL: libcurl, a thread a name: for
	 * the few hosts of an operator's own, which every service of nsswitch.conf may name. */
	struct resolve *resolve;
	bool guarded;
	const struct address_range *allow; /* copied */
	size_t n_allow;
	int64_t connect_ms;        /* 0: 15 s */
	int64_t total_ms;          /* 0: 60 s */
	int64_t least_bytes_per_s; /* 0: 100 */
	int64_t least_over_s;      /* for how long it may be slower; 0: 30 */
	size_t max_body;           /* after decompression; 0: 16 MiB */
	size_t max_header;         /* bytes of all headers of one hop; 0: 64 KiB */
	unsigned max_redirects;    /* 0: none are followed */
	unsigned max_connections;  /* 0: 256 */
	unsigned max_per_host;     /* 0: 2 */
};

/* 0; -errno of ca_file, -EINVAL when there is no certificate in it; -ENOTSUP when libcurl was
 * not built with OpenSSL; -ENOMEM. */
int transfer_new(
	struct transfer **ret, struct loop *loop, const struct transfer_options *options);
/* Cancels what runs. A done() may call it. */
struct transfer *transfer_free(struct transfer *transfer);
/* Replaces `allow`, for what is opened and what is reused from now on. 0 or -ENOMEM. */
int transfer_set_allow(struct transfer *transfer, const struct address_range *allow, size_t n);

/* TLS, but that of mail. A host that is asked again after its connection was closed is shown
 * the session of last time, which spares both sides the certificates (RFC 8446 section 2.2). */
struct transfer_tls_stats {
	uint64_t handshakes, shown, resumed;
	size_t sessions, session_bytes; /* kept now */
};
struct transfer_tls_stats transfer_tls_stats(const struct transfer *transfer);

enum transfer_error {
	TRANSFER_OK,        /* an answer came, whatever its status; see document.end */
	TRANSFER_REFUSED,   /* by the guard */
	TRANSFER_RESOLVE,   /* no such name; without options.resolve, no answer either */
	TRANSFER_DNS,       /* the DNS gave no answer: later, perhaps */
	TRANSFER_CONNECT,   /* no connection */
	TRANSFER_TLS,       /* certificate or handshake */
	TRANSFER_TIMEOUT,   /* total time, or too slow */
	TRANSFER_REDIRECTS, /* too many, or to a forbidden protocol */
	TRANSFER_PROTOCOL,  /* not HTTP, headers too large, … */
	TRANSFER_MEMORY,
};

struct transfer_result {
	enum transfer_error error;
	struct span why;          /* one sentence for people, without secrets; empty when OK */
	struct document document; /* valid when OK */
	unsigned hops;
	bool connection_reused;
};

/* All of the result is only valid during the call. The handle is gone when it comes. */
typedef void (*transfer_done)(void *arg, const struct transfer_result *result);

/* Before a redirect is followed: may it be? */
enum transfer_hop {
	TRANSFER_FOLLOW,
	TRANSFER_STOP, /* done() comes, with TRANSFER_REFUSED */
	TRANSFER_HOLD, /* until transfer_follow(), or transfer_cancel(); total_ms runs on */
};

struct transfer_ask {
	const struct request *request; /* copied */
	size_t max_body;               /* 0: the transfer's */
	int64_t total_ms;              /* 0: the transfer's */
	bool last; /* nobody asks the host again soon: the connection is not kept */
	/* Asked of each redirect, with the arg of done(): where it leads, without userinfo.
	 * NULL: all are followed. */
	enum transfer_hop (*hop)(void *arg, struct span url);
};

/* Also reads file: URLs (a regular file; *a folder is the caller's business*), unless guarded
 * is set and the path is not the operator's: file: is only ever configured, never redirected
 * to. 0, or -errno and done() never comes. done() never comes from inside transfer_start(). */
int transfer_start(struct transfer_handle **ret, struct transfer *transfer,
	const struct transfer_ask *ask, transfer_done done, void *arg);
void transfer_cancel(struct transfer_handle *handle); /* done() never comes */
void transfer_follow(struct transfer_handle *handle); /* what was held */

/* Sends a payload of alerts/ once: HTTP without following redirects, or mail. For mail the
 * status is SMTP's last one, and refused recipients are listed in `refused`. */
struct transfer_sent {
	enum transfer_error error;
	struct span why;
	struct answer answer;
	const struct span *refused; /* mail: recipients the server refused, perhaps all */
	const int *refused_status;  /* what it said to each */
	size_t n_refused;
};

typedef void (*transfer_sent_done)(void *arg, const struct transfer_sent *sent);

int transfer_send(struct transfer_handle **ret, struct transfer *transfer,
	const struct payload *payload, transfer_sent_done done, void *arg);

#endif
