/* Two event loops, one thread each, and two helpers that serve no client: one wakes every 20 ms, one never. */
#include "answering.h"
#include <sys/epoll.h>

enum { LOOPS = 2, OFTEN = 20000 }; /* microseconds */
static int loops[LOOPS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *loop(void *number) {
    int own = loops[(intptr_t)number];
    for (struct epoll_event event; epoll_wait(own, &event, 1, -1) > 0;)
        if (answer(event.data.fd) <= 0)
            close(event.data.fd);
    return number;
}

static void *wait_by_the_clock(void *nothing) {
    for (;;)
        usleep(OFTEN);
    return nothing;
}

static void *wait_for_nothing(void *nothing) {
    pthread_mutex_lock(&mutex);
    for (;;)
        pthread_cond_wait(&never, &mutex);
    return nothing;
}

int main(int count, char **words) {
    int listener = listening(count == 2 ? words[1] : "2022"), client;
    pthread_t thread;
    for (intptr_t number = 0; number < LOOPS; number++) {
        loops[number] = epoll_create1(0);
        pthread_create(&thread, NULL, loop, (void *)number);
    }
    pthread_create(&thread, NULL, wait_by_the_clock, NULL);
    pthread_create(&thread, NULL, wait_for_nothing, NULL);
    for (int next = 0; (client = accept(listener, NULL, NULL)) >= 0; next = (next + 1) % LOOPS) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = client};
        epoll_ctl(loops[next], EPOLL_CTL_ADD, client, &event);
    }
    return 1;
}
