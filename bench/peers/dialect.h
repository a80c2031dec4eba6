/* What the C peers share: the dialect `lines` of docs/protocol.md. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ANSWER "Today we will learn about Multithreading with Socket programming"
#define NOT_UTF8 "-ERR utf8: the line is not valid UTF-8\r\n"
#define TOO_LONG "-ERR too-long: a line may have 8192 bytes at most\r\n"
enum { MAX_LINE = 8192, MAX_HELD = MAX_LINE + 2, MAX_REPLY = 128 };

struct conversation {
    int socket;
    bool over;                      /* a line was too long: close after the error is sent */
    size_t held, made, sent;        /* bytes in `in`; bytes in `out`; how many of these are sent */
    char reply[MAX_REPLY];          /* to every line that is UTF-8 */
    char in[MAX_HELD];              /* the unfinished line, then the chunk that arrived */
    char out[MAX_HELD * MAX_REPLY]; /* room for an answer to each byte, if all are LF */
};

static void say(struct conversation *c, const char *words) {
    c->made = stpcpy(c->out + c->made, words) - c->out;
}

/* Strict: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(const char *at, const char *end) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    while (at < end) {
        uint8_t lead = *at++;
        int more = lead < 0x80 ? 0 : lead < 0xC0 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF8 ? 3 : -1;
        if (more < 0 || more > end - at)
            return false;
        uint32_t code = more ? lead & (0x3F >> more) : lead;
        for (int i = 0; i < more; i++, at++) {
            if ((*at & 0xC0) != 0x80)
                return false;
            code = code << 6 | (*at & 0x3F);
        }
        if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
            return false;
    }
    return true;
}

static bool too_long(const char *line, const char *end) {
    return end - line - (end > line && end[-1] == '\r') > MAX_LINE;
}

/* Makes an answer to each line that these `more` bytes complete; holds the rest. */
static void answer(struct conversation *c, size_t more) {
    char *line = c->in, *end = line + c->held + more, *lf;
    for (; (lf = memchr(line, '\n', end - line)) && !too_long(line, lf); line = lf + 1)
        say(c, is_utf8(line, lf) ? c->reply : NOT_UTF8);
    if ((c->over = too_long(line, end)))
        say(c, TOO_LONG);
    memmove(c->in, line, c->held = end - line);
}
