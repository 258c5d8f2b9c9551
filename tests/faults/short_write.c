/* Make the n-th write of a process a short one, as a kernel does when it is interrupted or a disk
   fills: half of it is written, and half is what the call says. Each one is noted in a file. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static size_t cut(int fd, size_t n) {
    const char *when = getenv("SHORT_WRITE_AT"), *noted = getenv("SHORT_WRITE_NOTED");
    struct stat of;
    if (!when || !noted || n < 2 || fstat(fd, &of) || !S_ISREG(of.st_mode)) return n;
    if (atomic_fetch_add(&calls, 1) + 1 != atol(when)) return n;
    int log = open(noted, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log >= 0) {
        static const char line[] = "INJECTED\n";
        ssize_t (*plain)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        plain(log, line, strlen(line));
        close(log);
    }
    return n / 2;
}

ssize_t write(int fd, const void *data, size_t n) {
    ssize_t (*plain)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    return plain(fd, data, cut(fd, n));
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    ssize_t (*plain)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
    return plain(fd, data, cut(fd, n), at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    ssize_t (*plain)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    return plain(fd, data, cut(fd, n), at);
}
