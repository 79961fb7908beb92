#include "line/json_text.h"

#include <math.h>
#include <stdlib.h>

void json_add_string(struct buf *out, struct span text)
{
	static const char digits[] = "0123456789abcdef";
	size_t clean = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];
		char escape[6] = {'\\', (char)c};
		size_t n = 2;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		switch (c) {
		case '"':
		case '\\':
			break;
		case '\n':
			escape[1] = 'n';
			break;
		case '\r':
			escape[1] = 'r';
			break;
		case '\t':
			escape[1] = 't';
			break;
		case '\0':
			escape[0] = ' ';
			n = 1;
			break;
		default:
			memcpy(escape, "\\u00", 4);
			escape[4] = digits[c >> 4];
			escape[5] = digits[c & 15];
			n = 6;
		}
		buf_add(out, span_of(text.p + clean, i - clean));
		buf_add(out, span_of(escape, n));
		clean = i + 1;
	}
	if (text.n > clean)
		buf_add(out, span_of(text.p + clean, text.n - clean));
	buf_add_char(out, '"');
}

void json_add_number(struct buf *out, double value)
{
	char text[32];

	if (!isfinite(value)) {
		buf_add(out, SPAN("null"));
		return;
	}
	if (value == floor(value) && fabs(value) < 9007199254740992.0) { /* 2^53 */
		buf_addf(out, "%lld", (long long)value);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		(void)snprintf(text, sizeof(text), "%.*g", precision, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_add_str(out, text);
}

void json_add_time(struct buf *out, struct wall t)
{
	char text[RFC3339_SIZE];

	if (wall_rfc3339(text, t)[0] == '\0')
		buf_add(out, SPAN("null"));
	else
		buf_addf(out, "\"%s\"", text);
}

void json_add_strings(struct buf *out, const struct span *texts, size_t n)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_add_char(out, ',');
		json_add_string(out, texts[i]);
	}
	buf_add_char(out, ']');
}
