/*
 * identity: the frozen rule of item keys. It decides from the bytes of one document and from
 * what its source was once found to be; remembering that is the business of line/recall.
 */

#include "line/identity.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "io/file.h"
#include "line/connection.h"
#include "sources/url.h"
#include "vigie/cleanup.h"

enum { NAMESPACE_HASH_BYTES = 16 };

static const char hex_digits[] = "0123456789abcdef";

static void hex(char *out, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_digits[bytes[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
}

/* --- The secret --------------------------------------------------------------------------- */

static bool secret_parse(struct identity_secret *ret, struct span text)
{
	struct identity_secret secret = {0};

	text = span_trim(text);
	if (text.n != 2 * IDENTITY_SECRET_BYTES)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const char *digit = memchr(hex_digits, ascii_lower(text.p[i]), 16);

		if (!digit)
			return false;
		secret.b[i / 2] = (unsigned char)(secret.b[i / 2] << 4 | (digit - hex_digits));
	}
	*ret = secret;
	return true;
}

static int secret_make(const char *path)
{
	unsigned char bytes[IDENTITY_SECRET_BYTES];
	char text[2 * IDENTITY_SECRET_BYTES + 1];
	int r;

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	hex(text, bytes, sizeof(bytes));
	text[2 * IDENTITY_SECRET_BYTES] = '\n';
	r = file_create(path, span_of(text, sizeof(text)), 0600);
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return r == -EEXIST ? 0 : r; /* another of us was quicker: its secret is as good */
}

int identity_secret_load(struct identity_secret *ret, const char *path, const char **ret_why)
{
	enum { LIMIT = 4096 };
	struct buf text = {0};
	int r;

	r = file_read(&text, path, LIMIT, FILE_NOFOLLOW | FILE_PRIVATE);
	if (r == -ENOENT) {
		r = secret_make(path);
		if (r < 0) {
			*ret_why = "can't be made: give vigie a state folder it may write to";
			return r;
		}
		r = file_read(&text, path, LIMIT, FILE_NOFOLLOW | FILE_PRIVATE);
	}
	if (r == 0 && !secret_parse(ret, buf_span(&text)))
		r = -EINVAL;
	if (r == -EPERM)
		*ret_why = "can be read by others: run chmod 600 on it";
	else if (r == -EINVAL || r == -EFBIG)
		*ret_why =
			"isn't a secret (64 hexadecimal digits): restore it from the backup; "
			"with another one every item is new again";
	else if (r == -ELOOP)
		*ret_why = "is a link: put the file itself there";
	else if (r < 0)
		*ret_why = "can't be read: check its owner and mode";
	if (text.p)
		OPENSSL_cleanse(text.p, text.n);
	buf_deinit(&text);
	return r;
}

/* --- Namespaces --------------------------------------------------------------------------- */

static struct span domain_of(struct span namespace_)
{
	return span_slice(namespace_, 0, span_find(namespace_, ' '));
}

unsigned identity_partition(struct span namespace_)
{
	const struct span domain = domain_of(namespace_);

	return (unsigned)(XXH64(domain.p ? domain.p : "", domain.n, 0) % PARTITIONS);
}

/* The folder of a file: address, with what would end the word escaped. */
static struct span folder_of(struct arena *arena, struct span url)
{
	size_t end = url.n, n = 0;
	char *p;

	while (end && url.p[end - 1] != '/')
		end--;
	p = arena_alloc(arena, 3 * end + 1);
	if (!p)
		return SPAN_NONE;
	for (size_t i = 0; i < end; i++) {
		const unsigned char c = (unsigned char)url.p[i];

		if (c > ' ') {
			p[n++] = (char)c;
			continue;
		}
		p[n++] = '%';
		p[n++] = hex_digits[c >> 4];
		p[n++] = hex_digits[c & 15];
	}
	return span_of(p, n);
}

struct span identity_namespace(struct arena *arena, const struct source *source)
{
	struct span address = url_normalize(arena, source->url), domain;
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char text[2 * NAMESPACE_HASH_BYTES];

	if (!span_empty(address)) {
		struct url_parts u = url_split(address);
		const size_t at = span_find(u.authority, '@');

		if (at < u.authority.n)
			u.authority = span_slice(u.authority, at + 1, u.authority.n);
		address = arena_printf(arena, "%.*s://%.*s%.*s%s%.*s", SPAN_ARG(u.scheme),
			SPAN_ARG(u.authority), SPAN_ARG(u.path), u.query.p ? "?" : "",
			SPAN_ARG(u.query));
		domain = url_registrable_domain(arena, url_host(arena, address));
	} else {
		address = source->url;
		domain = folder_of(arena, address);
	}
	if (source->connection)
		address = arena_printf(arena, "connector:%.*s %.*s",
			SPAN_ARG(source->connection->target.connector->network),
			SPAN_ARG(url_host(arena, source->url)));
	if (!address.p || !domain.p)
		return SPAN_NONE;
	(void)SHA256((const unsigned char *)address.p, address.n, digest);
	hex(text, digest, NAMESPACE_HASH_BYTES);
	return arena_printf(arena, "%.*s %.*s", SPAN_ARG(domain), (int)sizeof(text), text);
}

/* --- What an item goes by ----------------------------------------------------------------- */

/* An address without what sites change about their own: scheme, "www.", slash at the end. */
static struct span bare(struct span url)
{
	static const char *const heads[] = {"https://", "http://", "www."};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		const size_t n = strlen(heads[i]);

		if (url.n && ascii_lower(url.p[0]) == heads[i][0] &&
			span_eq_ci(span_slice(url, 0, n), span_str(heads[i])))
			url = span_slice(url, n, url.n);
	}
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

/* The byte before the slashes at its end; bare() leaves it, or nothing. */
static char last_of(struct span url)
{
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url.n ? ascii_lower(url.p[url.n - 1]) : '\0';
}

static bool names_the_site(const struct item *item, struct span name)
{
	if (span_empty(item->feed.url))
		return false;
	name = bare(name);
	if (name.n && last_of(name) != last_of(item->feed.url))
		return false; /* as most: soon told */
	return span_eq_ci(name, bare(item->feed.url));
}

static struct span title_of(const struct item *item)
{
	return span_empty(item->title) ? item->text : item->title;
}

static struct span id_of(const struct item *item)
{
	const bool good =
		item->id_is_own && !span_empty(item->id) && !names_the_site(item, item->id);

	return good ? item->id : SPAN_NONE;
}

struct span identity_url(const struct item *item)
{
	return span_empty(item->url) || names_the_site(item, item->url) ? SPAN_NONE : item->url;
}

static struct identity go_by(const struct item *item, unsigned trust)
{
	struct identity who = {.kind = IDENTITY_ID, .id = id_of(item)};
	struct span a = who.id, b = SPAN_NONE;

	if (trust & IDENTITY_NO_IDS || span_empty(who.id)) {
		who = (struct identity){.kind = IDENTITY_URL, .url = identity_url(item)};
		if (trust & IDENTITY_NO_URLS || span_empty(who.url)) {
			who.kind = IDENTITY_URL_TITLE;
			who.url = item->url;
			who.title = title_of(item);
		}
		a = who.url;
		b = who.title;
	}
	who.hash = XXH3_64bits_withSeed(a.p ? a.p : "", a.n, (XXH64_hash_t)who.kind);
	if (b.n)
		who.hash = XXH3_64bits_withSeed(b.p, b.n, who.hash);
	return who;
}

static bool same(const struct identity *a, const struct identity *b)
{
	return a->hash == b->hash && a->kind == b->kind && span_eq(a->id, b->id) &&
	       span_eq(a->url, b->url) && span_eq(a->title, b->title);
}

/* Do two items that go by the same thing contradict each other? */
static unsigned distrust(const struct identity *who, const struct item *a, const struct item *b)
{
	if (who->kind == IDENTITY_ID) {
		if (!span_eq(a->url, b->url))
			return IDENTITY_NO_IDS;
		if (span_empty(a->url) && !span_eq(title_of(a), title_of(b)))
			return IDENTITY_NO_IDS;
	}
	if (who->kind == IDENTITY_URL && !span_eq(title_of(a), title_of(b)))
		return IDENTITY_NO_URLS;
	return 0;
}

/* One pass: *trust says whether another is needed. The table holds indexes + 1 of the first
 * item of each identity, with linear probing. */
static void decide(struct identity *who, uint32_t *table, size_t mask, const struct item *items,
	size_t n, unsigned *trust)
{
	const unsigned before = *trust;

	memset(table, 0, (mask + 1) * sizeof(*table));
	for (size_t i = 0; i < n; i++) {
		size_t at;

		who[i] = go_by(&items[i], before);
		at = who[i].hash & mask;
		while (table[at] && !same(&who[table[at] - 1], &who[i]))
			at = (at + 1) & mask;
		if (table[at])
			*trust |= distrust(&who[i], &items[table[at] - 1], &items[i]);
		else
			table[at] = (uint32_t)i + 1;
	}
}

int identity_decide(struct identity **ret, struct arena *arena, const struct item *items,
	size_t n, unsigned *trust)
{
	struct identity *who = arena_calloc(arena, n, sizeof(*who));
	size_t size = 16;
	uint32_t *table;
	unsigned before;

	while (size < 2 * n)
		size *= 2;
	table = arena_alloc(arena, size * sizeof(*table));
	if (!who || !table)
		return -ENOMEM;
	if (*trust & IDENTITY_SURE) {
		for (size_t i = 0; i < n; i++)
			who[i] = go_by(&items[i], 0);
		*ret = who;
		return 0;
	}
	do { /* at most three times: there are two bits to lose */
		before = *trust;
		decide(who, table, size - 1, items, n, trust);
	} while (*trust != before);
	*ret = who;
	return 0;
}

/* --- Keys --------------------------------------------------------------------------------- */

static bool within(struct span host, struct span domain)
{
	return span_eq_ci(host, domain) ||
	       (host.n > domain.n && host.p[host.n - domain.n - 1] == '.' &&
		       span_eq_ci(span_slice(host, host.n - domain.n, host.n), domain));
}

/* The authority of a tag URI (RFC 4151 section 2.1): a DNS name or an e-mail address. */
static struct span tag_host(struct span id)
{
	struct span authority;
	size_t at;

	if (!span_eq_ci(span_slice(id, 0, 4), SPAN("tag:")))
		return SPAN_NONE;
	authority = span_slice(id, 4, id.n);
	at = span_find(authority, ',');
	if (at == authority.n)
		return SPAN_NONE;
	authority = span_slice(authority, 0, at);
	at = span_find(authority, '@');
	return at < authority.n ? span_slice(authority, at + 1, authority.n) : authority;
}

static bool is_shared(struct arena *arena, struct span namespace_, const struct identity *who)
{
	struct span host;

	if (who->kind != IDENTITY_ID)
		return false;
	host = url_is_web(who->id) ? url_host(arena, who->id) : tag_host(who->id);
	return !span_empty(host) && within(host, domain_of(namespace_));
}

/* OpenSSL's look-up of HMAC and SHA-256 by their names, and what it does with the secret, are
 * nine tenths of HMAC() of a name: here they are done once, and copied. */
struct identity_keyer {
	EVP_MAC *mac;
	EVP_MAC_CTX *ready;
};

DEFINE_CLEANUP(struct identity_keyer *, identity_keyer_free)

int identity_keyer_new(struct identity_keyer **ret, const struct identity_secret *secret)
{
	CLEANUP(identity_keyer_freep) struct identity_keyer *k = calloc(1, sizeof(*k));
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end()};

	if (!k)
		return -ENOMEM;
	k->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	k->ready = k->mac ? EVP_MAC_CTX_new(k->mac) : NULL;
	if (!k->ready || !EVP_MAC_init(k->ready, secret->b, IDENTITY_SECRET_BYTES, parameters))
		return -ENOMEM;
	*ret = TAKE(k);
	return 0;
}

struct identity_keyer *identity_keyer_free(struct identity_keyer *keyer)
{
	if (!keyer)
		return NULL;
	EVP_MAC_CTX_free(keyer->ready);
	EVP_MAC_free(keyer->mac);
	free(keyer);
	return NULL;
}

static bool digest_of(unsigned char out[SHA256_DIGEST_LENGTH], const struct identity_keyer *k,
	struct span name)
{
	EVP_MAC_CTX *c = EVP_MAC_CTX_dup(k->ready);
	size_t n = 0;
	const bool ok = c && EVP_MAC_update(c, (const unsigned char *)name.p, name.n) &&
			EVP_MAC_final(c, out, &n, SHA256_DIGEST_LENGTH) &&
			n == SHA256_DIGEST_LENGTH;

	EVP_MAC_CTX_free(c);
	return ok;
}

static const char *const kind_names[] = {"id", "url", "url+title"};

int identity_key(struct item_key *ret, struct arena *arena, const struct identity_keyer *keyer,
	struct span namespace_, const struct identity *who)
{
	const bool shared = is_shared(arena, namespace_, who);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	struct buf name = {0};
	int r;

	buf_add_str(&name, shared ? "domain:" : "source:");
	buf_add(&name, shared ? domain_of(namespace_) : namespace_);
	buf_add_char(&name, '\0');
	buf_add_str(&name, kind_names[who->kind]);
	buf_add_char(&name, '\0');
	buf_add(&name, who->kind == IDENTITY_ID ? who->id : who->url);
	if (who->kind == IDENTITY_URL_TITLE) {
		buf_add_char(&name, '\x1F');
		buf_add(&name, who->title);
	}
	r = buf_result(&name);
	if (r == 0 && !digest_of(digest, keyer, buf_span(&name)))
		r = -ENOMEM;
	if (r == 0)
		memcpy(ret->b, digest, ITEM_KEY_BYTES);
	buf_deinit(&name);
	return r;
}

int identity_keys(struct item_key **ret, struct arena *arena,
	const struct identity_secret *secret, struct span namespace_, const struct item *items,
	size_t n)
{
	CLEANUP(identity_keyer_freep) struct identity_keyer *keyer = NULL;
	struct item_key *keys = arena_calloc(arena, n, sizeof(*keys));
	struct identity *who;
	unsigned trust = 0;
	int r;

	if (!keys)
		return -ENOMEM;
	r = identity_keyer_new(&keyer, secret);
	if (r == 0)
		r = identity_decide(&who, arena, items, n, &trust);
	for (size_t i = 0; i < n && r == 0; i++)
		r = identity_key(&keys[i], arena, keyer, namespace_, &who[i]);
	if (r == 0)
		*ret = keys;
	return r;
}

/* --- Content ------------------------------------------------------------------------------ */

static bool closes(char open, char close)
{
	return (open == '(' && close == ')') || (open == '[' && close == ']');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

struct span identity_title(struct span title)
{
	struct span t = span_trim(title);
	size_t i;

	for (i = 1; i < t.n && is_digit(t.p[i]);)
		i++;
	if (i > 1 && i < t.n && closes(t.p[0], t.p[i]))
		t = span_trim(span_slice(t, i + 1, t.n));
	for (i = 1; i < t.n && is_digit(t.p[t.n - 1 - i]);)
		i++;
	if (i > 1 && i < t.n && closes(t.p[t.n - 1 - i], t.p[t.n - 1]))
		t = span_trim(span_slice(t, 0, t.n - 1 - i));
	return span_empty(t) ? title : t;
}

uint64_t identity_content_hash(const struct item *item)
{
	const struct span parts[] = {identity_title(item->title), item->text, item->url};
	uint64_t hash = 0;

	/* Chained by the seed: a part can't run over into the next one. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		hash = XXH3_64bits_withSeed(parts[i].p ? parts[i].p : "", parts[i].n, hash + 1);
	return hash;
}
