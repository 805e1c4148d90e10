/* lockfile - one writer at a time, and who it is. */
#define _DEFAULT_SOURCE /* flock, O_NOFOLLOW */
#include "lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int sei_lockfile_folder(const char *path)
{
  char *copy = strdup(path), *p;
  int e = 0;
  if(!copy)
    return ENOMEM;
  for(p = strchr(copy + 1, '/'); p && !e; p = strchr(p + 1, '/')) {
    *p = 0;
    if(mkdir(copy, 0700) && errno != EEXIST)
      e = errno;
    *p = '/';
  }
  free(copy);
  return e;
}

static void read_owner(int fd, char *owner, size_t size)
{
  ssize_t n = pread(fd, owner, size - 1, 0);
  owner[n > 0 ? n : 0] = 0;
}

/* Whoever is refused at this very moment may find no text. */
static int file_owner(int fd, const char *text)
{
  size_t n = strlen(text);
  if(ftruncate(fd, 0))
    return errno;
  if(pwrite(fd, text, n, 0) != (ssize_t)n)
    return errno ? errno : EIO;
  return 0;
}

int sei_lockfile_take(struct sei_lockfile *f, const char *path,
                      const char *text, char *owner, size_t size)
{
  int e = 0;
  owner[0] = 0;
  f->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
               0600);
  if(f->fd < 0)
    return errno;
  f->process = getpid();
  errno = 0;
  if(flock(f->fd, LOCK_EX | LOCK_NB)) {
    e = errno;
    read_owner(f->fd, owner, size);
  }
  else
    e = file_owner(f->fd, text);
  if(e) {
    close(f->fd);
    f->fd = -1;
  }
  return e;
}

void sei_lockfile_release(struct sei_lockfile *f)
{
  if(f->fd < 0)
    return;
  if(f->process == getpid() && ftruncate(f->fd, 0)) {
    /* the text stays; without the lock it means nothing */
  }
  close(f->fd);
  f->fd = -1;
}
