/* Four workers wait for the same connections; one that wakes keeps a connection until it has answered. */
#include "answering.h"
#include <sys/epoll.h>

static int shared;

static void watch(int operation, int client) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = client};
    epoll_ctl(shared, operation, client, &event);
}

static void *work(void *nothing) {
    for (struct epoll_event event; epoll_wait(shared, &event, 1, -1) > 0;)
        if (answer(event.data.fd) > 0)
            watch(EPOLL_CTL_MOD, event.data.fd);
        else
            close(event.data.fd);
    return nothing;
}

int main(int count, char **words) {
    int listener = listening(count == 2 ? words[1] : "2022"), client;
    pthread_t worker;
    shared = epoll_create1(0);
    for (int number = 0; number < 4; number++)
        pthread_create(&worker, NULL, work, NULL);
    while ((client = accept(listener, NULL, NULL)) >= 0)
        watch(EPOLL_CTL_ADD, client);
    return 1;
}
