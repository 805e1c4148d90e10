/* memory - malloc and its family for the torture program: counts, keeps the
 * books, and fails on demand.
 *
 * The program defines malloc itself, so whatever runs in it is seen: ext/,
 * libcurl, zlib, Lua, the C library. Under AddressSanitizer the blocks come
 * from its allocator, so that its checks hold.
 */
#ifndef SEI_TORTURE_MEMORY_H
#define SEI_TORTURE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

enum { MEMORY_BUFFER = 100003 };

/* From now on blocks are entered into the books, which are empty. */
void memory_open_books(void);

/* Ends that; returns how many of them were not freed and, to `show`, prints
 * the first few of them to stderr. */
size_t memory_close_books(bool show);

/* The n-th allocation from now fails, n from 1, and those behind it until
 * `window` have failed; 0: all of them. */
void memory_arm(long n, long window);

/* No more failures. Returns how many allocations were asked for. */
long memory_disarm(void);

/* Whether an allocation failed since memory_arm(). */
bool memory_fired(void);

/* Prints the way to the allocation that fails first, and those to the blocks
 * that are left: slow. */
void memory_trace(bool on);

/* With it Lua has to collect all garbage at every allocation: the first try
 * of each fails. Before it a buffer of lauxlib of MEMORY_BUFFER bytes must
 * have been made, for those do not try twice. */
void memory_squeeze(bool on);

/* How often that was since then. */
long memory_squeezed(void);

/* Lua's allocator. Never fails when a block shrinks: Lua relies on that. */
void *memory_lua(void *user, void *p, size_t old, size_t size);

#endif
