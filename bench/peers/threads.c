/* A thread for each client, with blocking calls: what threads cost without an interpreter. */
#include "connection.h"
#include <pthread.h>

static void *serve(void *conversation) {
    while (flush(conversation) && hear(conversation))
        ;
    end(conversation);
    return NULL;
}

int main(int count, char **words) {
    int listener = count == 2 ? listening(words[1]) : -1, client;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    for (unsigned number = 1; (client = accept(listener, NULL, NULL)) >= 0; number++) {
        char name[32];
        sprintf(name, "Thread-%u", number);
        struct conversation *conversation = begin(client, name);
        pthread_t thread;
        if (pthread_create(&thread, &attributes, serve, conversation))
            end(conversation);
    }
    return 1;
}
