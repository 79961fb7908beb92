#include "sources/entity.h"

#include <stdlib.h>

struct named {
	const char *name;
	uint8_t n;
	uint8_t bare;  /* may stand without ";" */
	uint32_t c[2]; /* second one 0: none */
};

static const struct named table[] = {
#include "entity_table.inc"
};

/* The longest of the names HTML takes without ";": "Aacute", "frac12", "thetasym" isn't one. */
enum { MAX_BARE = 6 };

static int compare(const void *key, const void *entry)
{
	const struct span *name = key;
	const struct named *e = entry;

	return span_cmp(*name, span_of(e->name, e->n));
}

static const struct named *find(struct span name)
{
	return bsearch(&name, table, sizeof(table) / sizeof(*table), sizeof(*table), compare);
}

size_t entity_named(struct span name, uint32_t ret[2])
{
	/* what nearly all text uses */
	static const struct {
		struct span name;
		uint32_t c;
	} usual[] = {{{"lt", 2}, '<'}, {{"gt", 2}, '>'}, {{"amp", 3}, '&'}, {{"quot", 4}, '"'},
		{{"nbsp", 4}, 0xA0}, {{"apos", 4}, '\''}};
	const struct named *e;

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (span_eq(name, usual[i].name)) {
			ret[0] = usual[i].c;
			return 1;
		}
	e = find(name);
	if (!e)
		return 0;
	ret[0] = e->c[0];
	ret[1] = e->c[1];
	return e->c[1] ? 2 : 1;
}

size_t entity_bare(struct span s, uint32_t *ret)
{
	for (size_t n = s.n < MAX_BARE ? s.n : MAX_BARE; n >= 2; n--) {
		const struct named *e = find(span_slice(s, 0, n));

		if (e && e->bare) {
			*ret = e->c[0];
			return n;
		}
	}
	return 0;
}

static int digit(char c, bool hex)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t entity_number(struct span s, uint32_t *ret)
{
	const bool hex = s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
	size_t i = hex ? 3 : 2;
	const size_t from = i;
	uint32_t c = 0;

	for (; i < s.n && digit(s.p[i], hex) >= 0; i++)
		if (c <= 0x10FFFF)
			c = c * (hex ? 16 : 10) + (uint32_t)digit(s.p[i], hex);
	if (i == from)
		return 0;
	*ret = c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ? 0xFFFD : c;
	return i < s.n && s.p[i] == ';' ? i + 1 : i;
}
