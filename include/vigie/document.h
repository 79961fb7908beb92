#ifndef VIGIE_DOCUMENT_H
#define VIGIE_DOCUMENT_H

/*
 * document: the answer to a request, its body decompressed and bounded. Bytes are as they came:
 * reading them is the business of daemon/sources/.
 */

#include "vigie/request.h"

enum document_end {
	DOCUMENT_COMPLETE,
	DOCUMENT_TRUNCATED, /* the connection ended early, or a compressed stream did */
	DOCUMENT_OVERLONG,  /* cut at the size limit */
};

struct document {
	int status; /* HTTP; 200 for a file */
	enum document_end end;
	struct span url;          /* after redirects */
	struct span permanent_url; /* where an unbroken chain of 301/308 led; else empty */
	struct span content_type;
	struct span etag;
	struct span last_modified;
	struct span retry_after;   /* as sent */
	struct span cache_control; /* as sent */
	struct span expires;       /* as sent */
	struct span date;          /* as sent */
	const struct header *headers; /* of the last hop */
	size_t n_headers;
	struct span body;
};

#endif
