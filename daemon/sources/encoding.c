#include "sources/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vigie/cleanup.h"
#include "vigie/utf8.h"

/* Labels whose meaning on the web differs from what iconv makes of them, or that iconv lacks
 * (WHATWG Encoding, section 4.2). Anything else is asked of iconv as it is written. */
static const struct {
	const char *label, *name;
} labels[] = {
        {"ansi_x3.4-1968", "windows-1252"},
        {"ascii", "windows-1252"},
        {"big5", "big5-hkscs"},
        {"big5-hkscs", "big5-hkscs"},
        {"chinese", "gb18030"},
        {"cn-big5", "big5-hkscs"},
        {"cp1252", "windows-1252"},
        {"cp819", "windows-1252"},
        {"csbig5", "big5-hkscs"},
        {"cseuckr", "cp949"},
        {"csgb2312", "gb18030"},
        {"csiso2022jp", "iso-2022-jp"},
        {"csiso885915", "iso-8859-15"},
        {"csisolatin1", "windows-1252"},
        {"csisolatin5", "windows-1254"},
        {"cskoi8r", "koi8-r"},
        {"csmacintosh", "macintosh"},
        {"csshiftjis", "cp932"},
        {"dos-874", "windows-874"},
        {"euc-kr", "cp949"},
        {"gb2312", "gb18030"},
        {"gb_2312-80", "gb18030"},
        {"gbk", "gb18030"},
        {"ibm819", "windows-1252"},
        {"iso-10646-ucs-2", "utf-16le"},
        {"iso-8859-1", "windows-1252"},
        {"iso-8859-11", "windows-874"},
        {"iso-8859-8-e", "iso-8859-8"},
        {"iso-8859-8-i", "iso-8859-8"},
        {"iso-8859-9", "windows-1254"},
        {"iso-ir-100", "windows-1252"},
        {"iso8859-1", "windows-1252"},
        {"iso88591", "windows-1252"},
        {"iso_8859-1", "windows-1252"},
        {"iso_8859-1:1987", "windows-1252"},
        {"koi", "koi8-r"},
        {"koi8", "koi8-r"},
        {"koi8_r", "koi8-r"},
        {"korean", "cp949"},
        {"ks_c_5601-1987", "cp949"},
        {"ksc5601", "cp949"},
        {"l1", "windows-1252"},
        {"latin1", "windows-1252"},
        {"latin-1", "windows-1252"},
        {"latin5", "windows-1254"},
        {"latin9", "iso-8859-15"},
        {"mac", "macintosh"},
        {"ms_kanji", "cp932"},
        {"ms932", "cp932"},
        {"shift-jis", "cp932"},
        {"shift_jis", "cp932"},
        {"sjis", "cp932"},
        {"tis-620", "windows-874"},
        {"ucs-2", "utf-16le"},
        {"unicode", "utf-16le"},
        {"unicode-1-1-utf-8", "utf-8"},
        {"us-ascii", "windows-1252"},
        {"utf-16", "utf-16le"},
        {"utf8", "utf-8"},
        {"utf_8", "utf-8"},
        {"windows-31j", "cp932"},
        {"windows-874", "windows-874"},
        {"windows-949", "cp949"},
        {"x-cp1250", "windows-1250"},
        {"x-cp1251", "windows-1251"},
        {"x-cp1252", "windows-1252"},
        {"x-euc-jp", "euc-jp"},
        {"x-gbk", "gb18030"},
        {"x-mac-cyrillic", "mac-cyrillic"},
        {"x-mac-roman", "macintosh"},
        {"x-sjis", "cp932"},
        {"x-x-big5", "big5-hkscs"},
};

/* Where glibc's name differs from the web's. */
static const struct {
	const char *name, *iconv;
} iconv_names[] = {
        {"mac-cyrillic", "MAC-CYRILLIC"},
        {"windows-1250", "CP1250"},
        {"windows-1251", "CP1251"},
        {"windows-1252", "CP1252"},
        {"windows-1253", "CP1253"},
        {"windows-1254", "CP1254"},
        {"windows-1255", "CP1255"},
        {"windows-1256", "CP1256"},
        {"windows-1257", "CP1257"},
        {"windows-1258", "CP1258"},
        {"windows-874", "CP874"},
};

/* U+0080 to U+009F as windows-1252 has them; the five it leaves undefined are themselves. */
const uint16_t encoding_c1[32] = {0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019,
        0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,
        0x017E, 0x0178};

static iconv_t open_name(const char *name)
{
	for (size_t i = 0; i < sizeof(iconv_names) / sizeof(*iconv_names); i++)
		if (strcmp(iconv_names[i].name, name) == 0)
			return iconv_open("UTF-8", iconv_names[i].iconv);
	return iconv_open("UTF-8", name);
}

/* Writes the name of a label into out; false when nobody knows it. */
static bool resolve_label(char out[ENCODING_NAME_BYTES], struct span label)
{
	char low[ENCODING_NAME_BYTES];
	iconv_t cd;

	label = span_trim(label);
	if (label.n == 0 || label.n >= sizeof(low))
		return false;
	for (size_t i = 0; i < label.n; i++) {
		const char c = ascii_lower(label.p[i]);

		/* "//" and "," would be options to iconv. */
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("-_.:()+", c)))
			return false;
		low[i] = c;
	}
	low[label.n] = '\0';
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (strcmp(labels[i].label, low) == 0) {
			(void)snprintf(out, ENCODING_NAME_BYTES, "%s", labels[i].name);
			return true;
		}
	if (strcmp(low, "utf-8") != 0) {
		cd = open_name(low);
		if (cd == (iconv_t)-1)
			return false;
		(void)iconv_close(cd);
	}
	(void)snprintf(out, ENCODING_NAME_BYTES, "%s", low);
	return true;
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

static bool is_wide(const char *name)
{
	return strncmp(name, "utf-16", 6) == 0 || strncmp(name, "utf-32", 6) == 0 ||
	       strncmp(name, "ucs", 3) == 0;
}

struct encoding encoding_detect(struct span head, struct span content_type)
{
	struct encoding e = {.name = "utf-8"};

	head = span_slice(head, 0, ENCODING_SNIFF_BYTES);
	if (by_first_bytes(&e, head))
		return e;
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
	struct byte_text table[128]; /* of the bytes from 0x80 */
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
		for (unsigned b = 0x80; b < 0x100; b++)
			set_byte(&r->table[b - 0x80], b < 0xA0 ? encoding_c1[b - 0x80] : b);
	} else if (strcmp(encoding->name, "windows-1258") != 0 && !is_wide(encoding->name) &&
	           strncmp(encoding->name, "iso-2022", 8) != 0 && fill_table(r)) {
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

	for (; i + 32 <= s.n; i += 32) {
		uint64_t w[4];

		memcpy(w, s.p + i, 32);
		if ((w[0] | w[1] | w[2] | w[3]) & high)
			break;
	}
	for (; i + 8 <= s.n; i += 8) {
		uint64_t w;

		memcpy(&w, s.p + i, 8);
		if (w & high)
			return i + (size_t)__builtin_ctzll(w & high) / 8;
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
	bool ok = true;

	for (size_t i = 0; i < s.n;) {
		i += encoding_ascii_prefix(span_slice(s, i, s.n));
		while (i < s.n && ((unsigned char)s.p[i] & 0x80)) {
			const unsigned char *p = (const unsigned char *)s.p + i;

			/* the common case, without the bounds of E0, ED, F0, F4 */
			if (p[0] >= 0xC2 && p[0] < 0xE0 && i + 1 < s.n &&
			        (p[1] & 0xC0) == 0x80) {
				i += 2;
			} else {
				(void)utf8_decode(s, &i, &ok);
				if (!ok)
					return false;
			}
			++*n_wide;
		}
	}
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
			const struct byte_text *t = &r->table[(unsigned char)s.p[at] - 0x80];

			buf_add(out, span_of(t->text, t->n));
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

int encoding_read(struct encoding_reader *r, struct buf *out, struct span piece, bool final)
{
	struct buf joined = {0};
	int ret;

	if (r->n_tail == 0)
		return read_piece(r, out, piece, final);
	buf_add(&joined, span_of(r->tail, r->n_tail));
	buf_add(&joined, piece);
	r->n_tail = 0;
	ret = joined.failed ? -ENOMEM : read_piece(r, out, buf_span(&joined), final);
	buf_deinit(&joined);
	return ret;
}

bool encoding_is_identity(struct encoding_reader *r, struct span piece, size_t *ret_incomplete)
{
	size_t n_wide = 0;
	const size_t keep = incomplete_end(piece);

	if (r->mode != MODE_UTF8 || r->n_invalid || r->n_tail ||
	        !encoding_valid(span_slice(piece, 0, piece.n - keep), &n_wide))
		return false;
	r->n_valid += n_wide;
	*ret_incomplete = keep;
	return true;
}
