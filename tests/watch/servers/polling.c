/* A thread for each client, which waits for the client and for a pipe by "poll" or "epoll". */
#include "answering.h"
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

static int wake[2], by_epoll;

static void *serve(void *argument) {
    int client = (intptr_t)argument, both = by_epoll ? epoll_create1(0) : -1;
    struct pollfd polled[] = {{.fd = client, .events = POLLIN}, {.fd = wake[0], .events = POLLIN}};
    struct epoll_event event = {.events = EPOLLIN};
    if (by_epoll) {
        epoll_ctl(both, EPOLL_CTL_ADD, client, &event);
        epoll_ctl(both, EPOLL_CTL_ADD, wake[0], &event);
    }
    do {
        if (by_epoll)
            epoll_wait(both, &event, 1, -1);
        else
            poll(polled, 2, -1);
    } while (answer(client) > 0);
    close(client);
    if (by_epoll)
        close(both);
    return NULL;
}

int main(int count, char **words) {
    int listener = listening(words[count - 1]), client;
    pthread_t thread;
    by_epoll = !strcmp(words[1], "epoll");
    if (pipe(wake))
        return 1;
    while ((client = accept(listener, NULL, NULL)) >= 0) {
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)client);
        pthread_detach(thread);
    }
    return 1;
}
