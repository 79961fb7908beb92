/*
 * transfer_control: the command line asks the daemon: one HTTP request over a Unix socket, and
 * the caller waits.
 */

#include <errno.h>
#include <sys/un.h>

#include <curl/curl.h>

#include "io/http.h"

enum { CONNECT_MS = 5000, TOTAL_MS = 120000 };

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct buf *answer = arg;

	buf_add(answer, span_of(p, size * n));
	return answer->failed ? 0 : size * n;
}

static const struct {
	CURLcode code;
	int error;
} errors[] = {
	{CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT},
	{CURLE_OUT_OF_MEMORY, -ENOMEM},
	{CURLE_WRITE_ERROR, -EMSGSIZE},
	{CURLE_URL_MALFORMAT, -EINVAL},
};

static int why_failed(CURL *e, CURLcode code)
{
	long os_errno = 0;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == code)
			return errors[i].error;
	(void)curl_easy_getinfo(e, CURLINFO_OS_ERRNO, &os_errno);
	return code == CURLE_COULDNT_CONNECT && os_errno ? -(int)os_errno : -EIO;
}

static CURLcode set_request(CURL *e, const char *method, struct span body)
{
	CURLcode code = CURLE_OK;

	if (body.n || strcmp(method, "POST") == 0) {
		(void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		code = curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, body.n ? body.p : "");
	}
	if (code == CURLE_OK && strcmp(method, "HEAD") == 0)
		code = curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	else if (code == CURLE_OK)
		code = curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
	return code;
}

int http_control_ask(const char *socket_path, const char *method, const char *path,
	struct span body, struct buf *answer, int *status)
{
	struct buf url = {0};
	struct curl_slist *lines = NULL;
	long got = 0;
	CURLcode code;
	CURL *e;
	int r;

	if (strlen(socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return -ENAMETOOLONG;
	e = curl_easy_init();
	lines = curl_slist_append(NULL, "Content-Type: application/json");
	buf_addf(&url, "http://localhost%s", path);
	if (!e || !lines || url.failed) {
		code = CURLE_OUT_OF_MEMORY;
		goto out;
	}
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(e, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http");
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
	(void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, lines);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, answer);
	code = curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	if (code == CURLE_OK)
		code = curl_easy_setopt(e, CURLOPT_URL, url.p);
	if (code == CURLE_OK)
		code = set_request(e, method, body);
	if (code == CURLE_OK)
		code = curl_easy_perform(e);
out:
	r = code == CURLE_OK ? 0 : e ? why_failed(e, code) : -ENOMEM;
	if (r == 0) {
		(void)curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &got);
		*status = (int)got;
	}
	curl_slist_free_all(lines);
	curl_easy_cleanup(e);
	buf_deinit(&url);
	return r;
}
