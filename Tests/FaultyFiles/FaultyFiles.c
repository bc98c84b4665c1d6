#define _GNU_SOURCE
#include "FaultyFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_AVAILABLE false
#endif
#endif
#ifndef IS_AVAILABLE
#define IS_AVAILABLE true
#endif

static _Thread_local char watched[512];
static _Thread_local long calls, strike_at;
static _Thread_local int strike_error;
static _Thread_local bool strikes_on;

void faulty_files_arm(const char *directory, long call, int error, bool persists) {
    snprintf(watched, sizeof watched, "%s/", directory);
    calls = 0;
    strike_at = call;
    strike_error = error;
    strikes_on = persists;
}

long faulty_files_disarm(void) {
    watched[0] = 0;
    return calls;
}

bool faulty_files_is_available(void) { return IS_AVAILABLE; }

static bool is_struck(const char *path) {
    if (!watched[0]) return false;
    char named[600];
    snprintf(named, sizeof named, "%s/", path);
    if (strncmp(named, watched, strlen(watched)) != 0) return false;
    calls += 1;
    return calls == strike_at || (strikes_on && calls > strike_at);
}

static bool fails(const char *path) {
    if (!is_struck(path) || strike_error == 0) return false;
    errno = strike_error;
    return true;
}

static const char *path_of(int file, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = watched[0] ? readlink(link, path, size - 1) : 0;
    path[count > 0 ? count : 0] = 0;
    return path;
}

#if IS_AVAILABLE

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if (fails(path)) return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t count) {
    char path[512];
    if (watched[0] && is_struck(path_of(file, path, sizeof path))) {
        if (strike_error != 0) {
            errno = strike_error;
            return -1;
        }
        if (count > 1) count /= 2;
    }
    return syscall(SYS_write, file, bytes, count);
}

int fsync(int file) {
    char path[512];
    if (watched[0] && fails(path_of(file, path, sizeof path))) return -1;
    return (int)syscall(SYS_fsync, file);
}

int rename(const char *from, const char *to) {
    if (fails(to)) return -1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdir(const char *path, mode_t mode) {
    if (fails(path)) return -1;
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

#endif
