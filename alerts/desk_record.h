#ifndef VIGIE_ALERTS_DESK_RECORD_H
#define VIGIE_ALERTS_DESK_RECORD_H

/*
 * desk_record: the form of the desk's records, version 1. The first byte is the version;
 * numbers and texts as alerts/pack.h has them, times in milliseconds since 1970, severities in
 * hundredths, both signed; KEY, PILE are 16 bytes.
 *
 *   key                  what, and its bytes behind the version
 *   c:RECEIVER           counters: candidates sent digested muted silenced folded dead. What is
 *                        pending is counted from the other records.
 *   b:RECEIVER           budget: for hour, day, week: has a window (0, 1); then its number,
 *                        used, due, mean (signed). Number of scores, place of the next, scores.
 *                        Has a rate window (0, 1); then its begin, used.
 *   p:PILE               what waits: kind (0 group, 1 update, 2 digest), flags (1 alone, 2
 *                        held, 4 acknowledged, 8 told before), receiver, text, route, due,
 *                        opened. If told before: when; and if no digest: delivery, item as
 *                        below with its KEY in front, how many, repeats.
 *   i:PILE:ITEM          an item in it: flags (1 has a story other than itself, 2 is a notice,
 * 4 has labels), KEY of the story, when taken, severity, text of the notice, labels
 * (alerts/desk_labels.c) s:HEAD:RECEIVER      a story told: state (0 waiting, 1 told, 2 in a
 * digest), flags (1 by budget, 2 acknowledged, 4 critical), when forgotten, mentions, sites,
 *                        reached, PILE, delivery (empty: none)
 *   k:ITEM               taken: its number, growing with each
 *   o:DELIVERY           on its way: flags (1 digest, 2 dead), receiver, number of items
 *   x:SILENCE            receiver, author, comment, from, until (each has (0, 1), then a time),
 *                        number of matchers; each: key, number of values; each: text, has a
 *                        range (0, 1), two doubles (IEEE 754, low byte first)
 *   m:HASH               a mute: key, value, receiver, until (has, time)
 *   z:policy             the mark of the policy (alerts/desk_mark.c), eight bytes, low ones
 * first
 *
 * In keys, PILE, HEAD and ITEM are hexadecimal; HASH is one of the mute.
 */

enum { DESK_RECORD_VERSION = 1 };

#endif
