#include "mime.h"

#include "sign.h"
#include "text.h"
#include "vigie/utf8.h"

/* RFC 2047 section 2; the frame is what stands around the text of an encoded-word. */
enum { ENCODED_WORD = 75, Q_FRAME = 12 };

static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool contains(struct span s, const char *what)
{
	return s.n && memmem(s.p, s.n, what, strlen(what));
}

/* Can it stand in a header as it is, folded at its spaces? */
static bool is_plain(struct span s)
{
	enum { WORD = 60 };
	size_t run = 0;

	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] > 0x7E || s.p[i] < 0x20)
			return false;
		run = s.p[i] == ' ' ? 0 : run + 1;
		if (run > WORD)
			return false;
	}
	return !contains(s, "=?");
}

/* The characters RFC 2047 section 5 (3) allows in any place, a phrase included. */
static bool is_q_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!*+-/", c));
}

static size_t q_units(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ' ' || is_q_safe(s.p[i]) ? 1 : 3;
	return n;
}

static bool mostly_ascii(struct span s)
{
	size_t high = 0;

	for (size_t i = 0; i < s.n; i++)
		high += (unsigned char)s.p[i] > 0x7F;
	return high * 2 <= s.n;
}

static void add_q(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			buf_add_char(out, '_');
		else if (is_q_safe(s.p[i]))
			buf_add_char(out, s.p[i]);
		else
			buf_addf(out, "=%02X", (unsigned)(unsigned char)s.p[i]);
	}
}

/* Encoded-words of whole code points; `column` is where the line stands. Returns the new
 * column. */
static size_t add_encoded(struct buf *out, struct span s, size_t column)
{
	const bool q = mostly_ascii(s); /* else base64 is shorter, and no harder to read */

	for (size_t start = 0, i = 0; start < s.n; start = i) {
		size_t room = column < MIME_LINE ? MIME_LINE - column : 0;
		size_t used;

		if (start) {
			buf_add_str(out, "\r\n ");
			column = 1;
			room = ENCODED_WORD;
		}
		room = room > ENCODED_WORD ? ENCODED_WORD : room;
		room = room > Q_FRAME ? room - Q_FRAME : 0;
		for (used = 0; i < s.n;) {
			size_t next = i, units;

			(void)utf8_next(s, &next);
			units = q ? q_units(span_slice(s, start, next))
				  : (next - start + 2) / 3 * 4;
			if (units > room)
				break;
			used = units;
			i = next;
		}
		if (i == start) { /* no room behind a long name: on the next line there is */
			buf_add_str(out, "\r\n ");
			column = 1;
			continue;
		}
		buf_addf(out, "=?UTF-8?%c?", q ? 'Q' : 'B');
		if (q)
			add_q(out, span_slice(s, start, i));
		else
			sign_base64(out, span_slice(s, start, i));
		buf_add_str(out, "?=");
		column += used + Q_FRAME;
	}
	return column;
}

/* Folds at spaces. */
static size_t add_plain(struct buf *out, struct span s, size_t column)
{
	for (size_t i = 0; i < s.n;) {
		const size_t end = i + span_find(span_slice(s, i, s.n), ' ');

		if (i && column + 1 + (end - i) > MIME_LINE) {
			buf_add_str(out, "\r\n ");
			column = 1;
		} else if (i) {
			buf_add_char(out, ' ');
			column++;
		}
		buf_add(out, span_slice(s, i, end));
		column += end - i;
		i = end + 1;
	}
	return column;
}

int mime_header(struct buf *out, struct arena *arena, const char *name, struct span value)
{
	const size_t column = strlen(name) + 2;

	value = text_heading(arena, value);
	if (!value.p)
		return -ENOMEM;
	buf_addf(out, "%s: ", name);
	(void)(is_plain(value) ? add_plain : add_encoded)(out, value, column);
	buf_add_str(out, "\r\n");
	return 0;
}

static bool is_atoms(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_atext(s.p[i]) && s.p[i] != ' ')
			return false;
	return is_plain(s);
}

int mime_mailbox(struct buf *out, struct arena *arena, const char *name, struct span phrase,
	struct span address)
{
	size_t column = strlen(name) + 2;

	phrase = text_heading(arena, phrase);
	if (!phrase.p)
		return -ENOMEM;
	buf_addf(out, "%s: ", name);
	if (!span_empty(phrase)) {
		column = (is_atoms(phrase) ? add_plain : add_encoded)(out, phrase, column);
		buf_add_str(out, column + address.n + 3 > MIME_LINE ? "\r\n " : " ");
	}
	buf_addf(out, "<%.*s>\r\n", SPAN_ARG(address));
	return 0;
}

static bool is_dot_atom(struct span s, bool host)
{
	bool dot = true;

	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (c == '.' ? dot
			     : !(host ? is_atext(c) && !strchr("!#$%&'*+/=?^_`{|}~", c)
				      : is_atext(c)))
			return false;
		dot = c == '.';
	}
	return !dot;
}

void mime_raw(struct buf *out, const char *name, struct span value)
{
	const char *fold = strlen(name) + 2 + value.n > MIME_LINE ? "\r\n" : "";

	buf_addf(out, "%s:%s %.*s\r\n", name, fold, SPAN_ARG(value));
}

bool mime_address_ok(struct span address)
{
	const size_t at = span_find(address, '@');

	/* RFC 5321 section 4.5.3.1: 64 octets, and 254 with the domain. */
	return at <= 64 && address.n <= 254 && is_dot_atom(span_slice(address, 0, at), false) &&
	       is_dot_atom(mime_domain(address), true);
}

struct span mime_domain(struct span address)
{
	return span_slice(address, span_find(address, '@') + 1, address.n);
}

static size_t quoted_one(char out[4 * 3 + 1], struct span s, size_t from, size_t to)
{
	const char c = s.p[from];
	const bool at_end = to == s.n || s.p[to] == '\n';
	size_t n = 0;

	if ((c > ' ' && c < 0x7F && c != '=') || ((c == ' ' || c == '\t') && !at_end)) {
		out[n++] = c;
		return n;
	}
	for (; from < to; from++)
		n += (size_t)snprintf(out + n, 4, "=%02X", (unsigned)(unsigned char)s.p[from]);
	return n;
}

void mime_quoted(struct buf *out, struct span text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.n;) {
		const size_t at = i;
		char bytes[4 * 3 + 1];
		size_t n;

		if (text.p[i] == '\n') {
			buf_add_str(out, "\r\n");
			column = 0;
			i++;
			continue;
		}
		(void)utf8_next(text, &i);
		n = quoted_one(bytes, text, at, i);
		/* "From " at the beginning of a line is changed by some old mail stores. */
		if (column == 0 && span_starts(span_slice(text, at, text.n), SPAN("From ")))
			n = (size_t)snprintf(bytes, sizeof(bytes), "=46");
		if (column + n > MIME_LINE - 1) {
			buf_add_str(out, "=\r\n");
			column = 0;
		}
		buf_add(out, span_of(bytes, n));
		column += n;
	}
	if (column)
		buf_add_str(out, "\r\n");
}

void mime_date(struct buf *out, struct wall at)
{
	static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec"};
	const int64_t seconds = at.ms > 0 ? at.ms / 1000 : 0;
	const int64_t day_number = seconds / 86400;
	int64_t year;
	int month, day;

	civil_from_days(day_number, &year, &month, &day);
	buf_addf(out, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[day_number % 7], day,
		months[month - 1], (int)year, (int)(seconds / 3600 % 24),
		(int)(seconds / 60 % 60), (int)(seconds % 60));
}

struct span mime_label(struct arena *arena, struct span text)
{
	enum { LABEL = 40, HEAD = 23 };
	const size_t n = text.n > LABEL ? HEAD : text.n;
	char hash[SIGN_HASH_HEX + 1] = "", *out = arena_alloc(arena, LABEL + 1);
	bool changed = text.n > LABEL;
	size_t used = 0;

	if (!out)
		return SPAN_NONE;
	for (size_t i = 0; i < n; i++) {
		const char c = ascii_lower(text.p[i]);
		const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		changed = changed || (unsigned char)c > 0x7F;
		if (fits)
			out[used++] = c;
		else if (used && out[used - 1] != '-')
			out[used++] = '-';
	}
	while (used && out[used - 1] == '-')
		used--;
	/* What lost letters of another script is told apart by a hash. */
	if (changed || !used) {
		if (sign_hash(hash, text) < 0)
			return SPAN_NONE;
		if (used > HEAD)
			used = HEAD;
		used += (size_t)snprintf(
			out + used, LABEL + 1 - used, "%s%.16s", used ? "-" : "", hash);
	}
	out[used] = '\0';
	return (struct span){out, used};
}
