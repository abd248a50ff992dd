#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/x509.h>

// Macros of OpenSSL, which Swift does not import.
static inline void copenssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
