/* notify: what arrives at the service manager's socket; nothing where there is none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/notify.h"
#include "vigie/span.h"

static int manager;

static void expect(const char *start)
{
	char text[512];
	const ssize_t n = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_true(span_starts(span_str(text), span_str(start)));
}

static void what_the_manager_hears(void **state)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/vigie-notify-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%s/manager", folder);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(manager, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name.sun_path, 1), 0);
	notify_ready();
	expect("READY=1");
	notify_status("12 sources");
	expect("STATUS=12 sources");
	notify_reloading();
	expect("RELOADING=1\nMONOTONIC_USEC=");
	notify_alive();
	expect("WATCHDOG=1");
	notify_stopping();
	expect("STOPPING=1");
	(void)unsetenv("NOTIFY_SOCKET");
	notify_ready();
	assert_int_equal(recv(manager, folder, 1, MSG_DONTWAIT), -1);
	(void)close(manager);
	(void)unlink(name.sun_path);
	*strrchr(name.sun_path, '/') = '\0';
	(void)rmdir(name.sun_path);
}

static void how_often_it_wants_to_hear(void **state)
{
	char pid[24];

	(void)state;
	assert_int_equal(notify_watchdog_ms(), 0);
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
	assert_int_equal(notify_watchdog_ms(), 15000);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
	assert_int_equal(notify_watchdog_ms(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_manager_hears),
		cmocka_unit_test(how_often_it_wants_to_hear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
