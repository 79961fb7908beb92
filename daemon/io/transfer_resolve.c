/*
 * transfer_resolve: the addresses of a hop's host, asked for before libcurl would, shown to the
 * guard, and handed over. libcurl keeps a connection to a host by its name: one that is open is
 * used again whatever the name leads to by now, and the guard looks at it then too.
 */

#include <arpa/inet.h>
#include <errno.h>

#include "io/transfer_impl.h"

/* "::ffff:a.b.c.d" as "a.b.c.d", IPv6 in brackets. */
static void add_address(struct buf *out, const unsigned char address[16])
{
	static const unsigned char mapped[12] = {[10] = 0xFF, [11] = 0xFF};
	char text[INET6_ADDRSTRLEN];

	if (memcmp(address, mapped, sizeof(mapped)) == 0)
		buf_add_str(out, inet_ntop(AF_INET, address + 12, text, sizeof(text)));
	else
		buf_addf(out, "[%s]", inet_ntop(AF_INET6, address, text, sizeof(text)));
}

static bool append(struct transfer_handle *h, struct buf *line)
{
	struct curl_slist *grown =
		line->failed ? NULL : curl_slist_append(h->addresses, line->p);

	if (!grown)
		return false;
	h->addresses = grown;
	return true;
}

/* "+HOST:PORT:ADDRESS,…": the plus has libcurl forget it again, see handle_prepare(). */
static bool tell_libcurl(struct transfer_handle *h, const struct buf *addresses)
{
	const struct place *p = &h->place;
	const bool dot = p->name.n && p->name.p[p->name.n - 1] == '.';
	struct buf line = {0};
	bool ok = true;

	/* libcurl's versions differ in whether they look for the dot at the end. */
	for (size_t cut = 0; ok && cut <= dot; cut++) {
		buf_clear(&line);
		buf_addf(&line, "+%.*s:%.*s:%.*s", (int)(p->name.n - cut), p->name.p,
			SPAN_ARG(p->port), SPAN_ARG(buf_span(addresses)));
		ok = append(h, &line);
	}
	buf_deinit(&line);
	return ok && curl_easy_setopt(h->easy, CURLOPT_RESOLVE, h->addresses) == CURLE_OK;
}

static void end_hop(struct transfer_handle *h, CURLcode code)
{
	h->ready_code = code;
	handle_later(h);
}

static void on_found(void *arg, const struct resolve_answer *answer)
{
	struct transfer_handle *h = arg;
	struct buf addresses = {0};
	bool ok;

	h->ask = NULL;
	if (answer->end != RESOLVE_FOUND) {
		h->unresolved = answer->end == RESOLVE_FAILED ? answer->why : NULL;
		end_hop(h, CURLE_COULDNT_RESOLVE_HOST);
		return;
	}
	for (size_t i = 0; i < answer->n; i++) {
		if (!handle_may_reach(h, answer->addresses[i]))
			continue;
		if (addresses.n)
			buf_add_char(&addresses, ',');
		add_address(&addresses, answer->addresses[i]);
	}
	if (!h->passed) { /* why_ended() knows */
		end_hop(h, CURLE_COULDNT_CONNECT);
		return;
	}
	/* From here on what counts is the address that libcurl connects to. */
	h->refused = h->passed = 0;
	ok = !addresses.failed && tell_libcurl(h, &addresses);
	buf_deinit(&addresses);
	if (ok)
		handle_start_hop(h);
	else
		end_hop(h, CURLE_OUT_OF_MEMORY);
}

void handle_find_host(struct transfer_handle *h)
{
	struct resolve *resolve = h->transfer->options.resolve;
	const struct span host = h->place.name;
	struct resolve_answer answer;
	unsigned char address[16];

	handle_forget_host(h);
	if (!host.n || host.p[0] == '[' || address_parse(address, host)) {
		handle_start_hop(h);
		return;
	}
	if (resolve_known(&answer, resolve, host)) {
		on_found(h, &answer);
		return;
	}
	if (resolve_start(&h->ask, resolve, host,
		    h->deadline.ms - loop_now(h->transfer->loop).ms, on_found, h) < 0)
		end_hop(h, CURLE_OUT_OF_MEMORY);
}

void handle_forget_host(struct transfer_handle *h)
{
	if (h->ask)
		resolve_cancel(h->ask);
	h->ask = NULL;
	h->unresolved = NULL;
	if (h->easy)
		(void)curl_easy_setopt(h->easy, CURLOPT_RESOLVE, NULL);
	curl_slist_free_all(h->addresses);
	h->addresses = NULL;
}
