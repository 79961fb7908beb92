#ifndef VIGIE_SOURCES_CONNECTOR_FRAME_H
#define VIGIE_SOURCES_CONNECTOR_FRAME_H

/*
 * connector_frame: divides a stream into values: one a line (NDJSON), or one an event
 * (server-sent events, HTML Standard 9.2.6).
 */

#include "sources/tree.h"

/* Each takes the next frame off *rest. 1: *ret is filled; 0: nothing is left; -ENOMEM. A last
 * line or event without its end is not a frame. */
int connector_frame_line(struct tree *ret, struct arena *arena, struct span *rest);
int connector_frame_event(struct tree *ret, struct arena *arena, struct span *rest);

#endif
