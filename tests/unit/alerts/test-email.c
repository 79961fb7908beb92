/* email: a whole message, line by line as RFC 5322, 2045 and 2047 want it. */

#include "fixture.h"

#include "mime.h"
#include "vigie/utf8.h"

static const struct receiver_field fields[] = {
	{{"to", 2}, {"cm@example.org", 14}},
	{{"from", 4}, {"vigie@example.org", 17}},
	{{"smtp", 4}, {"smtp://mail.example.org:587", 27}},
	{{"user", 4}, {"u", 1}},
	{{"password", 8}, {"p", 1}},
	{{"to", 2}, {"boss@example.org", 16}},
};

/* The value of a header, unfolded; it must stand exactly once. */
static struct span header(struct arena *arena, struct span mail, const char *name)
{
	const char *end = memmem(mail.p, mail.n, "\r\n\r\n", 4);
	struct buf out = {0};
	int seen = 0;
	struct span ret;

	assert_non_null(end);
	for (const char *line = mail.p; line < end;) {
		const char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
		const size_t n = strlen(name);

		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			seen++;
			buf_add(&out, span_of(line + n + 2, (size_t)(stop - line) - n - 2));
			while (stop[2] == ' ') {
				line = stop + 2;
				stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
				buf_add(&out, span_of(line, (size_t)(stop - line)));
			}
		}
		line = stop + 2;
	}
	assert_int_equal(seen, 1);
	ret = arena_dup(arena, buf_span(&out));
	buf_deinit(&out);
	return ret;
}

/* Every line: CRLF, ASCII, at most 76 characters; no header but our own. */
static void check_lines(struct span mail)
{
	static const char *const names[] = {"Date", "From", "To", "Subject", "Message-ID",
		"In-Reply-To", "References", "List-Id", "List-Unsubscribe", "Auto-Submitted",
		"X-Auto-Response-Suppress", "MIME-Version", "Content-Type"};
	bool in_header = true;

	assert_true(span_ends(mail, SPAN("\r\n")));
	for (size_t i = 0; i < mail.n;) {
		const char *stop = memmem(mail.p + i, mail.n - i, "\r\n", 2);
		const struct span line = span_of(mail.p + i, (size_t)(stop - mail.p) - i);
		bool known = false;

		assert_in_range(line.n, 0, in_header ? 78 : 76);
		for (size_t k = 0; k < line.n; k++)
			assert_true(
				(line.p[k] >= ' ' && line.p[k] < 0x7F) || line.p[k] == '\t');
		if (in_header && line.n && line.p[0] != ' ') {
			for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
				known = known || (span_starts(line, span_str(names[k])) &&
							 line.p[strlen(names[k])] == ':');
			assert_true(known);
		}
		in_header = in_header && line.n;
		i = (size_t)(stop + 2 - mail.p);
	}
}

static void a_mail_has_its_headers_once(void **state)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
		{"Date", "Fri, 20 Nov 2026 20:26:10 +0000"},
		{"From", "vigie <vigie@example.org>"},
		{"To", "<cm@example.org>, <boss@example.org>"},
		{"Subject", "[vigie] Acme: Acme opens <24h & in Lyon"},
		{"Message-ID", "<4k2p9x7a1b3c5d7e9f1g3h5j7k@watch.example.org>"},
		{"In-Reply-To", "<group.rule-acme.20261120@watch.example.org>"},
		{"References", "<group.rule-acme.20261120@watch.example.org>"},
		{"List-Id", "<acme.watch.example.org>"},
		{"List-Unsubscribe", "<mailto:vigie@example.org?subject=unsubscribe>"},
		{"Auto-Submitted", "auto-generated"},
		{"X-Auto-Response-Suppress", "All"},
		{"MIME-Version", "1.0"},
	};
	const struct hit h = fixture_hit();
	struct sent s = fixture_send("email", &h, fields, 6);
	const struct span mail = s.payload.request.body;

	(void)state;
	assert_int_equal(s.r, 0);
	assert_int_equal(s.payload.kind, PAYLOAD_MAIL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(header(&s.arena, mail, rows[i].name).p, rows[i].value);
	check_lines(mail);
	assert_int_equal(s.payload.n_mail_to, 2);
	assert_true(span_eq_str(s.payload.mail_to[1], "boss@example.org"));
	assert_true(span_eq_str(s.payload.mail_from, "vigie@example.org"));
	assert_true(span_eq_str(
		s.payload.request.url, "smtp://mail.example.org:587/watch.example.org"));
	assert_true(s.payload.tls_required);
	assert_true(holds(mail, "Content-Type: text/plain; charset=utf-8\r\n"));
	assert_true(holds(mail, "Content-Type: text/html; charset=utf-8\r\n"));
	/* Plain text first: the best comes last (RFC 2046 section 5.1.4). */
	assert_true(memmem(mail.p, mail.n, "text/plain", 10) <
		    memmem(mail.p, mail.n, "text/html", 9));
	assert_true(holds(mail, "when *Acme* said so"));
	assert_true(holds(mail, ">Acme</mark> said so"));
	sent_release(&s);
}

static void titles_of_strangers_make_no_header(void **state)
{
	static const struct {
		const char *title, *subject;
	} rows[] = {
		{"x\r\nBcc: victim@example.org\r\n\r\nbody",
			"[vigie] Acme: x Bcc: victim@example.org body"},
		{"\u202Eevil\u202C zero\u200Bwidth", "[vigie] Acme: evil zerowidth"},
		{"=?UTF-8?Q?fake?=",
			"=?UTF-8?Q?=5Bvigie=5D_Acme=3A_=3D=3FUTF-8=3FQ=3Ffake=3F=3D?="},
		{"Gr\u00E8ve", "=?UTF-8?Q?=5Bvigie=5D_Acme=3A_Gr=C3=A8ve?="},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hit h = fixture_hit();
		struct sent s;
		struct span subject;

		h.item.title = span_str(rows[i].title);
		s = fixture_send("email", &h, fields, 3);
		check_lines(s.payload.request.body);
		subject = header(&s.arena, s.payload.request.body, "Subject");
		assert_string_equal(subject.p, rows[i].subject);
		sent_release(&s);
	}
}

static void encoded_words_are_short_and_whole(void **state)
{
	static const char *const bytes[] = {
		"\u00E9", "\u65E5", "\U0001F600", "x", "long word ", "=?"};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		struct buf out = {0};

		assert_int_equal(
			mime_header(&out, &arena, "Subject", repeat(&arena, bytes[i], 200)), 0);
		for (char *line = out.p; *line;) {
			char *stop = strstr(line, "\r\n"), *word = strstr(line, "=?UTF-8?");

			assert_in_range(stop - line, 1, 76);
			if (word && word < stop) {
				char *end = strstr(word + 10, "?=");

				assert_non_null(end);
				assert_in_range(end + 2 - word, 1, 75);
				if (word[8] == 'Q') {
					/* A code point is never split: no word begins with a
					 * continuation. */
					assert_false(
						word[10] == '=' &&
						(word[11] == '8' || word[11] == '9' ||
							word[11] == 'A' || word[11] == 'B'));
				} else {
					assert_int_equal((end - word - 10) % 4, 0);
				}
			}
			line = stop + 2;
		}
		buf_deinit(&out);
	}
	arena_release(&arena);
}

static void quoted_printable(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"a=b\n", "a=3Db\r\n"},
		{"trailing \nnext", "trailing=20\r\nnext\r\n"},
		{"tab\t", "tab=09\r\n"},
		{"\u00E9", "=C3=A9\r\n"},
		{"bare\rcr", "bare=0Dcr\r\n"},
		{"From here", "=46rom here\r\n"},
		{"\n\n", "\r\n\r\n"},
	};
	struct arena arena = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&out);
		mime_quoted(&out, span_str(rows[i].in));
		assert_string_equal(out.p, rows[i].out);
	}
	buf_clear(&out);
	mime_quoted(&out, repeat(&arena, "\U0001F600", 40));
	for (char *line = out.p, *stop; (stop = strstr(line, "\r\n")); line = stop + 2)
		assert_in_range(stop - line, 1, 76);
	buf_deinit(&out);
	arena_release(&arena);
}

static void addresses(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{"a@example.org", true},
		{"first.last+tag@sub.example.org", true},
		{"root@localhost", true},
		{"a@xn--caf-dma.example", true},
		{"a", false},
		{"@example.org", false},
		{"a@", false},
		{"a@b@c", false},
		{"a b@example.org", false},
		{"a..b@example.org", false},
		{".a@example.org", false},
		{"a@example.org\r\nRCPT TO:<x@y>", false},
		{"a@example.org>", false},
		{"Name <a@example.org>", false},
		{"a@caf\u00E9.example", false},
		{"a@exa_mple.org", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(mime_address_ok(span_str(rows[i].text)), rows[i].ok);
}

static void clear_text_stays_on_this_machine(void **state)
{
	static const struct {
		const char *smtp, *url;
		bool tls;
	} rows[] = {
		{"", "smtp://localhost:25/watch.example.org", false},
		{"smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525/watch.example.org", false},
		{"smtp://[::1]", "smtp://[::1]/watch.example.org", false},
		{"smtp://localhost.evil.example",
			"smtp://localhost.evil.example/watch.example.org", true},
		{"smtps://mail.example.org/", "smtps://mail.example.org/watch.example.org",
			true},
		{"smtp://mail.example.org/me.example", "smtp://mail.example.org/me.example",
			true},
	};
	const struct hit h = fixture_hit();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct receiver_field f[] = {{SPAN("to"), SPAN("a@example.org")},
			{SPAN("smtp"), span_str(rows[i].smtp)}};
		struct sent s = fixture_send("email", &h, f, 2);

		assert_int_equal(s.r, 0);
		assert_true(span_eq_str(s.payload.request.url, rows[i].url));
		assert_int_equal(s.payload.tls_required, rows[i].tls);
		assert_true(span_eq_str(s.payload.mail_from, "vigie@watch.example.org"));
		sent_release(&s);
	}
}

static void a_wrong_address_is_refused(void **state)
{
	const struct receiver_field f[] = {{SPAN("to"), SPAN("caf\u00E9@example.org")}};
	const struct hit h = fixture_hit();
	struct sent s = fixture_send("email", &h, f, 1);

	(void)state;
	assert_int_equal(s.r, -EINVAL);
	assert_true(holds(s.why, "xn--"));
	sent_release(&s);
}

static void names_are_phrases(void **state)
{
	static const struct {
		const char *name, *from;
	} rows[] = {
		{"Press desk", "Press desk <v@example.org>"},
		{"Veille \u00C9lys\u00E9e",
			"=?UTF-8?Q?Veille_=C3=89lys=C3=A9e?= <v@example.org>"},
		{"a, b <x@y>", "=?UTF-8?Q?a=2C_b_=3Cx=40y=3E?= <v@example.org>"},
	};
	struct arena arena = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_clear(&out);
		assert_int_equal(mime_mailbox(&out, &arena, "From", span_str(rows[i].name),
					 SPAN("v@example.org")),
			0);
		assert_true(span_starts(buf_span(&out), SPAN("From: ")));
		assert_true(
			span_eq_str(span_slice(buf_span(&out), 6, out.n - 2), rows[i].from));
	}
	buf_deinit(&out);
	arena_release(&arena);
}

static void long_texts_keep_their_lines(void **state)
{
	static const char *const bytes[] = {"x", "<", "\u65E5", "word ",
		"=?UTF-8?Q?a?= ", "\r\n.\r\n", "--=_vigie_4k2p9x7a1b3c5d7e9f1g3h5j7k "};
	struct arena arena = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		struct match match = fixture_match;
		struct hit h = fixture_hit();
		struct span mail;
		struct sent s;
		int parts = 0;

		h.item.title = h.item.text = h.item.author.name =
			repeat(&arena, bytes[i], 9000);
		match.rule = match.brand = repeat(&arena, bytes[i], 200);
		h.matches = &match;
		s = fixture_send("email", &h, fields, 6);
		assert_int_equal(s.r, 0);
		mail = s.payload.request.body;
		check_lines(mail);
		for (const char *p = mail.p;
			(p = memmem(p, (size_t)(mail.p + mail.n - p), "\r\n--=_vigie_", 12));
			p++)
			parts++;
		assert_int_equal(parts, 3);
		sent_release(&s);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_has_its_headers_once),
		cmocka_unit_test(titles_of_strangers_make_no_header),
		cmocka_unit_test(encoded_words_are_short_and_whole),
		cmocka_unit_test(quoted_printable),
		cmocka_unit_test(addresses),
		cmocka_unit_test(clear_text_stays_on_this_machine),
		cmocka_unit_test(a_wrong_address_is_refused),
		cmocka_unit_test(names_are_phrases),
		cmocka_unit_test(long_texts_keep_their_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
