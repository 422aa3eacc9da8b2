/* Preloaded into a beat: who asks for the id of this boot reads the file that BOOT_ID_FILE names. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_instead(const char *path, int flags, va_list rest) {
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    const char *other = strcmp(path, "/proc/sys/kernel/random/boot_id") ? NULL : getenv("BOOT_ID_FILE");
    return (int)syscall(SYS_openat, AT_FDCWD, other ? other : path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int fd = open_instead(path, flags, rest);
    va_end(rest);
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int fd = open_instead(path, flags, rest);
    va_end(rest);
    return fd;
}
