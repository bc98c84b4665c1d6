#ifndef LESSONS_COPENSSL_SHIMS_H
#define LESSONS_COPENSSL_SHIMS_H

// OpenSSL as Swift sees it: functions and simple constants come in by themselves; whatever OpenSSL
// offers only as a macro or with a variable argument list gets a `static inline` function here,
// prefixed `lessons_` and otherwise named for what it wraps. No logic lives in this file.

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/objects.h>
#include <openssl/ocsp.h>
#include <openssl/opensslv.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// MARK: Memory

static inline void *lessons_OPENSSL_malloc(size_t count) { return OPENSSL_malloc(count); }
static inline void lessons_OPENSSL_free(void *pointer) { OPENSSL_free(pointer); }

// MARK: Errors

static inline int lessons_ERR_GET_LIB(unsigned long code) { return ERR_GET_LIB(code); }
static inline int lessons_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }

// MARK: EVP

static inline EVP_PKEY *lessons_EVP_EC_gen(const char *curve) { return EVP_EC_gen(curve); }
static inline EVP_PKEY *lessons_EVP_PKEY_Q_keygen_ED25519(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

// MARK: BIO

static inline long lessons_BIO_get_mem_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }
static inline int lessons_BIO_pending(BIO *bio) { return (int)BIO_pending(bio); }
static inline int lessons_BIO_flush(BIO *bio) { return (int)BIO_flush(bio); }
static inline void lessons_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void lessons_BIO_set_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void lessons_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline int lessons_BIO_should_retry(BIO *bio) { return BIO_should_retry(bio); }
static inline int lessons_BIO_should_read(BIO *bio) { return BIO_should_read(bio); }
static inline int lessons_BIO_should_write(BIO *bio) { return BIO_should_write(bio); }

// MARK: X509 and its stacks

static inline void lessons_X509V3_set_ctx_nodb(X509V3_CTX *context) { X509V3_set_ctx_nodb(context); }

/// RFC 4514 text in UTF-8: control characters are escaped, letters beyond ASCII are kept.
static inline unsigned long lessons_XN_FLAG_RFC4514(void) { return XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB; }

static inline STACK_OF(X509) *lessons_sk_X509_new_null(void) { return sk_X509_new_null(); }
static inline int lessons_sk_X509_num(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *lessons_sk_X509_value(const STACK_OF(X509) *stack, int index) {
    return sk_X509_value(stack, index);
}
static inline int lessons_sk_X509_push(STACK_OF(X509) *stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
static inline void lessons_sk_X509_free(STACK_OF(X509) *stack) { sk_X509_free(stack); }
static inline void lessons_sk_X509_pop_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }

static inline STACK_OF(X509_NAME) *lessons_sk_X509_NAME_new_null(void) { return sk_X509_NAME_new_null(); }
static inline int lessons_sk_X509_NAME_num(const STACK_OF(X509_NAME) *stack) { return sk_X509_NAME_num(stack); }
static inline X509_NAME *lessons_sk_X509_NAME_value(const STACK_OF(X509_NAME) *stack, int index) {
    return sk_X509_NAME_value(stack, index);
}
static inline int lessons_sk_X509_NAME_push(STACK_OF(X509_NAME) *stack, X509_NAME *name) {
    return sk_X509_NAME_push(stack, name);
}
static inline void lessons_sk_X509_NAME_pop_free(STACK_OF(X509_NAME) *stack) {
    sk_X509_NAME_pop_free(stack, X509_NAME_free);
}

static inline STACK_OF(GENERAL_NAME) *lessons_sk_GENERAL_NAME_new_null(void) {
    return sk_GENERAL_NAME_new_null();
}
static inline int lessons_sk_GENERAL_NAME_num(const STACK_OF(GENERAL_NAME) *stack) {
    return sk_GENERAL_NAME_num(stack);
}
static inline GENERAL_NAME *lessons_sk_GENERAL_NAME_value(const STACK_OF(GENERAL_NAME) *stack, int index) {
    return sk_GENERAL_NAME_value(stack, index);
}
static inline int lessons_sk_GENERAL_NAME_push(STACK_OF(GENERAL_NAME) *stack, GENERAL_NAME *name) {
    return sk_GENERAL_NAME_push(stack, name);
}
static inline void lessons_sk_GENERAL_NAME_pop_free(STACK_OF(GENERAL_NAME) *stack) {
    sk_GENERAL_NAME_pop_free(stack, GENERAL_NAME_free);
}
/// The octets of a URI, DNS or IP name; NULL for every other kind.
static inline const ASN1_STRING *lessons_GENERAL_NAME_string(const GENERAL_NAME *name) {
    switch (name->type) {
    case GEN_URI: return name->d.uniformResourceIdentifier;
    case GEN_DNS: return name->d.dNSName;
    case GEN_IPADD: return name->d.iPAddress;
    default: return NULL;
    }
}

static inline int lessons_sk_X509_REVOKED_num(const STACK_OF(X509_REVOKED) *stack) {
    return sk_X509_REVOKED_num(stack);
}
static inline X509_REVOKED *lessons_sk_X509_REVOKED_value(const STACK_OF(X509_REVOKED) *stack, int index) {
    return sk_X509_REVOKED_value(stack, index);
}

static inline STACK_OF(X509_EXTENSION) *lessons_sk_X509_EXTENSION_new_null(void) {
    return sk_X509_EXTENSION_new_null();
}
static inline int lessons_sk_X509_EXTENSION_push(STACK_OF(X509_EXTENSION) *stack, X509_EXTENSION *extension) {
    return sk_X509_EXTENSION_push(stack, extension);
}
static inline void lessons_sk_X509_EXTENSION_pop_free(STACK_OF(X509_EXTENSION) *stack) {
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}

static inline int lessons_sk_ASN1_OBJECT_num(const STACK_OF(ASN1_OBJECT) *stack) {
    return sk_ASN1_OBJECT_num(stack);
}
static inline ASN1_OBJECT *lessons_sk_ASN1_OBJECT_value(const STACK_OF(ASN1_OBJECT) *stack, int index) {
    return sk_ASN1_OBJECT_value(stack, index);
}
static inline int lessons_sk_POLICYINFO_num(const STACK_OF(POLICYINFO) *stack) {
    return sk_POLICYINFO_num(stack);
}
static inline POLICYINFO *lessons_sk_POLICYINFO_value(const STACK_OF(POLICYINFO) *stack, int index) {
    return sk_POLICYINFO_value(stack, index);
}

// MARK: SSL options and modes

static inline uint64_t lessons_SSL_OP_NO_RENEGOTIATION(void) { return SSL_OP_NO_RENEGOTIATION; }
static inline uint64_t lessons_SSL_OP_NO_COMPRESSION(void) { return SSL_OP_NO_COMPRESSION; }
static inline uint64_t lessons_SSL_OP_NO_TICKET(void) { return SSL_OP_NO_TICKET; }
static inline uint64_t lessons_SSL_OP_CIPHER_SERVER_PREFERENCE(void) { return SSL_OP_CIPHER_SERVER_PREFERENCE; }
static inline uint64_t lessons_SSL_OP_PRIORITIZE_CHACHA(void) { return SSL_OP_PRIORITIZE_CHACHA; }
static inline uint64_t lessons_SSL_OP_IGNORE_UNEXPECTED_EOF(void) { return SSL_OP_IGNORE_UNEXPECTED_EOF; }
static inline uint64_t lessons_SSL_OP_NO_ANTI_REPLAY(void) { return SSL_OP_NO_ANTI_REPLAY; }
static inline uint64_t lessons_SSL_OP_ENABLE_MIDDLEBOX_COMPAT(void) { return SSL_OP_ENABLE_MIDDLEBOX_COMPAT; }
static inline long lessons_SSL_MODE_RELEASE_BUFFERS(void) { return SSL_MODE_RELEASE_BUFFERS; }
static inline long lessons_SSL_MODE_ENABLE_PARTIAL_WRITE(void) { return SSL_MODE_ENABLE_PARTIAL_WRITE; }
static inline long lessons_SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER(void) {
    return SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;
}
static inline long lessons_SSL_MODE_AUTO_RETRY(void) { return SSL_MODE_AUTO_RETRY; }

// MARK: SSL_CTX

static inline int lessons_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int lessons_SSL_CTX_set_max_proto_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}
static inline long lessons_SSL_CTX_set_mode(SSL_CTX *context, long mode) { return SSL_CTX_set_mode(context, mode); }
static inline long lessons_SSL_CTX_clear_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_clear_mode(context, mode);
}
static inline long lessons_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
    return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int lessons_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, (char *)groups);
}
static inline int lessons_SSL_CTX_set1_sigalgs_list(SSL_CTX *context, const char *algorithms) {
    return (int)SSL_CTX_set1_sigalgs_list(context, (char *)algorithms);
}
static inline int lessons_SSL_CTX_set1_client_sigalgs_list(SSL_CTX *context, const char *algorithms) {
    return (int)SSL_CTX_set1_client_sigalgs_list(context, (char *)algorithms);
}
static inline int lessons_SSL_CTX_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline int lessons_SSL_CTX_clear_chain_certs(SSL_CTX *context) {
    return (int)SSL_CTX_clear_chain_certs(context);
}
static inline int lessons_SSL_CTX_set_tlsext_status_cb(SSL_CTX *context, int (*callback)(SSL *, void *)) {
    return (int)SSL_CTX_set_tlsext_status_cb(context, callback);
}
static inline int lessons_SSL_CTX_set_tlsext_status_arg(SSL_CTX *context, void *argument) {
    return (int)SSL_CTX_set_tlsext_status_arg(context, argument);
}
static inline int lessons_SSL_CTX_set_tlsext_servername_callback(
    SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    return (int)SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline int lessons_SSL_CTX_set_tlsext_servername_arg(SSL_CTX *context, void *argument) {
    return (int)SSL_CTX_set_tlsext_servername_arg(context, argument);
}
static inline int lessons_SSL_CTX_set_app_data(SSL_CTX *context, void *data) {
    return (int)SSL_CTX_set_app_data(context, data);
}
static inline void *lessons_SSL_CTX_get_app_data(const SSL_CTX *context) { return SSL_CTX_get_app_data(context); }

// MARK: SSL

static inline int lessons_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, (char *)name);
}
static inline int lessons_SSL_set_tlsext_status_type(SSL *ssl, int type) {
    return (int)SSL_set_tlsext_status_type(ssl, type);
}
/// The response moves into `ssl`: it must come from `lessons_OPENSSL_malloc`.
static inline int lessons_SSL_set_tlsext_status_ocsp_resp(SSL *ssl, unsigned char *response, long count) {
    return (int)SSL_set_tlsext_status_ocsp_resp(ssl, response, count);
}
static inline long lessons_SSL_get_tlsext_status_ocsp_resp(SSL *ssl, const unsigned char **response) {
    return SSL_get_tlsext_status_ocsp_resp(ssl, response);
}
static inline int lessons_SSL_set_app_data(SSL *ssl, void *data) { return (int)SSL_set_app_data(ssl, data); }
static inline void *lessons_SSL_get_app_data(const SSL *ssl) { return SSL_get_app_data(ssl); }
static inline const char *lessons_SSL_get_cipher_name(const SSL *ssl) { return SSL_get_cipher_name(ssl); }
static inline long lessons_SSL_get_mode(SSL *ssl) { return SSL_get_mode(ssl); }
static inline int lessons_SSL_get_peer_signature_nid(SSL *ssl, int *nid) {
    return (int)SSL_get_peer_signature_nid(ssl, nid);
}
static inline int lessons_SSL_get_negotiated_group(SSL *ssl) { return (int)SSL_get_negotiated_group(ssl); }

// MARK: What TLS needs beside these

static inline long lessons_SSL_MODE_NO_AUTO_CHAIN(void) { return SSL_MODE_NO_AUTO_CHAIN; }
static inline long lessons_SSL_CTX_set_max_cert_list(SSL_CTX *context, long count) {
    return SSL_CTX_set_max_cert_list(context, count);
}

#endif
