/* What the C peers do with a socket, blocking or not. */
#define _GNU_SOURCE
#include "dialect.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int listening(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        exit(1);
    return listener;
}

static struct conversation *begin(int socket, const char *name) {
    struct conversation *c = malloc(sizeof *c); /* pages that are never touched cost no memory */
    c->socket = socket;
    c->over = false;
    c->held = c->sent = 0;
    c->made = sprintf(c->out, "+OK %s: ready\r\n", name);
    sprintf(c->reply, "+OK %s: " ANSWER "\r\n", name);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return c;
}

static void end(struct conversation *c) {
    close(c->socket);
    free(c);
}

/* Receives the next chunk and makes the answers; returns false once the client has closed. */
static bool hear(struct conversation *c) {
    ssize_t came = recv(c->socket, c->in + c->held, MAX_HELD - c->held, 0);
    if (came > 0)
        answer(c, came);
    return came > 0;
}

/* Sends the answers, or as much as the socket takes now; returns false when the conversation has ended. */
static bool flush(struct conversation *c) {
    for (ssize_t took; c->sent < c->made; c->sent += took)
        if ((took = send(c->socket, c->out + c->sent, c->made - c->sent, MSG_NOSIGNAL)) < 0)
            return errno == EAGAIN;
    c->made = c->sent = 0;
    return !c->over;
}
