/* transfer_guard: which addresses are public, and how ranges are written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/transfer.h"

static void which_addresses_are_public(void **state)
{
	static const struct {
		const char *address;
		bool is_public;
	} rows[] = {
		{"8.8.8.8", true},
		{"0.0.0.0", false},
		{"9.255.255.255", true},
		{"10.0.0.0", false},
		{"10.255.255.255", false},
		{"11.0.0.0", true},
		{"100.63.255.255", true},
		{"100.64.0.0", false},
		{"100.127.255.255", false},
		{"100.128.0.0", true},
		{"127.0.0.1", false},
		{"127.255.255.254", false},
		{"128.0.0.1", true},
		{"169.254.169.254", false},
		{"172.15.255.255", true},
		{"172.16.0.1", false},
		{"172.31.255.255", false},
		{"172.32.0.0", true},
		{"192.0.0.8", false},
		{"192.0.0.9", true},
		{"192.0.0.10", true},
		{"192.0.0.11", false},
		{"192.0.1.1", true},
		{"192.0.2.1", false},
		{"192.31.196.1", true},
		{"192.88.99.1", false},
		{"192.168.0.1", false},
		{"192.175.48.1", true},
		{"198.17.255.255", true},
		{"198.18.0.1", false},
		{"198.19.255.255", false},
		{"198.51.100.7", false},
		{"203.0.113.7", false},
		{"223.255.255.255", true},
		{"224.0.0.1", false},
		{"239.255.255.255", false},
		{"240.0.0.1", false},
		{"255.255.255.255", false},

		{"2a00:1450:4007::1", true},
		{"::", false},
		{"::1", false},
		{"::8.8.8.8", false},
		{"::ffff:8.8.8.8", true},
		{"::ffff:127.0.0.1", false},
		{"::ffff:10.0.0.1", false},
		{"64:ff9b::8.8.8.8", true},
		{"64:ff9b::7f00:1", false},
		{"64:ff9b:1::8.8.8.8", false},
		{"100::1", false},
		{"2001::1", false},
		{"2001:1::1", true},
		{"2001:1::2", true},
		{"2001:1::3", true},
		{"2001:1::4", false},
		{"2001:2::1", false},
		{"2001:3::1", true},
		{"2001:4:112::1", true},
		{"2001:4:113::1", false},
		{"2001:20::1", true},
		{"2001:30::1", true},
		{"2001:1ff::1", false},
		{"2001:200::1", true},
		{"2001:db8::1", false},
		{"2002:0808:0808::1", true},
		{"2002:7f00:1::1", false},
		{"2002:a9fe:a9fe::1", false},
		{"2620:4f:8000::1", true},
		{"3fff:0fff::1", false},
		{"3fff:1000::1", true},
		{"4000::1", false},
		{"5f00::1", false},
		{"fc00::1", false},
		{"fd12:3456::1", false},
		{"fe80::1", false},
		{"fec0::1", false},
		{"ff02::1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char a[16];

		assert_true(address_parse(a, span_str(rows[i].address)));
		if (address_is_public(a) != rows[i].is_public)
			fail_msg("%s: %d", rows[i].address, !rows[i].is_public);
	}
}

static void what_a_range_contains(void **state)
{
	static const struct {
		const char *range, *address;
		bool within;
	} rows[] = {
		{"10.1.0.0/16", "10.1.255.255", true},
		{"10.1.0.0/16", "10.2.0.0", false},
		{"10.1.2.3/16", "10.1.0.0", true},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"127.0.0.1", "::ffff:127.0.0.1", true},
		{"127.0.0.1", "64:ff9b::127.0.0.1", false},
		{"0.0.0.0/0", "10.0.0.1", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "10.0.0.1", true},
		{"192.168.4.0/22", "192.168.7.255", true},
		{"192.168.4.0/22", "192.168.8.0", false},
		{"fd00::/9", "fd7f::1", true},
		{"fd00::/9", "fd80::1", false},
		{"::1", "::1", true},
		{"::1/128", "::2", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address_range r;
		unsigned char a[16];

		assert_true(address_range_parse(&r, span_str(rows[i].range)));
		assert_true(address_parse(a, span_str(rows[i].address)));
		if (address_range_contains(&r, a) != rows[i].within)
			fail_msg("%s in %s", rows[i].address, rows[i].range);
	}
}

static void what_is_no_range(void **state)
{
	static const char *const rows[] = {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/1x", "10.0.0.0/0016", "10.0.0/8", "localhost", "::1/129", "::g",
		"10.0.0.1 ", " 10.0.0.1", "1.2.3.4/8/8", "10.0.0.0/99999999999999999999",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001"};
	struct address_range r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (address_range_parse(&r, span_str(rows[i])))
			fail_msg("%s", rows[i]);
	assert_false(address_range_parse(&r, span_of("::1\0", 4)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_addresses_are_public),
		cmocka_unit_test(what_a_range_contains),
		cmocka_unit_test(what_is_no_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
