/* Two workers, and a queue of clients that wait for one. */
#include "answering.h"

enum { ROOM = 1024 };
static int queue[ROOM];
static unsigned first, next; /* the next to serve, the next free place */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *work(void *nothing) {
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (first == next)
            pthread_cond_wait(&changed, &mutex);
        int client = queue[first++ % ROOM];
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
        converse(client);
    }
    return nothing;
}

int main(int count, char **words) {
    int listener = listening(count == 2 ? words[1] : "2022"), client;
    pthread_t worker;
    for (int number = 0; number < 2; number++)
        pthread_create(&worker, NULL, work, NULL);
    while ((client = accept(listener, NULL, NULL)) >= 0) {
        pthread_mutex_lock(&mutex);
        while (next - first == ROOM)
            pthread_cond_wait(&changed, &mutex);
        queue[next++ % ROOM] = client;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return 1;
}
