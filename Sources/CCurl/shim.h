#include <curl/curl.h>

// curl_easy_setopt and its kin are variadic, which Swift does not import: one typed function for each kind of value.

static inline CURLcode apodns_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
