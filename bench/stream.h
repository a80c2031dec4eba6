/* Reads and writes bytes; each call returns and sets errno as recv() or send() would. With -DTLS, OpenSSL
 * encrypts the bytes and accepts any certificate, because only the server is measured. */
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef TLS
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>

enum { FIRST_EVENTS = EPOLLIN | EPOLLOUT }; /* the client sends first, its ClientHello */

struct stream {
    int fd;
    SSL *tls;
    SSL_SESSION *session; /* the last ticket from the server, to resume with */
};

static SSL_CTX *context;

static int keep(SSL *tls, SSL_SESSION *session) {
    struct stream *stream = SSL_get_app_data(tls);
    SSL_SESSION_free(stream->session);
    stream->session = session;
    return 1; /* we own it now */
}

static bool prepare(bool resume) {
    signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return false;
    SSL_CTX_set_read_ahead(context, 1); /* one recv() for a record instead of two */
    if (resume) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, keep);
    }
    return true;
}

static bool open_stream(struct stream *stream) {
    stream->tls = SSL_new(context);
    if (!stream->tls || !SSL_set_fd(stream->tls, stream->fd) || fcntl(stream->fd, F_SETFL, O_NONBLOCK))
        return false;
    SSL_set_app_data(stream->tls, stream);
    SSL_set_connect_state(stream->tls);
    return !stream->session || SSL_set_session(stream->tls, stream->session);
}

static void close_stream(struct stream *stream) {
    if (stream->tls && SSL_is_init_finished(stream->tls))
        SSL_shutdown(stream->tls); /* send close_notify; do not wait for the server's */
    SSL_free(stream->tls);
    stream->tls = NULL;
    close(stream->fd);
}

static ssize_t as_call(SSL *tls, int result) {
    int number = errno, error = SSL_get_error(tls, result);
    bool again = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    errno = again ? EAGAIN : error == SSL_ERROR_SYSCALL && number ? number : EPROTO;
    return result > 0 ? result : error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t take(struct stream *stream, void *bytes, size_t size) {
    ERR_clear_error();
    return as_call(stream->tls, SSL_read(stream->tls, bytes, size)); /* also does the handshake */
}

static ssize_t put(struct stream *stream, const void *bytes, size_t size) {
    ERR_clear_error();
    return as_call(stream->tls, SSL_write(stream->tls, bytes, size));
}

static bool holds(struct stream *stream) { return SSL_has_pending(stream->tls); }

#else

enum { FIRST_EVENTS = EPOLLIN };

struct stream {
    int fd;
};

static bool prepare(bool resume) {
    (void)resume; /* only TLS can resume */
    return true;
}

static bool open_stream(struct stream *stream) { return stream->fd >= 0; }
static void close_stream(struct stream *stream) { close(stream->fd); }
static ssize_t take(struct stream *stream, void *bytes, size_t size) { return recv(stream->fd, bytes, size, 0); }

static bool holds(struct stream *stream) {
    (void)stream; /* all unread bytes are in the kernel, and epoll reports them */
    return false;
}

static ssize_t put(struct stream *stream, const void *bytes, size_t size) {
    return send(stream->fd, bytes, size, MSG_NOSIGNAL);
}

#endif
