/* Wrong: only 0 ends the loop, so -1 counts as a message, and SIGPIPE ends the server. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "Today we will learn about Multithreading with Socket programming";

static void *converse(void *given) {
    int client = (int)(intptr_t)given;
    char chunk[1024];
    while (recv(client, chunk, sizeof chunk, 0) != 0)
        send(client, answer, sizeof answer - 1, 0);
    close(client);
    return NULL;
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 2022),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128))
        return 1;
    for (;;) {
        int client = accept(listener, NULL, NULL);
        pthread_t thread;
        if (client >= 0 && !pthread_create(&thread, NULL, converse, (void *)(intptr_t)client))
            pthread_detach(thread);
    }
}
