#ifndef VIGIE_IO_NOTIFY_H
#define VIGIE_IO_NOTIFY_H

/*
 * notify: what the service manager is told (notify_systemd.c; notify_none.c without libsystemd).
 */

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
void notify_status(const char *text);
void notify_alive(void);            /* feeds the watchdog */
int64_t notify_watchdog_ms(void);   /* how often notify_alive() is wanted; 0: no watchdog */

#endif
