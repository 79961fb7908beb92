#ifndef VIGIE_IO_TRANSFER_IMPL_H
#define VIGIE_IO_TRANSFER_IMPL_H

/*
 * transfer_impl: what the files transfer*.c share; nobody else includes it.
 *     transfer.c         the multi on the loop, the handles, the guard's two callbacks
 *     transfer_ask.c     what both kinds of HTTP have in common
 *     transfer_fetch.c   documents: conditions, redirects, bounds
 *     transfer_file.c    documents of the operator's own disk
 *     transfer_send.c    payloads over HTTP
 *     transfer_mail.c    payloads over SMTP
 *     transfer_lane.c    the threads that talk to mail servers
 *     transfer_guard.c   addresses
 *     transfer_head.c    the head of an HTTP answer
 *     transfer_place.c   addresses of the web, by libcurl's own reading of them
 *     transfer_resolve.c addresses of hosts, before libcurl asks for them
 *     transfer_tls.c     an authority of the operator's own; sessions
 *     transfer_session.c what is kept of servers to resume with
 *     transfer_why.c     what went wrong, in words
 *     transfer_control.c the command line's questions to the daemon
 */

#include <curl/curl.h>

#include "io/resolve.h"
#include "io/transfer.h"
#include "io/transfer_head.h"
#include "vigie/buf.h"

enum {
	IDLE_MAX = 32,               /* easy handles and bodies kept for the next request */
	SPARE_BODY_MAX = 128 * 1024, /* bytes; bigger ones go back to the heap */
};

struct trust; /* transfer_tls.c */

struct lane; /* transfer_lane.c */
struct lanes;

struct transfer {
	struct loop *loop;
	CURLM *multi;
	struct timer *timer; /* libcurl's */
	struct timer *drain; /* answers leave from here */
	struct timer *start; /* hops that wait for the loop's next turn */
	struct transfer_options options;
	char *user_agent;
	char *ehlo_name;
	struct address_range *allow;
	size_t n_allow;
	struct trust *trust;
	struct transfer_handle *handles; /* all */
	CURL *idle[IDLE_MAX];
	size_t n_idle;
	struct buf spare[IDLE_MAX];
	size_t n_spare;
	struct lanes *lanes;
	size_t n_ready, n_starting;
	int started;                 /* in this turn of the loop */
	size_t n_sockets, n_running; /* open; handles in the multi */
	bool draining,
		freed; /* whoever hears an answer may free us: the memory stays until then */
};

/* Why a callback of ours ended a transfer. */
enum halt {
	HALT_NONE,
	HALT_OVERLONG,
	HALT_BROKEN, /* the content coding */
	HALT_HEADERS,
	HALT_CODING,
	HALT_ENOUGH, /* the rest of the body is of no interest */
	HALT_MEMORY,
};

/* An address, read and written again by libcurl's own URL parser: the one that connects. */
struct place {
	char *url;                   /* with userinfo */
	struct span shown;           /* without userinfo and fragment */
	struct span scheme;          /* lower case */
	struct span host;            /* for people */
	struct span name;            /* as the DNS is asked for it: RFC 3492 */
	struct span port;            /* never empty */
	const char *user, *password; /* decoded, or NULL */
};

/* One asked-for transfer, of whatever kind. The kinds embed it at their start. */
struct transfer_handle {
	struct transfer *transfer;
	struct transfer_handle *previous, *next;
	CURL *easy;
	bool running;  /* in the multi */
	bool last;     /* see transfer_ask */
	bool starting; /* waits for its turn to be put into the multi */
	bool ready;    /* waits for the drain, with ready_code; easy may be NULL */
	CURLcode ready_code;
	struct arena arena;
	struct place place;           /* of this hop */
	struct curl_slist *lines;     /* header lines, or recipients */
	struct resolve_ask *ask;      /* while the host's addresses are being asked for */
	struct curl_slist *addresses; /* of the host, as CURLOPT_RESOLVE wants them */
	const char *unresolved;       /* why the DNS gave no answer; NULL: it gave one */
	struct mono deadline;
	struct head head;
	struct buf body;
	enum halt halt;
	char message[CURL_ERROR_SIZE];
	/* What the guard said about the addresses of this hop. */
	unsigned refused, passed;
	char refused_address[48];
	/* Of mail. */
	struct lane *lane;
	struct transfer_handle *next_waiting;
	struct span login;
	bool plain;                             /* goes without TLS */
	bool (*set)(struct transfer_handle *h); /* the kind's options */
	bool private_only; /* a password without TLS: to this machine and no further */
	/* The hop is over, and the handle in nobody's hands but the callee's. */
	void (*ended)(struct transfer_handle *h, CURLcode code);
	void (*release)(struct transfer_handle *h); /* the kind's own; may be NULL */
};

/* transfer.c. size is that of the kind. The handle is in the transfer's list. NULL: no memory.
 */
struct transfer_handle *handle_new(struct transfer *t, size_t size);
/* An ended handle leaves the transfer, then its owner is told, then its memory goes: the owner
 * may free the transfer meanwhile. */
void handle_detach(struct transfer_handle *h);
void handle_destroy(struct transfer_handle *h);
/* Gives h an easy handle with all the options that do not depend on the kind. 0 or -ENOMEM. */
int handle_prepare(struct transfer_handle *h, int64_t total_ms);
void handle_set_deadline(struct transfer_handle *h, int64_t total_ms); /* 0: the default */
/* Finds the host of place.url, then into the multi. On failure ended() comes from the drain. */
void handle_run(struct transfer_handle *h);
void handle_later(struct transfer_handle *h); /* ended(h, CURLE_OK) from the drain */
/* The options of handle_prepare(), into h->easy. */
int handle_set_common(struct transfer_handle *h);
/* Whether a socket may be opened to there. */
bool handle_may_open(struct transfer_handle *h, const struct curl_sockaddr *to);

/* transfer_lane.c */
int lanes_new(struct transfer *t); /* 0 or -errno */
/* Waits for the threads, which are cut off. */
struct lanes *lanes_free(struct lanes *lanes);
/* h->ended() comes from the loop once the mail is sent or not; h->set() is called before. */
void lanes_run(struct lanes *lanes, struct transfer_handle *h);
/* True: a thread still works with h, and the lane frees it then; else it is the caller's. */
bool lane_leave(struct lanes *lanes, struct transfer_handle *h);
/* For a QUIT that was just said: its answer will not be waited for. On the lane's thread. */
void lane_deafen(struct lane *lane);

/* transfer_resolve.c: handle_start_hop() once the host of h->place has its addresses, or what
 * ends the hop from the drain. */
void handle_find_host(struct transfer_handle *h);
void handle_forget_host(struct transfer_handle *h); /* and what is being asked */
/* transfer.c: into the multi. */
void handle_start_hop(struct transfer_handle *h);
/* What the guard says to an address, remembered in h for why_ended(). */
bool handle_may_reach(struct transfer_handle *h, const unsigned char address[16]);

/* transfer_place.c: 0; -EINVAL: no address; -EPROTONOSUPPORT: neither of `schemes` (a list with
 * commas); -ENOMEM. base: NULL, or what a relative reference is relative to. */
int place_read(struct place *ret, struct arena *arena, const struct place *base,
	struct span text, const char *schemes);
bool place_same_origin(const struct place *a, const struct place *b);

/* transfer_tls.c */
/* 0, -errno; -EINVAL: no certificate in it */
int trust_new(struct trust **ret, struct loop *loop, const char *ca_file);
struct trust *trust_free(struct trust *trust);
/* Both into h->easy, from then on h's for as long as it runs. 0 or -ENOMEM. */
int trust_set(struct transfer_handle *h);
/* What helps against a certificate that was refused on `easy`, as the end of a sentence. */
const char *trust_remedy(CURL *easy, CURLcode code);

/* transfer_why.c: the class of an ended hop, and a sentence in the handle's arena. */
enum transfer_error why_ended(struct transfer_handle *h, CURLcode code, struct span *ret_why);
struct span why_text(struct transfer_handle *h, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* transfer_ask.c: what both kinds of HTTP have in common. */
bool headers_are_clean(const struct header *headers, size_t n); /* nothing that ends a line */
bool lines_add(
	struct transfer_handle *h, struct span name, struct span value); /* false: no memory */
void lines_clear(struct transfer_handle *h);
/* Method, body and lines into the easy handle. false: no memory. */
bool ask_set(struct transfer_handle *h, struct span method, struct span body);
bool request_copy(struct request *ret, struct arena *arena, const struct request *request);

/* transfer_mail.c: transfer_send() of a mail. */
int send_mail(struct transfer_handle **ret, struct transfer *transfer,
	const struct payload *payload, transfer_sent_done done, void *arg);

/* transfer_file.c */
struct file_answer {
	enum transfer_error error;
	struct span why;
	bool unchanged, truncated, overlong;
	struct span etag, last_modified;
};

/* Reads the file of h->place.url into h->body. */
void fetch_file(struct file_answer *ret, struct transfer_handle *h, size_t max_body,
	const struct request *request);

#endif
