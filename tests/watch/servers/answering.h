/* What the C servers here share: see answering.py. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int listening(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    signal(SIGPIPE, SIG_IGN);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
        exit(1);
    return listener;
}

/* Answers one message and returns its length: 0 or less if the client has left. The client waits for
   each answer, so one recv returns one line. */
static ssize_t answer(int client) {
    char line[64];
    int milliseconds;
    ssize_t came = recv(client, line, sizeof line - 1, 0);
    if (came <= 0)
        return came;
    line[came] = 0;
    if (sscanf(line, "work %d", &milliseconds) == 1)
        usleep(milliseconds * 1000);
    dprintf(client, "%d %d\n", getpid(), gettid());
    return came;
}

/* Answers until the client leaves. */
static inline void converse(int client) {
    while (answer(client) > 0)
        ;
    close(client);
}
