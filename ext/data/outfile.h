/* outfile - a file that appears whole under its name, or not at all.
 *
 * The bytes go to a temporary file beside the target, which takes the
 * target's name when everything is written. A target that exists and is no
 * regular file (a pipe, /dev/stdout) is written as it is. Plain C.
 */
#ifndef SEI_DATA_OUTFILE_H
#define SEI_DATA_OUTFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sei_outfile {
  int fd;               /* -1: not open */
  char *path;           /* the target, links resolved; owned */
  char *temporary;      /* NULL: written in place; owned */
  bool secret;          /* as sei_outfile_open_private() made it */
  pid_t process;        /* it was opened in: a child leaves the file alone */
};

/* What an unopened file is. */
#define SEI_OUTFILE_NONE { -1, NULL, NULL, false, 0 }

/* Opens it for writing. A new file gets the permissions that the umask
 * leaves, one that is replaced hands on its own. Returns 0 or an errno; then
 * nothing is open. */
int sei_outfile_open(struct sei_outfile *f, const char *path);

/* The same for what only its owner may read: mode 0600 from its first byte on,
 * whatever the file that it replaces had. It is on the disk, not only in the
 * system's memory, before it takes its name. */
int sei_outfile_open_private(struct sei_outfile *f, const char *path);

/* Writes all n bytes; may block on a slow disk or pipe. Returns 0 or an
 * errno. */
int sei_outfile_write(struct sei_outfile *f, const void *bytes, size_t n);

/* Closes it and gives it its name. Returns 0 or an errno; then the target is
 * as it was. The file is closed either way. EPERM in a child of the process
 * that opened it: the file is that one's. */
int sei_outfile_commit(struct sei_outfile *f);

/* Closes it and removes what was written, but not in a child of the process
 * that opened it. Fine on one that is not open. */
void sei_outfile_discard(struct sei_outfile *f);

#endif
