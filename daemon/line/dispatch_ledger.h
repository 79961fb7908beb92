#ifndef VIGIE_LINE_DISPATCH_LEDGER_H
#define VIGIE_LINE_DISPATCH_LEDGER_H

/*
 * dispatch_ledger: what the desk decided of each item and receiver, on its way from the outbox,
 * where it stands since the step that decided it, to the archive's ledger. Forgotten there only
 * when it is durable here; a kill in between writes the same once more. What comes of a
 * delivery the ledger is told by post.
 */

#include "io/loop.h"
#include "line/archive.h"

struct dispatch_ledger;
struct outbox;

int dispatch_ledger_new(struct dispatch_ledger **ret, struct loop *loop, struct outbox *outbox,
	struct archive *archive);
/* When the loop runs no more, or the archive is freed; before the outbox is. */
struct dispatch_ledger *dispatch_ledger_free(struct dispatch_ledger *ledger);

/* There may be news; also when the outbox came up. */
void dispatch_ledger_go(struct dispatch_ledger *ledger);

#endif
