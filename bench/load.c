/* Load for a server that speaks the `lines` dialect (docs/protocol.md), in a closed loop.
 *
 *     load --port N [--server PID] [--clients 50] [--outstanding 1] [--visits]
 *          [--warm-up 0.3] [--seconds 1] [--patience 10] [--resume]
 *
 * Each client keeps --outstanding messages on their way: when one is answered, it sends the next. With
 * --visits each client connects, sends one message, reads the reply, closes and connects again instead.
 * Every byte that arrives is checked: the greeting gives the thread's name, and each reply has to have
 * that name. One thread with epoll, so that one core can load nearly any server in Python. It reports its
 * own share of a core: if that is near 1, the figures are about this program, not the server.
 *
 * If compiled with -DTLS, it speaks TLS with OpenSSL and accepts any certificate, because only the server
 * is measured. With --resume each client reconnects with the last ticket that it received, if any.
 *
 * Prints one line of JSON: counts, seconds, latencies in microseconds, Jain's index of fairness (R. Jain
 * and others, DEC-TR-301), the least-served client's answers over the mean, and processor time in
 * seconds. Latencies are those of messages, or of whole visits, that began before the measurement ended
 * and were answered after it began. Exit code: 0; 1 if a byte was wrong, or a client was not served as it
 * should be; 2 if the load could not begin. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "stream.h"

#define MESSAGE "Hey Server!!! What will we do in today's lab????\n"
#define ANSWER "Today we will learn about Multithreading with Socket programming"
#define GREETED ": ready\r\n"
#define LINE 160           /* bytes: the longest greeting or reply, and a NUL */
#define OUTSTANDING 64     /* messages on their way, at most */
#define STEPS 32           /* per power of two of nanoseconds: latencies are accurate to 3 % */
#define EVENTS 512

struct client {
    struct stream stream;
    bool greeted;
    char line[LINE];                /* the greeting so far, then the expected reply */
    size_t length, matched;         /* bytes in `line`; how many bytes of the reply have arrived */
    uint64_t said[OUTSTANDING];     /* when each message on its way was sent, by its number */
    unsigned long sent, answered;   /* messages of this connection */
    unsigned long measured;         /* answers that count, over all connections of this client */
};

static struct {
    long port, server, clients, outstanding;
    double warm_up, seconds;
    double patience; /* seconds to wait for a greeting, and for the last replies at the end */
    bool visits, resume;
} option = {.clients = 50, .outstanding = 1, .warm_up = 0.3, .seconds = 1, .patience = 10};

static struct client *clients;
static int events;
static bool measuring; /* answers and latencies count */
static bool ending;    /* no more messages are sent; latencies of earlier ones still count */
static unsigned long answers, errors;
static uint64_t latencies[64 * STEPS], observed, slowest;
static char messages[OUTSTANDING * sizeof MESSAGE];

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static _Noreturn void give_up(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* Counts every fault, prints the first, and closes the connection. */
static void fault(struct client *client, const char *format, ...) {
    if (!errors++) {
        va_list rest;
        va_start(rest, format);
        fprintf(stderr, "load: client %ld: ", (long)(client - clients) + 1);
        vfprintf(stderr, format, rest);
        fputc('\n', stderr);
        va_end(rest);
    }
    close_stream(&client->stream);
    client->stream.fd = -1;
}

static void observe(uint64_t nanoseconds) {
    int shift = nanoseconds < STEPS ? 0 : 63 - __builtin_clzll(nanoseconds) - __builtin_ctz(STEPS);
    latencies[shift * STEPS + (nanoseconds >> shift)]++;
    observed++;
    if (nanoseconds > slowest)
        slowest = nanoseconds;
}

/* Returns the middle of the step that the quantile falls into, in microseconds. */
static double quantile(double part) {
    uint64_t before = 0, rank = part * observed;
    for (int step = 0; step < 64 * STEPS; step++)
        if ((before += latencies[step]) > rank) {
            int shift = step < 2 * STEPS ? 0 : step / STEPS - 1;
            return ((uint64_t)(step - shift * STEPS) + 0.5) * (1ull << shift) / 1000;
        }
    return 0;
}

static void join(struct client *client) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(option.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = FIRST_EVENTS, .data.ptr = client};
    struct timeval patience = {.tv_sec = option.patience + 1};
    int on = 1;
    *client = (struct client){.stream = client->stream, .measured = client->measured};
    client->stream.fd = socket(AF_INET, SOCK_STREAM | (option.visits ? SOCK_NONBLOCK : 0), 0);
    if (client->stream.fd < 0)
        give_up("cannot make a socket");
    setsockopt(client->stream.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client->stream.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* for connect() too */
    client->said[0] = now();
    if (connect(client->stream.fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
        fault(client, "cannot connect: %s", strerror(errno));
    else if (epoll_ctl(events, EPOLL_CTL_ADD, client->stream.fd, &event))
        give_up("epoll_ctl");
    else if (!open_stream(&client->stream))
        give_up("OpenSSL");
}

static void say(struct client *client, long count) {
    ssize_t size = count * (sizeof MESSAGE - 1);
    uint64_t time = now();
    for (long one = 0; one < count; one++, client->sent++)
        if (!option.visits) /* a visit is timed from before connect() */
            client->said[client->sent % OUTSTANDING] = time;
    if (put(&client->stream, messages, size) != size)
        fault(client, "cannot send: %s", strerror(errno));
}

/* Takes the greeting's bytes; returns how many of the bytes belong to it. */
static size_t greet(struct client *client, const char *bytes, size_t size) {
    const char *end = memchr(bytes, '\n', size);
    size_t own = end ? (size_t)(end - bytes) + 1 : size, all = client->length + own;
    size_t suffix = sizeof GREETED - 1;
    if (all >= LINE - sizeof ANSWER) {
        fault(client, "the greeting is too long");
        return size;
    }
    memcpy(client->line + client->length, bytes, own);
    client->length = all;
    if (end) {
        if (all < 4 + suffix || memcmp(client->line, "+OK ", 4) || memcmp(client->line + all - suffix, GREETED, suffix)) {
            fault(client, "not a greeting: %.*s", (int)all, client->line);
            return size;
        }
        client->length = all - suffix + sprintf(client->line + all - suffix, ": " ANSWER "\r\n");
        client->greeted = true;
    }
    return own;
}

/* Checks the replies' bytes; returns how many replies they complete, or -1 if one is wrong. */
static long check(struct client *client, const char *bytes, size_t size) {
    long complete = 0;
    while (size) {
        size_t part = client->length - client->matched;
        part = part < size ? part : size;
        if (memcmp(client->line + client->matched, bytes, part)) {
            fault(client, "a wrong reply: %.*s", size < LINE ? (int)size : LINE, bytes);
            return -1;
        }
        client->matched = (client->matched + part) % client->length;
        complete += !client->matched;
        bytes += part, size -= part;
    }
    if (client->answered + complete > client->sent) {
        fault(client, "more replies than messages");
        return -1;
    }
    return complete;
}

static void count(struct client *client, long complete) {
    uint64_t time = now();
    if (measuring) {
        answers += complete;
        client->measured += complete;
    }
    for (long one = 0; one < complete && (measuring || ending); one++)
        observe(time - client->said[option.visits ? 0 : (client->answered + one) % OUTSTANDING]);
    client->answered += complete;
}

/* Reads once; returns whether bytes may be left that epoll would not report. */
static bool receive(struct client *client) {
    static char buffer[256 * 1024];
    ssize_t size = take(&client->stream, buffer, sizeof buffer);
    if (size < 0 && errno == EAGAIN)
        return false;
    if (size <= 0) {
        fault(client, "%s", size ? strerror(errno) : "the server hung up");
        return false;
    }
    bool was_greeted = client->greeted;
    size_t own = was_greeted ? 0 : greet(client, buffer, size);
    long complete = check(client, buffer + own, size - own);
    if (client->stream.fd < 0 || complete < 0 || !client->greeted)
        return client->stream.fd >= 0 && holds(&client->stream);
    count(client, complete);
    if (!was_greeted) {
        if (option.visits)
            say(client, 1);
    } else if (option.visits && complete) {
        close_stream(&client->stream);
        client->stream.fd = -1;
        if (!ending)
            join(client);
    } else if (complete && !ending) {
        say(client, complete);
    }
    return client->stream.fd >= 0 && holds(&client->stream);
}

static void turn(void) {
    struct epoll_event ready[EVENTS];
    int many = epoll_wait(events, ready, EVENTS, 10);
    for (int one = 0; one < many; one++) {
        struct client *client = ready[one].data.ptr;
        while (client->stream.fd >= 0 && receive(client))
            ;
        if (ready[one].events & EPOLLOUT && client->stream.fd >= 0) { /* its TLS ClientHello is out */
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
            epoll_ctl(events, EPOLL_CTL_MOD, client->stream.fd, &event);
        }
    }
}

static void run(double seconds) {
    for (uint64_t end = now() + seconds * 1e9; now() < end;)
        turn();
}

/* Returns whether this client still waits for a reply; a visitor that is connected does. */
static bool waits(const struct client *client) {
    return client->stream.fd >= 0 && (option.visits || client->answered < client->sent);
}

/* Sends no more messages, but waits for every reply that is still to come: a client that waits at the end
 * may never have been served, and then no other latency shows it. */
static void finish(void) {
    uint64_t end = now() + option.patience * 1e9;
    ending = true;
    for (long one = 0; one < option.clients; one++) {
        while (waits(&clients[one]) && now() < end)
            turn();
        if (waits(&clients[one]))
            fault(&clients[one], "a message was not answered");
    }
}

/* False for a visitor, whose greeting is a part of the visit. */
static bool is_owed_a_greeting(const struct client *client) {
    return client->stream.fd >= 0 && !client->greeted && !option.visits;
}

/* Connects one client at a time, each after the one before was greeted, so that a short backlog suffices. */
static void join_all(void) {
    for (long one = 0; one < option.clients; one++) {
        join(&clients[one]);
        uint64_t end = now() + option.patience * 1e9;
        while (is_owed_a_greeting(&clients[one]) && now() < end)
            turn();
        if (is_owed_a_greeting(&clients[one]))
            fault(&clients[one], "no greeting came");
    }
    for (long one = 0; one < option.clients && !option.visits; one++)
        if (clients[one].stream.fd >= 0)
            say(&clients[one], option.outstanding);
}

/* Gives the seconds of processor time that the server has used, in total and in the kernel (proc(5)). */
static void server_time(double *whole, double *kernel) {
    char path[64];
    unsigned long user = 0, system = 0;
    *whole = *kernel = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", option.server);
    FILE *stat = option.server ? fopen(path, "r") : NULL;
    if (stat) {
        if (fscanf(stat, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) == 2) {
            *kernel = (double)system / sysconf(_SC_CLK_TCK);
            *whole = *kernel + (double)user / sysconf(_SC_CLK_TCK);
        }
        fclose(stat);
    }
}

static double own_time(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Gives the fairness of the answers: Jain's index, and the smallest share over the mean. */
static void fairness(double *jain, double *least) {
    double sum = 0, squares = 0, smallest = clients[0].measured;
    for (long one = 0; one < option.clients; one++) {
        double share = clients[one].measured;
        sum += share, squares += share * share;
        smallest = share < smallest ? share : smallest;
    }
    *jain = squares ? sum * sum / (option.clients * squares) : 0;
    *least = sum ? smallest * option.clients / sum : 0;
}

static void measure(void) {
    double server_before, server, kernel_before, kernel, jain, least;
    server_time(&server_before, &kernel_before);
    double own = own_time();
    uint64_t began = now();
    measuring = true;
    run(option.seconds);
    measuring = false;
    double seconds = (now() - began) / 1e9;
    own = own_time() - own;
    server_time(&server, &kernel);
    fairness(&jain, &least);
    finish();
    printf("{\"answers\": %lu, \"seconds\": %.6f, \"errors\": %lu, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, "
           "\"slowest\": %.1f, \"jain\": %.5f, \"least_share\": %.4f, \"load_time\": %.3f, \"server_time\": %.2f, "
           "\"server_kernel_time\": %.2f}\n",
           answers, seconds, errors, quantile(0.5), quantile(0.99), quantile(0.999), slowest / 1e3, jain, least, own,
           server - server_before, kernel - kernel_before);
}

static void read_options(int count, char **words) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'},    {"server", 1, 0, 'i'},  {"clients", 1, 0, 'c'}, {"outstanding", 1, 0, 'o'},
        {"warm-up", 1, 0, 'w'}, {"seconds", 1, 0, 's'}, {"visits", 0, 0, 'v'},  {"patience", 1, 0, 'a'},
        {"resume", 0, 0, 'r'},  {0}};
    for (int one; (one = getopt_long(count, words, "", known, NULL)) != -1;)
        switch (one) {
        case 'p': option.port = atol(optarg); break;
        case 'i': option.server = atol(optarg); break;
        case 'c': option.clients = atol(optarg); break;
        case 'o': option.outstanding = atol(optarg); break;
        case 'w': option.warm_up = atof(optarg); break;
        case 's': option.seconds = atof(optarg); break;
        case 'v': option.visits = true; break;
        case 'r': option.resume = true; break;
        case 'a': option.patience = atof(optarg); break;
        default: exit(2);
        }
    if (option.port < 1 || option.port > 65535 || option.clients < 1 || option.outstanding < 1 ||
        option.outstanding > OUTSTANDING || option.seconds <= 0) {
        fprintf(stderr, "load: --port, --clients and --seconds have to be above 0, --outstanding at most %d\n", OUTSTANDING);
        exit(2);
    }
}

int main(int count, char **words) {
    read_options(count, words);
    if (!prepare(option.resume))
        give_up("OpenSSL");
    for (int one = 0; one < OUTSTANDING; one++)
        memcpy(messages + one * (sizeof MESSAGE - 1), MESSAGE, sizeof MESSAGE - 1);
    clients = calloc(option.clients, sizeof *clients);
    events = epoll_create1(0);
    if (!clients || events < 0)
        give_up("cannot begin");
    join_all();
    run(option.warm_up);
    measure();
    return errors ? 1 : 0;
}
