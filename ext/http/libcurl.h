/* libcurl - what this folder calls of libcurl.
 *
 * In the libraries for C programs that is <curl/curl.h> and no more. Lua's
 * module is built with SEI_LATE: libcurl is loaded by the first client, in
 * sei_http_start(), so that a script without one does not wait for it and
 * some thirty libraries behind it; and names between those are looked up as
 * they are called, where Lua's own loader would look up all of them at once
 * (dlopen(3), RTLD_LAZY). Nothing here may be called before that function was.
 */
#ifndef SEI_HTTP_LIBCURL_H
#define SEI_HTTP_LIBCURL_H

#include <curl/curl.h>

#ifdef SEI_LATE

/* Each function that is called, without its curl_. */
#define SEI_CURL_EACH(F) \
  F(easy_cleanup) F(easy_getinfo) F(easy_init) F(easy_pause) F(easy_setopt) \
  F(easy_strerror) F(free) F(global_init) F(mime_addpart) F(mime_data_cb) \
  F(mime_filename) F(mime_free) F(mime_init) F(mime_name) F(mime_type) \
  F(multi_add_handle) F(multi_cleanup) F(multi_info_read) F(multi_init) \
  F(multi_remove_handle) F(multi_setopt) F(multi_socket_action) \
  F(multi_strerror) F(multi_wakeup) F(slist_append) F(slist_free_all) \
  F(url) F(url_cleanup) F(url_get) F(url_set) F(version_info)

/* Pointers to them, of their own types. */
struct sei_curl {
#define SEI_CURL_MEMBER(name) __typeof__(curl_##name) *name;
  SEI_CURL_EACH(SEI_CURL_MEMBER)
#undef SEI_CURL_MEMBER
};

/* Filled in by sei_http_start(), and never changed after that. */
extern struct sei_curl sei_curl;

/* libcurl has macros of these names. */
#undef curl_easy_getinfo
#undef curl_easy_setopt
#undef curl_multi_setopt

#define curl_easy_cleanup sei_curl.easy_cleanup
#define curl_easy_getinfo sei_curl.easy_getinfo
#define curl_easy_init sei_curl.easy_init
#define curl_easy_pause sei_curl.easy_pause
#define curl_easy_setopt sei_curl.easy_setopt
#define curl_easy_strerror sei_curl.easy_strerror
#define curl_free sei_curl.free
#define curl_global_init sei_curl.global_init
#define curl_mime_addpart sei_curl.mime_addpart
#define curl_mime_data_cb sei_curl.mime_data_cb
#define curl_mime_filename sei_curl.mime_filename
#define curl_mime_free sei_curl.mime_free
#define curl_mime_init sei_curl.mime_init
#define curl_mime_name sei_curl.mime_name
#define curl_mime_type sei_curl.mime_type
#define curl_multi_add_handle sei_curl.multi_add_handle
#define curl_multi_cleanup sei_curl.multi_cleanup
#define curl_multi_info_read sei_curl.multi_info_read
#define curl_multi_init sei_curl.multi_init
#define curl_multi_remove_handle sei_curl.multi_remove_handle
#define curl_multi_setopt sei_curl.multi_setopt
#define curl_multi_socket_action sei_curl.multi_socket_action
#define curl_multi_strerror sei_curl.multi_strerror
#define curl_multi_wakeup sei_curl.multi_wakeup
#define curl_slist_append sei_curl.slist_append
#define curl_slist_free_all sei_curl.slist_free_all
#define curl_url sei_curl.url
#define curl_url_cleanup sei_curl.url_cleanup
#define curl_url_get sei_curl.url_get
#define curl_url_set sei_curl.url_set
#define curl_version_info sei_curl.version_info

#endif

#endif
