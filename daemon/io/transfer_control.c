#include "io/transfer_control.h"

#include <errno.h>

#include <curl/curl.h>

enum { CONTROL_MS = 30000, ANSWER_MAX = 64 * 1024 * 1024 };

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	buf_add(arg, span_of(data, size * n));
	return ((struct buf *)arg)->failed ? 0 : size * n;
}

int http_control_ask(const char *socket_path, const char *method, const char *path,
	struct span body, struct buf *answer, int *status)
{
	CURL *easy = curl_easy_init();
	struct buf url = {0};
	long code = 0;
	CURLcode r;

	buf_addf(&url, "http://localhost%s", path);
	if (!easy || url.failed) {
		curl_easy_cleanup(easy);
		buf_deinit(&url);
		return -ENOMEM;
	}
	answer->limit_bytes = ANSWER_MAX;
	(void)curl_easy_setopt(easy, CURLOPT_URL, url.p);
	(void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)CONTROL_MS);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
	if (body.n || strcmp(method, "POST") == 0) {
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.n ? body.p : "");
	}
	(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	r = curl_easy_perform(easy);
	if (r == CURLE_OK)
		(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_cleanup(easy);
	buf_deinit(&url);
	*status = (int)code;
	return r == CURLE_OK ? 0 : r == CURLE_OUT_OF_MEMORY ? -ENOMEM : -ECONNREFUSED;
}
