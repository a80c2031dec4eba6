/* A thread for each client. */
#include "answering.h"

static void *serve(void *client) {
    converse((intptr_t)client);
    return NULL;
}

int main(int count, char **words) {
    int listener = listening(count == 2 ? words[1] : "2022");
    for (;;) {
        pthread_t thread;
        int client = accept(listener, NULL, NULL);
        if (client >= 0 && !pthread_create(&thread, NULL, serve, (void *)(intptr_t)client))
            pthread_detach(thread);
    }
}
