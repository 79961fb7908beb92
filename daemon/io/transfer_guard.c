/*
 * transfer_guard: which addresses are public. It knows addresses only: names, ports and libcurl
 * are transfer.c's.
 *
 * The tables are the IANA special-purpose address registries (RFC 6890, kept at
 * www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry), column
 * "Globally Reachable", plus multicast (RFC 5771, RFC 4291 section 2.7). Where the registry
 * says "N/A", the range is not public. IPv6 outside 2000::/3 was never given out (RFC 4291
 * section 2.4).
 */

#include "io/transfer.h"

#include <arpa/inet.h>
#include <stdio.h>

struct special {
	unsigned char address[16];
	unsigned prefix;
	bool global;
};

/* The first row that fits decides, so exceptions stand before the range they are taken from. */
static const struct special specials4[] = {
	{{0}, 8, false},             /* "this network", RFC 791 */
	{{10}, 8, false},            /* private use, RFC 1918 */
	{{100, 64}, 10, false},      /* shared address space, RFC 6598 */
	{{127}, 8, false},           /* loopback, RFC 1122 */
	{{169, 254}, 16, false},     /* link local, RFC 3927 */
	{{172, 16}, 12, false},      /* private use, RFC 1918 */
	{{192, 0, 0, 9}, 32, true},  /* port control protocol anycast, RFC 7723 */
	{{192, 0, 0, 10}, 32, true}, /* TURN anycast, RFC 8155 */
	{{192, 0, 0}, 24, false},    /* IETF protocol assignments, RFC 6890 */
	{{192, 0, 2}, 24, false},    /* documentation, RFC 5737 */
	{{192, 88, 99}, 24, false},  /* 6to4 relay anycast, deprecated, RFC 7526 */
	{{192, 168}, 16, false},     /* private use, RFC 1918 */
	{{198, 18}, 15, false},      /* benchmarking, RFC 2544 */
	{{198, 51, 100}, 24, false}, /* documentation, RFC 5737 */
	{{203, 0, 113}, 24, false},  /* documentation, RFC 5737 */
	{{224}, 4, false},           /* multicast, RFC 5771 */
	{{240}, 4, false},           /* reserved and broadcast, RFC 1112, RFC 8190 */
};

static const struct special specials6[] = {
	{{0x20, 0x01, 0, 1, [15] = 1}, 128, true}, /* PCP anycast, RFC 7723 */
	{{0x20, 0x01, 0, 1, [15] = 2}, 128, true}, /* TURN anycast, RFC 8155 */
	{{0x20, 0x01, 0, 1, [15] = 3}, 128, true}, /* DNS-SD anycast, RFC 9665 */
	{{0x20, 0x01, 0, 3}, 32, true},            /* AMT, RFC 7450 */
	{{0x20, 0x01, 0, 4, 1, 0x12}, 48, true},   /* AS112, RFC 7535 */
	{{0x20, 0x01, 0, 0x20}, 28, true},         /* ORCHIDv2, RFC 7343 */
	{{0x20, 0x01, 0, 0x30}, 28, true},         /* drone remote identification, RFC 9374 */
	{{0x20, 0x01}, 23, false},                 /* IETF protocol assignments, Teredo */
	{{0x20, 0x01, 0x0D, 0xB8}, 32, false},     /* documentation, RFC 3849 */
	{{0x3F, 0xFF}, 20, false},                 /* documentation, RFC 9637 */
	{{0x20}, 3, true},                         /* global unicast, RFC 4291 */
	{{0}, 0, false},
};

/* Forms of IPv6 that carry an IPv4 address, which then decides. */
static const struct {
	unsigned char address[16];
	unsigned prefix;
	unsigned at; /* of the IPv4 address, in bytes */
} carriers[] = {
	{{[10] = 0xFF, [11] = 0xFF}, 96, 12}, /* IPv4-mapped, RFC 4291 section 2.5.5.2 */
	{{0, 0x64, 0xFF, 0x9B}, 96, 12},      /* NAT64, RFC 6052 */
	{{0x20, 0x02}, 16, 2},                /* 6to4, RFC 3056 */
};

static bool within(const unsigned char *a, const unsigned char *range, unsigned prefix)
{
	const unsigned whole = prefix / 8, rest = prefix % 8;

	if (whole && memcmp(a, range, whole) != 0)
		return false;
	return !rest || ((a[whole] ^ range[whole]) & (0xFF00U >> rest & 0xFFU)) == 0;
}

static bool is_global(
	const unsigned char *a, const struct special *table, size_t n, bool otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (within(a, table[i].address, table[i].prefix))
			return table[i].global;
	return otherwise;
}

bool address_is_public(const unsigned char address[16])
{
	for (size_t i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		if (within(address, carriers[i].address, carriers[i].prefix))
			return is_global(address + carriers[i].at, specials4,
				sizeof(specials4) / sizeof(specials4[0]), true);
	return is_global(address, specials6, sizeof(specials6) / sizeof(specials6[0]), false);
}

bool address_range_contains(const struct address_range *range, const unsigned char address[16])
{
	return within(address, range->address, range->prefix);
}

bool address_parse(unsigned char ret[16], struct span text)
{
	static const unsigned char mapped[16] = {[10] = 0xFF, [11] = 0xFF};
	char copy[INET6_ADDRSTRLEN];
	unsigned char bytes[16];

	if (text.n >= sizeof(copy) || memchr(text.p ? text.p : "", '\0', text.n))
		return false;
	(void)snprintf(copy, sizeof(copy), "%.*s", SPAN_ARG(text));
	if (inet_pton(AF_INET6, copy, bytes) == 1) {
		memcpy(ret, bytes, 16);
		return true;
	}
	if (inet_pton(AF_INET, copy, bytes) != 1)
		return false;
	memcpy(ret, mapped, 12);
	memcpy(ret + 12, bytes, 4);
	return true;
}

bool address_range_parse(struct address_range *ret, struct span text)
{
	const size_t slash = span_find(text, '/');
	const struct span digits = span_slice(text, slash + 1, text.n);
	const struct span address = span_slice(text, 0, slash);
	const bool v4 = span_find(address, ':') == address.n;
	unsigned prefix = v4 ? 32 : 128;
	struct address_range range;

	if (!address_parse(range.address, address))
		return false;
	if (slash < text.n) {
		const unsigned most = prefix;

		if (digits.n < 1 || digits.n > 3)
			return false;
		prefix = 0;
		for (size_t i = 0; i < digits.n; i++) {
			if (digits.p[i] < '0' || digits.p[i] > '9')
				return false;
			prefix = prefix * 10 + (unsigned)(digits.p[i] - '0');
		}
		if (prefix > most)
			return false;
	}
	range.prefix = v4 ? prefix + 96 : prefix;
	*ret = range;
	return true;
}
