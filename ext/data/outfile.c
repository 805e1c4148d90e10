/* outfile - a file that appears whole under its name, or not at all. */
#define _DEFAULT_SOURCE /* realpath, fchmod */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 1000, SUFFIX = 48 };

static void forget(struct sei_outfile *f)
{
  free(f->path);
  free(f->temporary);
  f->path = f->temporary = NULL;
  f->fd = -1;
}

/* Opens a name beside the target that nobody has: a leftover of a process
 * that died, or another writer of the same target, has one of them. */
static int open_temporary(struct sei_outfile *f)
{
  size_t size = strlen(f->path) + SUFFIX;
  unsigned i;
  f->temporary = malloc(size);
  if(!f->temporary)
    return ENOMEM;
  for(i = 0; i < ATTEMPTS; i++) {
    snprintf(f->temporary, size, "%s.%ld-%u.part", f->path, (long)getpid(),
             i);
    f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                 f->secret ? 0600 : 0666);
    if(f->fd >= 0 || errno != EEXIST)
      break;
  }
  return f->fd < 0 ? errno : 0;
}

static int open_in_place(struct sei_outfile *f)
{
  f->fd = open(f->path, O_WRONLY | O_CLOEXEC);
  return f->fd < 0 ? errno : 0;
}

/* Opens f->path, of which stat() said `s`; NULL: it does not exist. */
static int open_target(struct sei_outfile *f, const struct stat *s)
{
  int e;
  if(s && S_ISDIR(s->st_mode))
    return EISDIR;
  if(s && !S_ISREG(s->st_mode))
    return open_in_place(f);
  if(s && access(f->path, W_OK))
    return errno; /* renaming over it would get round its permissions */
  e = open_temporary(f);
  if(!e && s && !f->secret && fchmod(f->fd, s->st_mode & 07777)) {
    e = errno;
    sei_outfile_discard(f);
  }
  return e;
}

static int open_file(struct sei_outfile *f, const char *path, bool secret)
{
  struct stat s;
  int exists = !stat(path, &s), e;
  f->fd = -1;
  f->temporary = NULL;
  f->secret = secret;
  f->process = getpid();
  if(!exists && errno != ENOENT)
    return errno;
  /* a link goes on pointing to what it pointed to */
  f->path = exists ? realpath(path, NULL) : strdup(path);
  if(!f->path)
    return exists ? errno : ENOMEM;
  e = open_target(f, exists ? &s : NULL);
  if(e)
    forget(f);
  return e;
}

int sei_outfile_open(struct sei_outfile *f, const char *path)
{
  return open_file(f, path, false);
}

int sei_outfile_open_private(struct sei_outfile *f, const char *path)
{
  return open_file(f, path, true);
}

int sei_outfile_write(struct sei_outfile *f, const void *bytes, size_t n)
{
  const char *p = bytes;
  while(n) {
    ssize_t done = write(f->fd, p, n);
    if(done < 0 && errno == EINTR)
      continue;
    if(done < 0)
      return errno;
    p += done;
    n -= (size_t)done;
  }
  return 0;
}

int sei_outfile_commit(struct sei_outfile *f)
{
  int e = f->secret && f->temporary && fsync(f->fd) ? errno : 0;
  if(f->process != getpid()) {
    sei_outfile_discard(f);
    return EPERM;
  }
  if(close(f->fd) && !e)
    e = errno;
  if(!e && f->temporary && rename(f->temporary, f->path))
    e = errno;
  if(e && f->temporary)
    unlink(f->temporary);
  forget(f);
  return e;
}

void sei_outfile_discard(struct sei_outfile *f)
{
  if(f->fd < 0)
    return;
  close(f->fd);
  if(f->temporary && f->process == getpid())
    unlink(f->temporary);
  forget(f);
}
