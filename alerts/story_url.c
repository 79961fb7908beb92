#include "vigie/story_url.h"

#include <stdlib.h>

/* Parameters that say where a reader came from, by their beginning (with '*') or whole. They
 * are those of the large measurers (Google, Meta, Microsoft, Mailchimp, HubSpot, AT Internet,
 * Matomo, Yahoo, X, TikTok, LinkedIn) and of feeds. */
static const char *const trackers[] = {"utm_*", "mtm_*", "pk_*", "hsa_*", "at_*", "xtor",
	"xtref", "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid",
	"twclid", "ttclid", "li_fat_id", "igshid", "igsh", "mc_cid", "mc_eid", "_hsenc",
	"_hsmi", "mkt_tok", "oly_anon_id", "oly_enc_id", "vero_id", "wickedid", "ncid", "cmpid",
	"cmp", "ocid", "soc_src", "soc_trk", "guccounter", "guce_*", "ref", "ref_src",
	"ref_url", "referrer", "source", "src", "spm", "smid", "smtyp", "share", "feature",
	"ns_mchannel", "ns_source", "ns_campaign", "ns_linkname", "ns_fee", "amp", "outputtype",
	"s_cid", "ito", "wt_mc", "sr_share", "_ga", "_gl", "__twitter_impression", "echobox",
	"xing_share"};

static const char *const twins[] = {"www.", "m.", "mobile.", "amp.", "touch."};

enum { PARAMETERS_MAX = 64, HOST_MAX = 255 };

static bool is_tracker(struct span parameter)
{
	const struct span name = span_slice(parameter, 0, span_find(parameter, '='));

	for (size_t i = 0; i < sizeof(trackers) / sizeof(*trackers); i++) {
		struct span t = span_str(trackers[i]);

		if (span_ends(t, SPAN("*"))) {
			t.n--;
			if (span_eq_ci(span_slice(name, 0, t.n), t))
				return true;
		} else if (span_eq_ci(name, t)) {
			return true;
		}
	}
	return span_empty(name);
}

/* "host[:port]" and what follows it; false when it is no web address. */
static bool split(struct span *host, struct span *rest, struct span url)
{
	static const struct span schemes[] = {{"https://", 8}, {"http://", 7}};
	size_t at = 0;

	url = span_trim(url);
	for (size_t i = 0; i < 2 && !at; i++)
		if (span_eq_ci(span_slice(url, 0, schemes[i].n), schemes[i]))
			at = schemes[i].n;
	if (!at)
		return false;
	url = span_slice(url, at, url.n);
	at = 0;
	while (at < url.n && url.p[at] != '/' && url.p[at] != '?' && url.p[at] != '#')
		at++;
	*host = span_slice(url, 0, at);
	*rest = span_slice(url, at, url.n);
	at = span_find(*host, '@');
	if (at < host->n)
		*host = span_slice(*host, at + 1, host->n);
	return host->n && host->n <= HOST_MAX;
}

static void add_host(struct buf *out, struct span host)
{
	char lower[HOST_MAX];
	struct span h;

	for (size_t i = 0; i < host.n; i++)
		lower[i] = ascii_lower(host.p[i]);
	h = span_of(lower, host.n);
	if (span_ends(h, SPAN(":80")))
		h.n -= 3;
	else if (span_ends(h, SPAN(":443")))
		h.n -= 4;
	for (size_t i = 0; i < sizeof(twins) / sizeof(*twins); i++) {
		const struct span twin = span_str(twins[i]);
		const struct span bare = span_slice(h, twin.n, h.n);

		/* "m.fr" is a site of its own. */
		if (span_starts(h, twin) && span_find(bare, '.') < bare.n) {
			h = bare;
			break;
		}
	}
	buf_add(out, h);
}

void story_url_site(struct buf *out, struct span url)
{
	struct span host, rest;

	if (split(&host, &rest, url))
		add_host(out, host);
}

static int by_bytes(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static size_t add_query(struct buf *out, struct span query)
{
	struct span kept[PARAMETERS_MAX];
	size_t n = 0;

	while (query.n && n < PARAMETERS_MAX) {
		const size_t end = span_find(query, '&');
		const struct span one = span_slice(query, 0, end);

		if (!is_tracker(one))
			kept[n++] = one;
		query = span_slice(query, end + 1, query.n);
	}
	qsort(kept, n, sizeof(*kept), by_bytes);
	for (size_t i = 0; i < n; i++) {
		buf_add_char(out, i ? '&' : '?');
		buf_add(out, kept[i]);
	}
	return n;
}

/* A fragment names a place in the page ("#comment-12"), or another page ("#!/12"): it stays,
 * unless it follows the reader or quotes the text. */
static bool keeps_fragment(struct span fragment)
{
	return fragment.n && !span_starts(fragment, SPAN(":~:")) && !is_tracker(fragment);
}

static struct span bare_path(struct span path)
{
	static const struct span ends[] = {
		{"/", 1}, {"/amp", 4}, {"/index.html", 11}, {"/index.php", 10}, {".amp", 4}};
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
			if (path.n && span_ends(path, ends[i])) {
				path.n -= ends[i].n;
				again = true;
			}
		}
	}
	return path;
}

void story_url_canonical(struct buf *out, struct span url)
{
	struct span host, rest, path, query, fragment;
	const size_t start = out->n;
	size_t n, at;

	if (!split(&host, &rest, url))
		return;
	at = span_find(rest, '#');
	fragment = span_slice(rest, at + 1, rest.n);
	rest = span_slice(rest, 0, at);
	at = span_find(rest, '?');
	query = span_slice(rest, at + 1, rest.n);
	path = bare_path(span_slice(rest, 0, at));
	add_host(out, host);
	buf_add(out, path);
	n = add_query(out, query);
	if (keeps_fragment(fragment)) {
		buf_add_char(out, '#');
		buf_add(out, fragment);
		n++;
	}
	/* A site's front page changes all day. */
	if (!path.n && !n) {
		out->n = start;
		if (out->p)
			out->p[start] = '\0';
	}
}
