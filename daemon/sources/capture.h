#ifndef VIGIE_SOURCES_CAPTURE_H
#define VIGIE_SOURCES_CAPTURE_H

/*
 * capture: the content of one element, gathered from tokens and turned into a plain value when
 * the element ends. Knows how feeds write text: literally, as escaped HTML, as inline XHTML, in
 * base64.
 */

#include <stdbool.h>

#include "sources/xml.h"
#include "vigie/buf.h"

enum capture_mode {
	CAPTURE_PLAIN, /* tags inside are passed over, text is literal */
	CAPTURE_HTML,  /* the text is HTML once decoded; elements inside are too */
	CAPTURE_XHTML, /* elements are markup, text is literal */
};

struct capture {
	enum capture_mode mode;
	bool base64;
	size_t limit_bytes;
	struct span direct; /* all there is so far, still in the input; or none */
	struct buf source;
	struct buf scratch;
};

/* Forgets the content, keeps the memory. */
void capture_start(struct capture *c, enum capture_mode mode, bool base64, size_t limit_bytes);
void capture_deinit(struct capture *c);

/* A token inside the element. */
void capture_text(struct capture *c, struct xml *x, struct span raw);
void capture_cdata(struct capture *c, struct span text);
void capture_open(struct capture *c, struct span name, bool empty);
void capture_close(struct capture *c, struct span name);

/* To be called before the input the tokens came from goes away. */
void capture_hold(struct capture *c);

/* What was gathered, as literal text. Valid until the next start. */
struct span capture_value(struct capture *c);

/* The same as plain text in one line, or in many; appended to out. */
void capture_plain(struct capture *c, struct buf *out, unsigned html_flags, size_t max_bytes);

/* How an Atom text construct (RFC 4287, section 3.1 and 4.1.3; Atom 0.3's mode) is written. */
void capture_atom_mode(
	struct span type, struct span mode, enum capture_mode *ret_mode, bool *ret_base64);

#endif
