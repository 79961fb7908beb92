/*
 * notify without libsystemd: nobody to tell.
 */

#include "io/notify.h"

void notify_ready(void)
{
}

void notify_reloading(void)
{
}

void notify_stopping(void)
{
}

void notify_status(const char *text)
{
	(void)text;
}

void notify_alive(void)
{
}

int64_t notify_watchdog_ms(void)
{
	return 0;
}
