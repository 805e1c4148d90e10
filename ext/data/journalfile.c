/* journalfile - a file that only grows, and is on the disk when it says so. */
#define _DEFAULT_SOURCE /* flock, O_NOFOLLOW, fsync */
#include "journalfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Puts the folder's entry of a new file on the disk. */
static int sync_folder(const char *path)
{
  const char *slash = strrchr(path, '/');
  size_t n = slash ? (size_t)(slash - path) : 0;
  char *folder = malloc(n + 2);
  int fd, e;
  if(!folder)
    return ENOMEM;
  memcpy(folder, path, n);
  if(!n)
    folder[n++] = slash ? '/' : '.';
  folder[n] = 0;
  fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  if(fd < 0)
    return errno == EACCES ? 0 : errno; /* writable, not readable */
  e = fsync(fd) && errno != EINVAL ? errno : 0;
  close(fd);
  return e;
}

static int take(struct sei_journalfile *j)
{
  struct stat s;
  if(fstat(j->fd, &s))
    return errno;
  if(!S_ISREG(s.st_mode))
    return EINVAL;
  if(flock(j->fd, LOCK_EX | LOCK_NB))
    return errno;
  if(fstat(j->fd, &s))
    return errno;
  j->size = s.st_size;
  return 0;
}

int sei_journalfile_open(struct sei_journalfile *j, const char *path)
{
  int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, e = 0;
  bool made = false;
  j->fd = open(path, flags);
  if(j->fd < 0 && errno == ENOENT) {
    j->fd = open(path, flags | O_CREAT, 0600);
    made = true;
  }
  if(j->fd < 0)
    return errno;
  e = take(j);
  if(!e && made)
    e = sync_folder(path);
  if(e)
    sei_journalfile_close(j);
  return e;
}

int sei_journalfile_cut(struct sei_journalfile *j, int64_t size)
{
  if(ftruncate(j->fd, (off_t)size) || fsync(j->fd))
    return errno;
  j->size = size;
  return 0;
}

static int write_all(int fd, const char *p, size_t n)
{
  while(n) {
    ssize_t done = write(fd, p, n);
    if(done < 0 && errno == EINTR)
      continue;
    if(done < 0)
      return errno;
    p += done;
    n -= (size_t)done;
  }
  return 0;
}

int sei_journalfile_append(struct sei_journalfile *j, const void *bytes,
                           size_t n)
{
  int e = write_all(j->fd, bytes, n);
  if(!e && fsync(j->fd))
    e = errno;
  if(!e)
    j->size += (int64_t)n;
  else if(ftruncate(j->fd, (off_t)j->size))
    return e; /* what is left of it is cut off by whoever reads it next */
  return e;
}

void sei_journalfile_close(struct sei_journalfile *j)
{
  if(j->fd >= 0)
    close(j->fd);
  j->fd = -1;
}
