/* Wrong: each thread gets the address of the one variable that every `accept` overwrites. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

static const char answer[] = "Today we will learn about Multithreading with Socket programming";

static void *converse(void *given) {
    int *client = given;
    char chunk[1024];
    while (recv(*client, chunk, sizeof chunk, 0) > 0)
        if (send(*client, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
            break;
    return NULL; /* not closed: by now the variable may have another client's socket */
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 2022),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128))
        return 1;
    for (int client;;) {
        client = accept(listener, NULL, NULL);
        pthread_t thread;
        if (client >= 0 && !pthread_create(&thread, NULL, converse, &client))
            pthread_detach(thread);
    }
}
