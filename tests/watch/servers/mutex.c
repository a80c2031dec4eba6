/* A thread for each client, but one mutex for all conversations. */
#include "answering.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *take_turns(void *client) {
    pthread_mutex_lock(&mutex);
    converse((intptr_t)client);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

int main(int count, char **words) {
    int listener = listening(count == 2 ? words[1] : "2022");
    for (;;) {
        pthread_t thread;
        int client = accept(listener, NULL, NULL);
        if (client >= 0 && !pthread_create(&thread, NULL, take_turns, (void *)(intptr_t)client))
            pthread_detach(thread);
    }
}
