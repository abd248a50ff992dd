#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Macros of OpenSSL, which Swift does not import.
static inline void copenssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

// An idle connection keeps no buffers.
static inline void copenssl_release_buffers(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

// The peer is sent the certificates that were given, and none that happen to be among the authorities.
static inline void copenssl_add_nothing_to_chain(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
}

static inline int copenssl_set_lowest_version(SSL_CTX *context, int version) {
    return SSL_CTX_set_min_proto_version(context, version);
}

static inline void copenssl_set_session_cache_mode(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

// Takes its own reference of the certificate.
static inline int copenssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int copenssl_set_server_name(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

// No renegotiation, no compression.
static inline void copenssl_set_restrictions(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

// As much is read at once as there is room for.
static inline void copenssl_read_ahead(SSL_CTX *context) {
    SSL_CTX_set_read_ahead(context, 1);
}

// The certificates behind a context's own, each counted once more; NULL are none.
static inline int copenssl_copy_chain(SSL_CTX *from, SSL_CTX *to) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(from, &chain);
    return chain == NULL ? 1 : (int)SSL_CTX_set1_chain(to, chain);
}
