/* page_facts - what a page's numbers say, for page.c alone. All of it only
 * reads; `s` is a slot whose page arrived and is next in order. */
#ifndef SEI_API_PAGE_FACTS_H
#define SEI_API_PAGE_FACTS_H

#include "page.h"

/* Whether its numbers can be at all. */
bool sei_page_possible(const struct sei_pages_slot *s);

/* Whether it is the page before once more, while the list stood still. */
bool sei_page_repeats(const struct sei_pages *p,
                      const struct sei_pages_slot *s);

/* The total_count that holds for it: its own, else the newest; -1: none. */
int64_t sei_page_total(const struct sei_pages *p,
                       const struct sei_pages_slot *s);

/* How many records it should hold. */
int64_t sei_page_expected(const struct sei_pages *p,
                          const struct sei_pages_slot *s);

/* Whether it is the whole list, from a server that does not page. */
bool sei_page_everything(const struct sei_pages *p,
                         const struct sei_pages_slot *s);

/* The page size that the server really used for it, as far as its numbers
 * tell; s->size if it did what it was asked. At least 1. */
int64_t sei_page_real_size(const struct sei_pages *p,
                           const struct sei_pages_slot *s);

#endif
