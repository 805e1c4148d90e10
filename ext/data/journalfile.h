/* journalfile - a file that only grows, and is on the disk when it says so.
 *
 * A line that was appended is there after a crash of the machine; a piece of
 * one that was not finished is for the reader to cut off. Plain C.
 */
#ifndef SEI_DATA_JOURNALFILE_H
#define SEI_DATA_JOURNALFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sei_journalfile {
  int fd;               /* -1: not open */
  int64_t size;         /* up to where it is known to be whole */
};

/* What an unopened file is. */
#define SEI_JOURNALFILE_NONE { -1, 0 }

/* Opens it for appending, and makes it (mode 0600; the folder's entry is on
 * the disk, too) if it is not there. Nobody else may have it open meanwhile:
 * EWOULDBLOCK tells that somebody has. No link is followed (ELOOP), and
 * nothing but a regular file is taken (EINVAL). Returns 0 or an errno; then
 * nothing is open. */
int sei_journalfile_open(struct sei_journalfile *j, const char *path);

/* Cuts everything off beyond `size` bytes. Returns 0 or an errno. */
int sei_journalfile_cut(struct sei_journalfile *j, int64_t size);

/* Appends all n bytes and waits until they are on the disk. Returns 0 or an
 * errno; then what was written of them is taken away again, if that can be
 * done. */
int sei_journalfile_append(struct sei_journalfile *j, const void *bytes,
                           size_t n);

/* Closes it; safe to call twice. */
void sei_journalfile_close(struct sei_journalfile *j);

#endif
