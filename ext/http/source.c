/* source - the bytes of a multipart file, from a file or from the caller. */
#define _GNU_SOURCE /* O_CLOEXEC */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void sei_feed_init(struct sei_feed *f)
{
  memset(f, 0, sizeof *f);
  f->fd = -1;
  f->size = -1;
  sei_buf_init(&f->waiting, SIZE_MAX / 2);
}

/* Its size, or -1 with errno: a pipe or a terminal has none and could hang. */
static int64_t regular_size(int fd)
{
  struct stat s;
  if(fstat(fd, &s))
    return -1;
  if(S_ISREG(s.st_mode))
    return s.st_size;
  errno = S_ISDIR(s.st_mode) ? EISDIR : EINVAL;
  return -1;
}

bool sei_feed_open(struct sei_feed *f, const char *path)
{
  /* not blocking: opening a pipe would wait for its writer */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if(fd < 0)
    return false;
  f->size = f->left = regular_size(fd);
  if(f->size < 0) {
    int saved = errno;
    close(fd);
    errno = saved;
    return false;
  }
  f->fd = fd;
  return true;
}

void sei_feed_free(struct sei_feed *f)
{
  if(f->fd >= 0)
    close(f->fd);
  f->fd = -1;
  sei_buf_free(&f->waiting);
}

size_t sei_feed_waiting(const struct sei_feed *f)
{
  return f->waiting.len - f->taken;
}

bool sei_feed_add(struct sei_feed *f, const void *bytes, size_t n)
{
  if(sei_feed_waiting(f) > SEI_FEED_HIGH)
    return false;
  sei_buf_drop(&f->waiting, f->taken);
  f->taken = 0;
  return sei_buf_add(&f->waiting, bytes, n) == SEI_BUF_OK;
}

bool sei_feed_hold(struct sei_feed *f, const void *bytes, size_t n)
{
  f->size = (int64_t)n;
  f->ended = true;
  return !n || sei_buf_add(&f->waiting, bytes, n) == SEI_BUF_OK;
}

static enum sei_feed_result take_file(struct sei_feed *f, char *out,
                                      size_t *n)
{
  size_t want = f->left < (int64_t)*n ? (size_t)f->left : *n;
  ssize_t got;
  *n = 0;
  if(!want)
    return SEI_FEED_OK;
  do
    got = read(f->fd, out, want);
  while(got < 0 && errno == EINTR);
  if(got < 0)
    return SEI_FEED_ERROR;
  if(!got)
    return SEI_FEED_SHORT;
  f->left -= got;
  *n = (size_t)got;
  return SEI_FEED_OK;
}

enum sei_feed_result sei_feed_take(struct sei_feed *f, char *out, size_t *n)
{
  size_t waiting = sei_feed_waiting(f);
  if(f->fd >= 0)
    return take_file(f, out, n);
  if(!waiting && !f->ended)
    return SEI_FEED_EMPTY;
  if(*n > waiting)
    *n = waiting;
  if(*n)
    memcpy(out, f->waiting.data + f->taken, *n);
  f->taken += *n;
  return SEI_FEED_OK;
}
