/*
 * transfer_mail: one message over SMTP (RFC 5321) to one server, once, over a connection that
 * is kept for the next. Recipients that the server refuses do not keep it from the others;
 * which they were is read off the dialogue, for libcurl does not tell. The talking is done by a
 * thread (transfer_lane.c): the callbacks of libcurl here run on it.
 */

#include <errno.h>
#include <string.h>

#include "io/transfer_impl.h"

enum { REPLY_KEPT = 4 * 1024 }; /* of the server's last reply */

struct mail {
	struct transfer_handle base;
	const char *from;
	struct span *to;
	size_t n_to;
	struct span message;
	struct span user, password;
	bool tls_required;
	size_t sent;
	size_t asked; /* RCPT commands so far */
	bool waiting; /* for the reply to the last of them */
	bool in_reply;
	bool leaving; /* QUIT was said: its answer is of no interest */
	int status;   /* of the last whole reply */
	struct span *refused;
	int *refused_status;
	size_t n_refused;
	transfer_sent_done done;
	void *arg;
};

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
	struct mail *m = arg;
	const struct span piece = span_slice(m->message, m->sent, m->sent + size * n);

	if (piece.n)
		memcpy(p, piece.p, piece.n);
	m->sent += piece.n;
	return piece.n;
}

/* A kept connection may turn out dead: libcurl then starts again on a new one. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct mail *m = arg;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > m->message.n)
		return CURL_SEEKFUNC_CANTSEEK;
	m->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* What we say. Passwords pass here as well: only the commands' names are looked at. */
static int on_dialogue(CURL *easy, curl_infotype type, char *p, size_t n, void *arg)
{
	struct mail *m = arg;
	const struct span line = {p, n};

	(void)easy;
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	if (span_starts(line, SPAN("MAIL FROM:"))) {
		m->asked = m->n_refused = 0;
	} else if (span_starts(line, SPAN("RCPT TO:"))) {
		m->asked++;
		m->waiting = true;
	} else if (span_starts(line, SPAN("QUIT"))) {
		m->leaving = true;
		lane_deafen(m->base.lane);
	}
	return 0;
}

/* A line of the server's: "250-more follows", "250 last" (RFC 5321 section 4.2.1). */
static size_t on_reply(char *p, size_t size, size_t n, void *arg)
{
	struct mail *m = arg;
	struct buf *reply = &m->base.body;
	const struct span line = {p, size * n};
	int code = 0;

	if (m->leaving)
		return line.n;
	for (size_t i = 0; i < 3; i++) {
		if (i >= line.n || line.p[i] < '0' || line.p[i] > '9')
			return line.n;
		code = code * 10 + (line.p[i] - '0');
	}
	if (!m->in_reply)
		buf_clear(reply);
	buf_add(reply, span_slice(line, 0, REPLY_KEPT - reply->n));
	m->in_reply = line.n > 3 && line.p[3] == '-';
	if (m->in_reply)
		return line.n;
	m->status = code;
	if (m->waiting && code >= 400 && m->asked <= m->n_to && m->n_refused < m->n_to) {
		m->refused_status[m->n_refused] = code;
		m->refused[m->n_refused++] = m->to[m->asked - 1];
	}
	m->waiting = false;
	return line.n;
}

static void report(struct mail *m, const struct transfer_sent *sent)
{
	handle_detach(&m->base);
	m->done(m->arg, sent);
	handle_destroy(&m->base);
}

static void on_mail_ended(struct transfer_handle *h, CURLcode code)
{
	struct mail *m = (struct mail *)h;
	struct transfer_sent sent = {.refused = m->refused,
		.refused_status = m->refused_status,
		.n_refused = m->n_refused};

	/* A refusal is an answer; an end without one leaves open whether the mail went. */
	if (code == CURLE_OK || (m->status >= 400 && code != CURLE_USE_SSL_FAILED))
		sent.answer = (struct answer){
			.status = m->status, .body = span_trim(buf_span(&h->body))};
	else
		sent.error = why_ended(h, code, &sent.why);
	report(m, &sent);
}

static void on_bad_address(struct transfer_handle *h, CURLcode code)
{
	const struct transfer_sent sent = {
		.error = TRANSFER_PROTOCOL,
		.why = SPAN("the mail server's address is no smtp or smtps URL"),
	};

	(void)code;
	report((struct mail *)h, &sent);
}

/* An address must not be able to end its command or to add one. */
static bool is_clean(struct span address)
{
	for (size_t i = 0; i < address.n; i++) {
		const unsigned char c = (unsigned char)address.p[i];

		if (c <= ' ' || c == 0x7F || c == '<' || c == '>')
			return false;
	}
	return true;
}

static bool copy_payload(struct mail *m, const struct payload *payload)
{
	struct arena *arena = &m->base.arena;

	m->from = arena_dup(arena, payload->mail_from).p;
	m->message = arena_dup(arena, payload->request.body);
	m->user = arena_dup(arena, payload->user);
	m->password = arena_dup(arena, payload->password);
	m->to = arena_calloc(arena, payload->n_mail_to, sizeof(*m->to));
	m->refused = arena_calloc(arena, payload->n_mail_to, sizeof(*m->refused));
	m->refused_status = arena_calloc(arena, payload->n_mail_to, sizeof(*m->refused_status));
	if (!m->user.p || !m->password.p || !m->from || !m->message.p || !m->to ||
		!m->refused || !m->refused_status)
		return false;
	for (; m->n_to < payload->n_mail_to; m->n_to++) {
		struct curl_slist *grown;

		m->to[m->n_to] = arena_dup(arena, payload->mail_to[m->n_to]);
		if (!m->to[m->n_to].p)
			return false;
		grown = curl_slist_append(m->base.lines, m->to[m->n_to].p);
		if (!grown)
			return false;
		m->base.lines = grown;
	}
	return true;
}

/* libcurl greets the server with the path of the URL; without one with this machine's name. */
static bool set_greeting(struct mail *m)
{
	struct transfer_handle *h = &m->base;
	const char *name = h->transfer->ehlo_name;
	const struct span url = span_str(h->place.url);
	char *escaped;

	if (!name || !span_ends(h->place.shown, SPAN("/")))
		return true;
	escaped = curl_easy_escape(NULL, name, 0);
	if (!escaped)
		return false;
	h->place.url =
		(char *)(uintptr_t)arena_printf(&h->arena, "%.*s%s", SPAN_ARG(url), escaped).p;
	curl_free(escaped);
	return h->place.url != NULL;
}

/* On the loop, before the thread begins. */
static bool set_options(struct transfer_handle *h)
{
	struct mail *m = (struct mail *)h;
	CURL *e = h->easy;

	if (m->user.n &&
		(curl_easy_setopt(e, CURLOPT_USERNAME, m->user.p) != CURLE_OK ||
			curl_easy_setopt(e, CURLOPT_PASSWORD, m->password.p) != CURLE_OK))
		return false;
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(
		e, CURLOPT_USE_SSL, (long)(m->tls_required ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	(void)curl_easy_setopt(e, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	(void)curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->message.n);
	(void)curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	(void)curl_easy_setopt(e, CURLOPT_READDATA, m);
	(void)curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
	(void)curl_easy_setopt(e, CURLOPT_SEEKDATA, m);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_reply);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, m);
	(void)curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
	(void)curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_dialogue);
	(void)curl_easy_setopt(e, CURLOPT_DEBUGDATA, m);
	(void)curl_easy_setopt(e, CURLOPT_MAIL_RCPT, h->lines);
	return curl_easy_setopt(e, CURLOPT_MAIL_FROM, m->from) == CURLE_OK;
}

static int begin(struct mail *m, const struct payload *payload)
{
	struct transfer_handle *h = &m->base;
	const int r =
		place_read(&h->place, &h->arena, NULL, payload->request.url, "smtp,smtps");

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		h->ended = on_bad_address;
		handle_later(h);
		return 0;
	}
	m->tls_required = payload->tls_required;
	h->plain = !payload->tls_required && !span_eq_str(h->place.scheme, "smtps");
	h->private_only = h->plain && (m->user.n || h->place.user);
	h->login = m->user;
	h->set = set_options;
	if (!set_greeting(m))
		return -ENOMEM;
	h->ended = on_mail_ended;
	lanes_run(h->transfer->lanes, h);
	return 0;
}

int send_mail(struct transfer_handle **ret, struct transfer *transfer,
	const struct payload *payload, transfer_sent_done done, void *arg)
{
	struct transfer_handle *h;
	struct mail *m;
	int r;

	if (!is_clean(payload->mail_from) || !payload->n_mail_to)
		return -EINVAL;
	for (size_t i = 0; i < payload->n_mail_to; i++)
		if (!is_clean(payload->mail_to[i]) || span_empty(payload->mail_to[i]))
			return -EINVAL;
	h = handle_new(transfer, sizeof(*m));
	if (!h)
		return -ENOMEM;
	m = (struct mail *)h;
	m->done = done;
	m->arg = arg;
	handle_set_deadline(h, payload->total_ms);
	r = copy_payload(m, payload) ? 0 : -ENOMEM;
	if (r == 0)
		r = begin(m, payload);
	if (r < 0) {
		transfer_cancel(h);
		return r;
	}
	*ret = h;
	return 0;
}
