/* lockfile - one writer at a time, and who it is.
 *
 * The system holds the lock (flock), so that it is free when its owner is
 * dead, however that died; the file's text only says who the owner is. The
 * file stays when the lock is given back: removing it would let two have it.
 * Plain C.
 */
#ifndef SEI_DATA_LOCKFILE_H
#define SEI_DATA_LOCKFILE_H

#include <stddef.h>
#include <sys/types.h>

struct sei_lockfile {
  int fd;               /* -1: not held */
  pid_t process;        /* that took it: its children do not give it back */
};

/* What a lock that is not held is. */
#define SEI_LOCKFILE_NONE { -1, 0 }

/* Makes the folder of a file, and those above it, for their owner alone
 * (0700). Returns 0 or an errno. */
int sei_lockfile_folder(const char *path);

/* Takes the lock without waiting and files `text` as its owner. Returns 0 or
 * an errno; EWOULDBLOCK: another one has it, and `owner` (size bytes, ended
 * with a NUL) is what that one filed, "" if nothing. Then nothing is held. */
int sei_lockfile_take(struct sei_lockfile *f, const char *path,
                      const char *text, char *owner, size_t size);

/* Gives it back; safe to call twice. */
void sei_lockfile_release(struct sei_lockfile *f);

#endif
