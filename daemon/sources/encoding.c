#include "sources/encoding.h"

#include <endian.h>
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vigie/cleanup.h"
#include "vigie/utf8.h"

/* Labels whose meaning on the web differs from what iconv makes of them (WHATWG Encoding,
 * section 4.2), and spellings that iconv lacks. Letters and digits only, as squeeze() leaves
 * them. Anything else is asked of iconv. */
static const struct {
	const char *name, *labels;
} known[] = {
	{"utf-8", "utf8 unicode11utf8 xunicode20utf8 u8 utf"}, /* first: nearly always it */
	{"windows-1252", "ansix341968 ascii usascii cp1252 cp819 csisolatin1 ibm819 iso88591 "
			 "iso885911987 isoir100 l1 latin latin1 819 8859 iso8859 xcp1252 1252"},
	{"windows-1254", "iso88599 csisolatin5 latin5 l5 isoir148 iso885991989"},
	{"windows-874", "iso885911 iso8859112001 tis620 tis6200 tis62025290 tis62025291 thai "
			"dos874 windows874 cp874 isoir166"},
	{"big5-hkscs", "big5 big5hkscs big5tw cnbig5 csbig5 hkscs xxbig5 ms950 950 cp950 "
		       "xmactradchinese"},
	{"gb18030", "chinese csgb2312 csiso58gb231280 euccn eucgb2312cn gb2312 gb231280 "
		    "gb23121980 gbk 936 cp936 ms936 isoir58 xgbk gb180302000 "
		    "xmacsimpchinese"},
	{"cp949", "cseuckr euckr korean ksc5601 ksc56011987 ksc56011989 ksx1001 "
		  "windows949 ms949 949 uhc isoir149 xmackorean"},
	{"cp932", "csshiftjis mskanji ms932 932 shiftjis sjis xsjis windows31j "
		  "cswindows31j xmacjapanese"},
	{"shift_jisx0213", "shiftjis2004 shiftjisx0213 sjis2004 sjisx0213"},
	{"euc-jisx0213", "eucjis2004 eucjisx0213 jisx0213"},
	{"euc-jp", "eucjp xeucjp ujis cseucpkdfmtjapanese"},
	{"iso-2022-jp", "csiso2022jp iso2022jp iso2022jp1 iso2022jpext"},
	{"iso-2022-jp-2", "iso2022jp2"},
	{"iso-2022-jp-3", "iso2022jp3 iso2022jp2004"},
	{"iso-2022-kr", "csiso2022kr iso2022kr"},
	{"iso-8859-15", "csiso885915 latin9 l9"},
	{"iso-8859-5", "iso885951988"},
	{"iso-8859-6", "iso885961987"},
	{"iso-8859-7", "elot928 iso885971987"},
	{"iso-8859-8", "iso88598e iso88598i iso885981988"},
	{"koi8-r", "cskoi8r koi koi8"},
	{"macintosh", "csmacintosh mac macroman xmacroman"},
	{"mac-centraleurope", "maccenteuro maccentraleurope maclatin2"},
	{"mac-cyrillic", "xmaccyrillic"},
	{"mac-is", "maciceland"},
	{"rk1048", "kz1048 strk10482002"},
	{"pt154", "cp154 cyrillicasian ptcp154 csptcp154"},
	{"cp869", "cpgr"},
	{"cp861", "cpis csibm861"},
	{"cp858", "csibm858"},
	{"cp1125", "cp866u"},
	{"johab", "ms1361"},
	{"windows-1250", "xcp1250"},
	{"windows-1251", "xcp1251"},
	{"utf-16le", "iso10646ucs2 ucs2 unicode utf16 csunicode"},
};

/* U+0080 to U+009F as windows-1252 has them; the five it leaves undefined are themselves. */
const uint16_t encoding_c1[32] = {0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019,
	0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
	0x017E, 0x0178};

static iconv_t open_name(const char *name)
{
	return iconv_open("UTF-8", name);
}

static bool iconv_knows(const char *name)
{
	iconv_t cd = open_name(name);

	if (cd == (iconv_t)-1)
		return false;
	(void)iconv_close(cd);
	return true;
}

static bool among(const char *labels, const char *label)
{
	const size_t n = strlen(label);

	for (const char *p = labels; *p; p += *p == ' ') {
		const size_t word = strcspn(p, " ");

		if (word == n && memcmp(p, label, n) == 0)
			return true;
		p += word;
	}
	return false;
}

/* Writes the name of a label into out; false when nobody knows it. */
static bool resolve_label(char out[ENCODING_NAME_BYTES], struct span label)
{
	char low[ENCODING_NAME_BYTES], squeezed[ENCODING_NAME_BYTES], page[ENCODING_NAME_BYTES];
	const char *const spellings[] = {low, squeezed, page};
	size_t n = 0;

	label = span_trim(label);
	if (label.n == 0 || label.n + 2 >= sizeof(low))
		return false;
	for (size_t i = 0; i < label.n; i++) {
		const char c = ascii_lower(label.p[i]);
		const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		/* "//" and "," would be options to iconv. */
		if (!word && !strchr("-_.:()+", c))
			return false;
		low[i] = c == '_' ? '-' : c;
		if (word)
			squeezed[n++] = c;
	}
	low[label.n] = squeezed[n] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (among(known[i].labels, squeezed)) {
			(void)snprintf(out, ENCODING_NAME_BYTES, "%s", known[i].name);
			return true;
		}
	(void)snprintf(page, sizeof(page), "cp%.*s", (int)sizeof(page) - 3, squeezed);
	for (size_t i = 0; n && i < sizeof(spellings) / sizeof(*spellings); i++)
		if (iconv_knows(spellings[i])) {
			(void)snprintf(out, ENCODING_NAME_BYTES, "%s", spellings[i]);
			return true;
		}
	return false;
}

struct span encoding_of_content_type(struct span content_type)
{
	static const struct span key = {"charset", 7};
	struct span rest = content_type;

	for (;;) {
		size_t at = span_find(rest, ';');
		struct span value;

		if (at == rest.n)
			return SPAN_NONE;
		rest = span_trim(span_slice(rest, at + 1, rest.n));
		if (rest.n < key.n || !span_eq_ci(span_slice(rest, 0, key.n), key))
			continue;
		value = span_trim(span_slice(rest, key.n, rest.n));
		if (value.n == 0 || value.p[0] != '=')
			continue;
		value = span_trim(span_slice(value, 1, value.n));
		if (value.n && (value.p[0] == '"' || value.p[0] == '\'')) {
			const char quote = value.p[0];

			value = span_slice(value, 1, value.n);
			return span_slice(value, 0, span_find(value, quote));
		}
		at = 0;
		while (at < value.n && !ascii_space(value.p[at]) && value.p[at] != ';' &&
			value.p[at] != ',')
			at++;
		return span_slice(value, 0, at);
	}
}

/* The value behind `name` and "=", quoted or not, in an XML declaration or a meta element. */
static struct span value_after(struct span s, const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i + n < s.n; i++) {
		size_t from = i + n, to;

		if (!span_eq_ci(span_slice(s, i, i + n), span_str(name)))
			continue;
		while (from < s.n && ascii_space(s.p[from]))
			from++;
		if (from >= s.n || s.p[from] != '=')
			continue;
		from++;
		while (from < s.n &&
			(ascii_space(s.p[from]) || s.p[from] == '"' || s.p[from] == '\''))
			from++;
		to = from;
		while (to < s.n && !ascii_space(s.p[to]) && !strchr("\"'?>;/", s.p[to]))
			to++;
		return span_slice(s, from, to);
	}
	return SPAN_NONE;
}

/* What the document says of itself: <?xml … encoding=…?>, or <meta charset=…>. */
static struct span declared(struct span head)
{
	const char *at = memmem(head.p, head.n, "<?xml", 5);
	struct span value;

	if (at) {
		const struct span rest = span_slice(head, (size_t)(at - head.p), head.n);

		return value_after(span_slice(rest, 0, span_find(rest, '>')), "encoding");
	}
	for (size_t i = 0; i + 5 < head.n; i++) {
		struct span tag;

		if (head.p[i] != '<' ||
			!span_eq_ci(span_slice(head, i + 1, i + 5), SPAN("meta")))
			continue;
		tag = span_slice(head, i, head.n);
		value = value_after(span_slice(tag, 0, span_find(tag, '>')), "charset");
		if (value.n)
			return value;
	}
	return SPAN_NONE;
}

/* A byte order mark, or the pattern of "<" in a wider encoding (XML 1.0, appendix F.1). */
static bool by_first_bytes(struct encoding *e, struct span head)
{
	static const struct {
		const char *bytes;
		size_t n, skip;
		const char *name;
	} marks[] = {
		{"\xEF\xBB\xBF", 3, 3, "utf-8"},
		{"\xFF\xFE\0\0", 4, 4, "utf-32le"},
		{"\0\0\xFE\xFF", 4, 4, "utf-32be"},
		{"\xFF\xFE", 2, 2, "utf-16le"},
		{"\xFE\xFF", 2, 2, "utf-16be"},
		{"<\0\0\0", 4, 0, "utf-32le"},
		{"\0\0\0<", 4, 0, "utf-32be"},
		{"<\0", 2, 0, "utf-16le"},
		{"\0<", 2, 0, "utf-16be"},
		{"{\0", 2, 0, "utf-16le"},
		{"\0{", 2, 0, "utf-16be"},
		{"\x4C\x6F\xA7\x94", 4, 0, "ibm037"},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (head.n >= marks[i].n && memcmp(head.p, marks[i].bytes, marks[i].n) == 0) {
			(void)snprintf(e->name, sizeof(e->name), "%s", marks[i].name);
			e->skip = marks[i].skip;
			e->certain = true;
			return true;
		}
	return false;
}

/* Does a "<" stand for itself? */
static bool ascii_based(const char *name)
{
	char in = '<', out[8];
	char *from = &in, *to = out;
	size_t n_in = 1, n_out = sizeof(out);
	iconv_t cd = open_name(name);

	if (cd == (iconv_t)-1)
		return true;
	(void)iconv(cd, &from, &n_in, &to, &n_out);
	(void)iconv_close(cd);
	return to == out + 1 && out[0] == '<';
}

static bool is_wide(const char *name)
{
	return strncmp(name, "utf-16", 6) == 0 || strncmp(name, "utf-32", 6) == 0 ||
	       strncmp(name, "ucs", 3) == 0;
}

/* Which EBCDIC: the declaration is written in what they all have in common. */
static void read_ebcdic_label(struct encoding *e, struct span head)
{
	const struct encoding common = {.name = "ibm037"};
	struct encoding_reader *r = NULL;
	struct buf text = {0};
	char name[ENCODING_NAME_BYTES];

	if (encoding_reader_new(&r, &common) < 0)
		return;
	if (encoding_read(r, &text, head, true) == 0 &&
		resolve_label(name, declared(buf_span(&text))) && !ascii_based(name))
		memcpy(e->name, name, sizeof(name));
	encoding_reader_free(r);
	buf_deinit(&text);
}

struct encoding encoding_detect(struct span head, struct span content_type)
{
	struct encoding e = {.name = "utf-8"};

	head = span_slice(head, 0, ENCODING_SNIFF_BYTES);
	if (by_first_bytes(&e, head)) {
		if (strcmp(e.name, "ibm037") == 0)
			read_ebcdic_label(&e, head);
		return e;
	}
	/* A header or declaration of a wide encoding is wrong when the bytes are not wide. */
	if (resolve_label(e.name, encoding_of_content_type(content_type)) && !is_wide(e.name))
		return e;
	if (resolve_label(e.name, declared(head)) && !is_wide(e.name))
		return e;
	(void)snprintf(e.name, sizeof(e.name), "utf-8");
	return e;
}

enum { MODE_UTF8, MODE_TABLE, MODE_ICONV };

/* One byte of a single-byte encoding as UTF-8. */
struct byte_text {
	uint8_t n;
	char text[3];
};

struct encoding_reader {
	int mode;
	bool single; /* one byte, one character: bytes that are valid UTF-8 are taken for it */
	iconv_t cd;
	struct byte_text table[128]; /* MODE_TABLE: of the bytes from 0x80 */
	size_t n_valid, n_invalid;   /* sequences beyond ASCII seen so far */
	char tail[16];               /* an incomplete sequence */
	size_t n_tail;
};

struct encoding_reader *encoding_reader_free(struct encoding_reader *r)
{
	if (!r)
		return NULL;
	if (r->cd != (iconv_t)-1)
		(void)iconv_close(r->cd);
	free(r);
	return NULL;
}

DEFINE_CLEANUP(struct encoding_reader *, encoding_reader_free)

static void set_byte(struct byte_text *t, uint32_t c)
{
	char bytes[4];

	t->n = (uint8_t)utf8_encode(bytes, c);
	memcpy(t->text, bytes, t->n);
}

/* Fills the table by asking iconv for each byte; false when a byte alone isn't a character. */
static bool fill_table(struct encoding_reader *r)
{
	for (unsigned b = 0x80; b < 0x100; b++) {
		char in = (char)b, out[8];
		char *from = &in, *to = out;
		size_t n_in = 1, n_out = sizeof(out);
		size_t got = iconv(r->cd, &from, &n_in, &to, &n_out);
		bool ok = true;
		size_t i = 0;

		if (got == (size_t)-1 && errno == EINVAL)
			return false;
		(void)iconv(r->cd, NULL, NULL, &to, &n_out);
		if (to == out) /* undefined: C1 as the web has it, else unknown */
			set_byte(&r->table[b - 0x80], b < 0xA0 ? b : 0xFFFD);
		else
			set_byte(&r->table[b - 0x80],
				utf8_decode(span_of(out, (size_t)(to - out)), &i, &ok));
	}
	return true;
}

int encoding_reader_new(struct encoding_reader **ret, const struct encoding *encoding)
{
	CLEANUP(encoding_reader_freep) struct encoding_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->cd = (iconv_t)-1;
	if (strcmp(encoding->name, "utf-8") != 0)
		r->cd = open_name(encoding->name);
	if (r->cd == (iconv_t)-1) {
		r->mode = MODE_UTF8;
	} else if (strcmp(encoding->name, "windows-1258") != 0 && !is_wide(encoding->name) &&
		   strncmp(encoding->name, "iso-2022", 8) != 0 && ascii_based(encoding->name) &&
		   fill_table(r)) {
		/* (windows-1258 composes letters out of two bytes) */
		r->mode = MODE_TABLE;
		r->single = true;
	} else {
		r->mode = MODE_ICONV;
		(void)iconv(r->cd, NULL, NULL, NULL, NULL);
	}
	*ret = TAKE(r);
	return 0;
}

size_t encoding_ascii_prefix(struct span s)
{
	const uint64_t high = 0x8080808080808080u;
	size_t i = 0;

	for (; i + 64 <= s.n; i += 64) {
		uint64_t w[8];

		memcpy(w, s.p + i, sizeof(w));
		if ((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) & high)
			break;
	}
	for (; i + 8 <= s.n; i += 8) {
		uint64_t w;

		memcpy(&w, s.p + i, 8);
		w = le64toh(w) & high;
		if (w)
			return i + (size_t)__builtin_ctzll(w) / 8;
	}
	while (i < s.n && !((unsigned char)s.p[i] & 0x80))
		i++;
	return i;
}

/* How many bytes at the end of s start a sequence that isn't complete there. */
static size_t incomplete_end(struct span s)
{
	for (size_t back = 1; back <= 3 && back <= s.n; back++) {
		const unsigned char c = (unsigned char)s.p[s.n - back];

		if ((c & 0xC0) == 0x80)
			continue;
		if (c >= 0xC2 && c <= 0xF4 && back < (c < 0xE0 ? 2u : c < 0xF0 ? 3u : 4u))
			return back;
		return 0;
	}
	return 0;
}

bool encoding_valid(struct span s, size_t *n_wide)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, n = 0;
	bool ok = true;

	while (i < s.n) {
		const unsigned char c = p[i];

		if (c < 0x80) {
			i += encoding_ascii_prefix(span_slice(s, i, i + 8));
			if (i + 8 <= s.n && p[i] < 0x80)
				i += encoding_ascii_prefix(span_slice(s, i, s.n));
			continue;
		}
		n++;
		/* the common cases, without the bounds of E0, ED and F0 to F4 */
		if (c >= 0xC2 && c < 0xE0 && i + 1 < s.n && (p[i + 1] & 0xC0) == 0x80) {
			i += 2;
		} else if (c > 0xE0 && c < 0xF0 && c != 0xED && i + 2 < s.n &&
			   (p[i + 1] & 0xC0) == 0x80 && (p[i + 2] & 0xC0) == 0x80) {
			i += 3;
		} else {
			(void)utf8_decode(s, &i, &ok);
			if (!ok)
				return false;
		}
	}
	*n_wide += n;
	return true;
}

/* UTF-8 with mistakes. In a document that is otherwise UTF-8 a bad byte is unreadable; in one
 * that has none, the label is wrong and it is windows-1252. */
static void read_mixed(struct encoding_reader *r, struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n;) {
		const size_t plain = encoding_ascii_prefix(span_slice(s, i, s.n));
		size_t at;
		bool ok;

		buf_add(out, span_slice(s, i, i + plain));
		i += plain;
		if (i >= s.n)
			break;
		at = i;
		(void)utf8_decode(s, &i, &ok);
		if (ok) {
			r->n_valid++;
			buf_add(out, span_slice(s, at, i));
			continue;
		}
		r->n_invalid++;
		if (r->n_valid) {
			buf_add_utf8(out, 0xFFFD);
		} else {
			const unsigned b = (unsigned char)s.p[at];

			buf_add_utf8(out, b < 0xA0 ? encoding_c1[b - 0x80] : b);
			i = at + 1;
		}
	}
}

static void read_table(struct encoding_reader *r, struct buf *out, struct span s)
{
	if (!buf_reserve(out, s.n * 3))
		return;
	for (size_t i = 0; i < s.n;) {
		const size_t plain = encoding_ascii_prefix(span_slice(s, i, s.n));

		memcpy(out->p + out->n, s.p + i, plain);
		out->n += plain;
		i += plain;
		for (; i < s.n && ((unsigned char)s.p[i] & 0x80); i++) {
			const struct byte_text *t = &r->table[(unsigned char)s.p[i] - 0x80];

			memcpy(out->p + out->n, t->text, t->n);
			out->n += t->n;
		}
	}
	out->p[out->n] = '\0';
}

static void read_iconv(struct encoding_reader *r, struct buf *out, struct span s, bool final)
{
	char *from = (char *)s.p;
	size_t left = s.n;

	while (left) {
		char *to;
		size_t room, got;

		if (!buf_reserve(out, left * 2 + 64))
			return;
		to = out->p + out->n;
		room = out->capacity - out->n - 1;
		got = iconv(r->cd, &from, &left, &to, &room);
		out->n = (size_t)(to - out->p);
		out->p[out->n] = '\0';
		if (got != (size_t)-1 || errno == E2BIG)
			continue;
		if (errno == EINVAL && !final && left <= sizeof(r->tail)) {
			memcpy(r->tail, from, left);
			r->n_tail = left;
			return;
		}
		buf_add_utf8(out, 0xFFFD);
		from++;
		left--;
	}
	if (final && buf_reserve(out, 64)) {
		char *to = out->p + out->n;
		size_t room = out->capacity - out->n - 1;

		(void)iconv(r->cd, NULL, NULL, &to, &room);
		out->n = (size_t)(to - out->p);
		out->p[out->n] = '\0';
	}
}

static void read_utf8(struct encoding_reader *r, struct buf *out, struct span s, bool final)
{
	const size_t keep = final ? 0 : incomplete_end(s);

	memcpy(r->tail, s.p + s.n - keep, keep);
	r->n_tail = keep;
	s.n -= keep;
	if (r->n_invalid == 0 && encoding_valid(s, &r->n_valid))
		buf_add(out, s);
	else
		read_mixed(r, out, s);
}

static int read_piece(struct encoding_reader *r, struct buf *out, struct span s, bool final)
{
	/* Seen often: a header or declaration of a single-byte encoding over plain UTF-8. Text
	 * beyond ASCII in such an encoding is hardly ever valid UTF-8 by chance. */
	if (r->single && r->n_invalid == 0) {
		const size_t keep = final ? 0 : incomplete_end(s);
		size_t n_wide = 0;

		if (encoding_valid(span_slice(s, 0, s.n - keep), &n_wide) &&
			(n_wide || r->n_valid)) {
			r->n_valid += n_wide;
			read_utf8(r, out, s, final);
			return buf_result(out);
		}
		if (n_wide || encoding_ascii_prefix(s) < s.n)
			r->n_invalid++;
	}
	if (r->mode == MODE_UTF8)
		read_utf8(r, out, s, final);
	else if (r->mode == MODE_TABLE)
		read_table(r, out, s);
	else
		read_iconv(r, out, s, final);
	return buf_result(out);
}

/* Nobody means U+0000, and C strings end there. */
static void replace_nul(struct buf *out, size_t from)
{
	struct buf clean = {.limit_bytes = out->limit_bytes};

	if (out->failed || out->n == from || !memchr(out->p + from, '\0', out->n - from))
		return;
	utf8_repair(&clean, span_of(out->p + from, out->n - from));
	out->n = from;
	buf_add(out, buf_span(&clean));
	out->failed |= clean.failed;
	buf_deinit(&clean);
}

int encoding_read(struct encoding_reader *r, struct buf *out, struct span piece, bool final)
{
	const size_t from = out->n;
	struct buf joined = {0};

	if (r->n_tail == 0) {
		(void)read_piece(r, out, piece, final);
	} else {
		buf_add(&joined, span_of(r->tail, r->n_tail));
		buf_add(&joined, piece);
		r->n_tail = 0;
		out->failed |= joined.failed;
		(void)read_piece(r, out, buf_span(&joined), final);
		buf_deinit(&joined);
	}
	replace_nul(out, from);
	return buf_result(out);
}

bool encoding_is_identity(struct encoding_reader *r, struct span piece, size_t *ret_incomplete)
{
	size_t n_wide = 0;
	const size_t keep = incomplete_end(piece);

	if (r->mode != MODE_UTF8 || r->n_invalid || r->n_tail ||
		(piece.n && memchr(piece.p, '\0', piece.n)) ||
		!encoding_valid(span_slice(piece, 0, piece.n - keep), &n_wide))
		return false;
	r->n_valid += n_wide;
	*ret_incomplete = keep;
	return true;
}

int encoding_read_all(
	struct buf *out, struct span body, struct span content_type, size_t max_bytes)
{
	const struct encoding encoding = encoding_detect(body, content_type);
	struct encoding_reader *r = NULL;
	int result = encoding_reader_new(&r, &encoding);

	if (result < 0)
		return result;
	body = span_slice(body, encoding.skip, body.n);
	result = encoding_read(r, out, span_slice(body, 0, max_bytes), true);
	encoding_reader_free(r);
	return result;
}
