/* page_feed - what page_test and page_drift_test share: a walk fed by hand,
 * one line per event. Each program includes it once. */
#ifndef SEI_SPEC_PAGE_FEED_H
#define SEI_SPEC_PAGE_FEED_H

#include <stdio.h>
#include <string.h>

#include "../../ext/api/page.h"

static int checks, failures;

static void check(bool ok, int line, const char *what)
{
  checks++;
  if(ok)
    return;
  failures++;
  printf("%s:%d: %s\n", __FILE__, line, what);
}

#define CHECK(x) check((x), __LINE__, #x)

static struct sei_pages p;
static struct sei_pages_options o;

/* ---- one line per event ---- */

/* The next request is this one. Answers its slot. */
static int asks(int line, int64_t page, int64_t size, int64_t skip)
{
  struct sei_pages_ask a = { -1, -1, -1, -1 };
  check(sei_pages_ask(&p, &a), line, "asks");
  check(a.page == page, line, "page index asked for");
  check(a.page_size == size, line, "page size asked for");
  check(a.skip == skip, line, "records to skip");
  return a.slot;
}

#define ASKS(page, size, skip) asks(__LINE__, page, size, skip)

static bool asks_nothing(void)
{
  struct sei_pages_ask a;
  return !sei_pages_ask(&p, &a);
}

/* A page comes; pages of the same mark hold the same records. */
static void comes(int slot, int64_t count, int64_t total, int64_t echo,
                  uint64_t mark)
{
  struct sei_pages_facts f = { count, total, echo, mark };
  sei_pages_arrived(&p, slot, &f);
}

/* The next page is taken, holds these, and all of it is new. */
static void takes(int line, int slot, int64_t first, int64_t n)
{
  struct sei_pages_page page = { -1, -1, -1 };
  int64_t out = -1;
  check(sei_pages_take(&p, &page) == SEI_PAGES_PAGE, line, "takes");
  check(page.slot == slot, line, "slot taken");
  check(page.first == first, line, "first record taken");
  check(page.n == n, line, "records taken");
  check(sei_pages_judge(&p, page.n, 0, &out) == SEI_PAGES_PAGE, line,
        "judges");
  check(out == n, line, "records to hand out");
}

#define TAKES(slot, first, n) takes(__LINE__, slot, first, n)

static enum sei_pages_answer take(void)
{
  struct sei_pages_page page;
  return sei_pages_take(&p, &page);
}

static bool fails(enum sei_pages_failure why, const char *name,
                  const char *words)
{
  char text[512];
  sei_pages_problem(&p, text, sizeof(text));
  if(!strstr(text, words))
    printf("  the text is: %s\n", text);
  return take() == SEI_PAGES_FAILED && p.failure == why && asks_nothing() &&
    !strcmp(sei_pages_failure_name(p.failure), name) && strstr(text, words);
}

static void begin(int64_t page_size)
{
  o.page_size = page_size;
  CHECK(sei_pages_begin(&p, &o) == NULL);
  sei_pages_defaults(&o);       /* for the next case */
}

#endif
