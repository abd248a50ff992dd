#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>

// curl_easy_setopt and its kin are variadic, which Swift does not import: one typed function for each kind of value.

static inline CURLcode apodns_curl_global_init(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

static inline CURLcode apodns_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

// NULL takes the option's default away.
static inline CURLcode apodns_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

// libcurl keeps a copy of the bytes.
static inline CURLcode apodns_curl_set_bytes(CURL *handle, CURLoption option, const void *bytes, size_t length) {
    struct curl_blob blob = {(void *)bytes, length, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

// The list must outlive the transfer.
static inline CURLcode apodns_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

// `bytes` has room for CURL_ERROR_SIZE and must outlive the handle.
static inline CURLcode apodns_curl_set_error_text(CURL *handle, char *bytes) {
    return curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, bytes);
}

// What the pointer leads to must outlive the transfer; of CURLOPT_COPYPOSTFIELDS libcurl keeps a copy, as long as
// CURLOPT_POSTFIELDSIZE has said before.
static inline CURLcode apodns_curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

// Who opens and closes the sockets of a handle's connections. `context` must outlive the connections.
static inline CURLcode apodns_curl_set_socket_functions(
    CURL *handle, curl_opensocket_callback open, curl_closesocket_callback close, void *context) {
    CURLcode result = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, close);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, context);
    return result;
}

// Who sets up the SSL_CTX of a new connection. `context` must outlive the handle.
static inline CURLcode apodns_curl_set_tls_function(CURL *handle, curl_ssl_ctx_callback function, void *context) {
    CURLcode result = curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, function);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, context);
    return result;
}

// Who waits for sockets and time in the place of libcurl. `context` must outlive the multi handle.
static inline CURLMcode apodns_curl_multi_set_functions(
    CURLM *multi, curl_socket_callback socket, curl_multi_timer_callback timer, void *context) {
    CURLMcode result = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    if (result == CURLM_OK) result = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    if (result == CURLM_OK) result = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    if (result == CURLM_OK) result = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return result;
}

static inline CURLMcode apodns_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLSHcode apodns_curl_share(CURLSH *share, curl_lock_data what) {
    return curl_share_setopt(share, CURLSHOPT_SHARE, what);
}

// What libcurl does TLS with, such as "OpenSSL/3.0.13".
static inline const char *apodns_curl_tls_library(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info != NULL && info->ssl_version != NULL ? info->ssl_version : "no TLS library";
}

// NULL where the response has none. It lasts until the handle's next transfer begins.
static inline const char *apodns_curl_get_string(CURL *handle, CURLINFO info) {
    char *value = NULL;
    return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? value : NULL;
}

typedef size_t (*apodns_curl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode apodns_curl_set_receivers(
    CURL *handle, apodns_curl_receiver header, apodns_curl_receiver body, void *context) {
    CURLcode result = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, header);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_HEADERDATA, context);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_WRITEDATA, context);
    return result;
}

// The milliseconds for TCP_USER_TIMEOUT are the context itself.
static inline int apodns_curl_socket_made(void *context, curl_socket_t descriptor, curlsocktype purpose) {
    int milliseconds = (int)(intptr_t)context;
    (void)purpose;
    // A kernel without it (before 2.6.37) still has keep-alive, so a failure does not matter.
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
    return CURL_SOCKOPT_OK;
}

// How long a peer may leave bytes or probes unanswered before its connections count as broken (tcp(7)).
static inline CURLcode apodns_curl_set_unanswered_limit(CURL *handle, int milliseconds) {
    CURLcode result = curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, apodns_curl_socket_made);
    if (result == CURLE_OK) result = curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, (void *)(intptr_t)milliseconds);
    return result;
}

static inline long apodns_curl_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(handle, info, &value) == CURLE_OK ? value : 0;
}

// The next transfer that ended, or NULL; its result is stored.
static inline CURL *apodns_curl_multi_ended(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}
