/* pattern - Lua's patterns (Lua 5.4 manual, section 6.4.1) with a leash.
 *
 * Plain C. Lua's own matcher answers to nobody while it tries what a pattern
 * such as ".-.-.-.-b" makes it try. This one counts what it does and asks now
 * and then whether to go on. Results and messages are those of Lua.
 */
#ifndef SEI_BASE_PATTERN_H
#define SEI_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SEI_PATTERN_CAPTURES = 32,  /* LUA_MAXCAPTURES */
  SEI_PATTERN_DEPTH = 200     /* MAXCCALLS of lstrlib.c */
};

/* Lengths of captures that are no text. */
enum { SEI_CAPTURE_OPEN = -1, SEI_CAPTURE_POSITION = -2 };

struct sei_capture {
  const char *start;
  ptrdiff_t len;            /* bytes, or one of the above */
};

struct sei_pattern {
  const char *text, *text_end;      /* borrowed: what is searched */
  const char *pattern, *pattern_end; /* borrowed: without a leading ^ */

  /* Asked after every few thousand steps, with their number. false: stop. */
  bool (*go_on)(void *arg, uint64_t steps);
  void *arg;

  unsigned level;           /* captures of the last match */
  struct sei_capture capture[SEI_PATTERN_CAPTURES];
  const char *problem;      /* NULL; static text with one %d at most for
                               problem_number; "" if go_on said stop */
  int problem_number;
  unsigned depth;           /* private */
  uint64_t steps;           /* private: since go_on was asked */
};

/* Tries the pattern at `at` and there alone. Answers the end of what it
 * matches, or NULL: it does not, or `problem` says what is wrong. */
const char *sei_pattern_match(struct sei_pattern *m, const char *at);

#endif
