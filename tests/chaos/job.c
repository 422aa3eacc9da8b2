/* A job of the fault suite: leaves a record of its life that no part of jobq can touch.
 *
 * usage: job RECORD LOCKS NUMBER MS PLAN
 *
 * Each line is one write with O_APPEND: KIND ID ATTEMPT FENCE NANOSECONDS PID EXTRA. The time
 * is CLOCK_BOOTTIME. S: it starts (EXTRA is the parent's pid, the engine); B: it lives; E: it
 * ends by itself (EXTRA is its code); K: it is about to kill its engine; T: a process of its tree
 * (PID is its own, EXTRA its depth); X: another attempt of the same job is alive. The last is exact whatever any clock says: every process of an attempt
 * shares a lock on byte NUMBER of LOCKS, which the kernel gives back when the last of them dies. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int record = -1;
static const char *id, *attempt, *fence;
static pid_t name;

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void note(char kind, long extra) {
    char line[512];
    int length = snprintf(line, sizeof line, "%c %s %s %s %lld %d %ld\n", kind, id, attempt, fence, now(), (int)name, extra);
    if (write(record, line, (size_t)length) != length) _exit(99);
}

static const char *variable(const char *key) {
    const char *value = getenv(key);
    return value ? value : "-";
}

/* Lives this long, giving signs of life. */
static void live(long ms) {
    long long until = now() + ms * 1000000LL;
    for (;;) {
        long long left = until - now();
        if (left <= 0) return;
        struct timespec pause = {0, left < 20000000LL ? left : 20000000LL};
        nanosleep(&pause, NULL);
        note('B', 0);
    }
}

/* A descendant in a session of its own, whose parent is gone; it would live for ever. */
static void leave_behind(void) {
    pid_t child = fork();
    if (child < 0) _exit(98);
    if (child > 0) {
        waitpid(child, NULL, 0);
        return;
    }
    setsid();
    signal(SIGTERM, SIG_IGN);
    if (fork() != 0) _exit(0);
    live(3600000);
    _exit(0);
}

/* A tree of this depth. Each level hides in another way from whoever wants to end it: in a
 * session of its own, with its parent gone, deaf to TERM, stopped. */
static void grow(long depth) {
    for (int branch = 0; branch < 2; branch++) {
        pid_t child = fork();
        if (child < 0) _exit(98);
        if (child > 0) continue;
        if ((depth + branch) % 2 == 0) setsid();
        if (depth % 3 == 0 && fork() != 0) _exit(0);
        if (branch == 1) signal(SIGTERM, SIG_IGN);
        name = getpid();
        note('T', depth);
        if (depth > 1 && branch == 0) grow(depth - 1);
        if (depth % 2 == 0) raise(SIGSTOP);
        for (;;) pause();
    }
}

/* Bytes that anybody can make again from any place on: word N is a hash of N. */
static void babble(long bytes) {
    static unsigned long long block[8192];
    unsigned long long next = 0;
    while (bytes > 0) {
        for (int i = 0; i < 8192; i++) {
            unsigned long long z = (next++ + 1) * 0x9E3779B97F4A7C15ULL;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
            block[i] = z ^ (z >> 31);
        }
        char *at = (char *)block;
        size_t left = bytes < (long)sizeof block ? (size_t)bytes : sizeof block;
        while (left > 0) {
            ssize_t put = write(1, at, left);
            if (put <= 0) _exit(97);
            at += put;
            left -= (size_t)put;
            bytes -= put;
        }
    }
}

static void print(long bytes) {
    char block[4096];
    memset(block, 'x', sizeof block);
    for (size_t i = 63; i < sizeof block; i += 64) block[i] = '\n';
    while (bytes > 0) {
        ssize_t put = write(1, block, bytes < (long)sizeof block ? (size_t)bytes : sizeof block);
        if (put <= 0) _exit(97);
        bytes -= put;
    }
}

int main(int argc, char **argv) {
    if (argc != 6) return 96;
    const char *plan = argv[5];
    id = variable("JOBQ_JOB_ID");
    attempt = variable("JOBQ_ATTEMPT");
    fence = variable("JOBQ_FENCE");
    name = getpid();
    record = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0666);
    int locks = open(argv[2], O_RDWR | O_CREAT, 0666);
    if (record < 0 || locks < 0) return 95;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = atol(argv[3]), .l_len = 1};
    note('S', getppid());
    if (fcntl(locks, F_OFD_SETLK, &lock) != 0) note('X', 0);
    int code = 0;
    if (strcmp(plan, "stubborn") == 0) signal(SIGTERM, SIG_IGN);
    if (strcmp(plan, "fork") == 0) leave_behind();
    if (strncmp(plan, "print:", 6) == 0) print(atol(plan + 6));
    if (strncmp(plan, "babble:", 7) == 0) babble(atol(plan + 7));
    if (strncmp(plan, "grow:", 5) == 0) grow(atol(plan + 5));
    live(atol(argv[4]));
    if (strcmp(plan, "poison") == 0) {
        note('K', getppid());
        kill(getppid(), SIGKILL);
        live(3600000);
    }
    if (strcmp(plan, "fail") == 0) code = 1;
    if (strcmp(plan, "flaky") == 0 && atol(attempt) < 2) code = 1;
    note('E', code);
    return code;
}
