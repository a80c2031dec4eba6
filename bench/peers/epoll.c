/* One thread for all clients, with epoll: about the most that one core can do. */
#include "connection.h"
#include <sys/epoll.h>

static int polled;

static void watch(int operation, int socket, uint32_t events, struct conversation *c) {
    epoll_ctl(polled, operation, socket, &(struct epoll_event){.events = events, .data.ptr = c});
}

static void welcome(int client) {
    struct conversation *c = begin(client, "epoll");
    watch(EPOLL_CTL_ADD, client, EPOLLIN, c);
    if (!flush(c))
        end(c);
}

static void serve(struct conversation *c) {
    bool waited = c->made; /* for the client to read; otherwise for it to send */
    if (!((waited || hear(c)) && flush(c)))
        end(c);
    else if (waited != (c->made > 0))
        watch(EPOLL_CTL_MOD, c->socket, c->made ? EPOLLOUT : EPOLLIN, c);
}

int main(int count, char **words) {
    int listener = count == 2 ? listening(words[1]) : -1;
    struct epoll_event events[256];
    polled = epoll_create1(0);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;)
        for (int i = 0, ready = epoll_wait(polled, events, 256, -1); i < ready; i++)
            if (events[i].data.ptr)
                serve(events[i].data.ptr);
            else
                welcome(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
}
