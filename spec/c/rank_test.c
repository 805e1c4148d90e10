/* rank_test - the index of ext/match/rank, without a folding before it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../ext/match/rank.h"

static int checks, failures;

#define CHECK(x) \
  do { \
    checks++; \
    if(!(x)) { \
      failures++; \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #x); \
    } \
  } while(0)

static void add(struct sei_rank *r, enum sei_rank_kind kind, const char *s)
{
  uint32_t text[256];
  size_t n;
  for(n = 0; s[n] && n < 256; n++)
    text[n] = (unsigned char)s[n];
  CHECK(sei_rank_add(r, kind, text, n));
}

static void person(struct sei_rank *r, const char *key, const char *name,
                   const char *handle)
{
  add(r, SEI_RANK_NAME, name);
  add(r, SEI_RANK_HANDLE, handle);
  CHECK(sei_rank_person(r, key, strlen(key)));
}

/* The nearest to one text, from 0; -1: nobody. */
static int nearest(struct sei_rank *r, enum sei_rank_kind kind, const char *s)
{
  struct sei_rank_hit hit;
  int n;
  sei_rank_drop(r);
  add(r, kind, s);
  n = sei_rank_ask(r, &hit, 1);
  CHECK(n == 0 || (n == 1 && hit.score >= 0 && hit.score <= 1));
  return n == 1 ? (int)hit.person : -1;
}

static struct sei_rank *four(void)
{
  struct sei_rank *r = sei_rank_new();
  CHECK(r);
  person(r, "a", "john smith", "john smith");
  person(r, "b", "jane smith", "j smith 77");
  person(r, "c", "konrad van der berg", "kvdb");
  person(r, "d", "john doe", "doe");
  CHECK(sei_rank_build(r) && sei_rank_people(r) == 4);
  return r;
}

static void test_forms(void)
{
  struct sei_rank *r = four();
  CHECK(nearest(r, SEI_RANK_NAME, "smith john") == 0);
  CHECK(nearest(r, SEI_RANK_NAME, "jane") == 1);
  CHECK(nearest(r, SEI_RANK_NICK, "jane smith") == 1);
  CHECK(nearest(r, SEI_RANK_NAME, "k van berg") == 2);
  CHECK(nearest(r, SEI_RANK_HANDLE, "smithjo") == 0);
  CHECK(nearest(r, SEI_RANK_HANDLE, "johnd") == 3);
  CHECK(nearest(r, SEI_RANK_HANDLE, "jdoe") == 3);
  CHECK(nearest(r, SEI_RANK_HANDLE, "jsmith") == 1);
  CHECK(nearest(r, SEI_RANK_HANDLE, "kvdb 5") == 2);
  CHECK(nearest(r, SEI_RANK_HANDLE, "konradberg") == 2);
  CHECK(nearest(r, SEI_RANK_HANDLE, "xyz") == -1);
  CHECK(nearest(r, SEI_RANK_HANDLE, "") == -1);
  CHECK(sei_rank_bytes(r) < 1 << 20);
  sei_rank_free(r);
}

static void test_why(void)
{
  struct sei_rank *r = four();
  struct sei_rank_hit hits[3];
  struct sei_buf out;
  sei_buf_init(&out, 1000);
  sei_rank_drop(r);
  add(r, SEI_RANK_NAME, "jon smyth");
  add(r, SEI_RANK_HANDLE, "jsmith");
  CHECK(sei_rank_ask(r, hits, 3) >= 2 && hits[0].person == 0);
  CHECK(sei_rank_why(r, 0, &out));
  CHECK(sei_buf_addc(&out, 0) == SEI_BUF_OK);
  CHECK(strstr(out.data, "name 'jon' stands for 'john'"));
  CHECK(strstr(out.data, "name 'smyth' is like 'smith'"));
  CHECK(strstr(out.data, "handle 'jsmith' is made of the person's name"));
  sei_buf_free(&out);
  sei_buf_init(&out, 3);
  CHECK(!sei_rank_why(r, 0, &out));
  sei_buf_free(&out);
  sei_rank_free(r);
}

static void test_nobody(void)
{
  struct sei_rank *r = sei_rank_new();
  CHECK(r && sei_rank_build(r) && sei_rank_people(r) == 0);
  CHECK(nearest(r, SEI_RANK_NAME, "john smith") == -1);
  sei_rank_free(r);
  sei_rank_free(NULL);
  r = sei_rank_new();
  CHECK(r && sei_rank_person(r, "", 0));
  CHECK(nearest(r, SEI_RANK_NAME, "john smith") == -1);
  sei_rank_free(r);
}

static uint32_t next(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/* A text of few letters, spaces and now and then anything. */
static size_t random_text(uint64_t *state, uint32_t *text, size_t most)
{
  size_t i, n = next(state) % most;
  for(i = 0; i < n; i++) {
    uint32_t x = next(state) % 100;
    text[i] = x < 70 ? 'a' + x % 6 : x < 80 ? ' ' : x < 90 ? '0' + x % 10 :
      x < 95 ? 0x5B57 + x : next(state);
  }
  return n;
}

static void random_record(uint64_t *state, struct sei_rank *r)
{
  uint32_t text[120];
  unsigned i, texts = next(state) % 30;
  for(i = 0; i < texts; i++) {
    size_t n = random_text(state, text, 1 + next(state) % 120);
    CHECK(sei_rank_add(r, (enum sei_rank_kind)(next(state) % 5), text, n));
  }
}

/* Anything is taken; whoever was added is found by exactly what they are. */
static void test_random(void)
{
  enum { PEOPLE = 300 };
  struct sei_rank *r = sei_rank_new();
  struct sei_rank_hit hits[32];
  uint64_t state = 99, again;
  int i, n, k, lost = 0, wrong = 0;
  CHECK(r);
  for(i = 0; i < PEOPLE; i++) {
    random_record(&state, r);
    CHECK(sei_rank_person(r, "same", 4));
  }
  again = 99;
  for(i = 0; i < PEOPLE; i++) {
    sei_rank_drop(r);
    random_record(&again, r);
    n = sei_rank_ask(r, hits, 32);
    for(k = 0; k < n && hits[k].person != (uint32_t)i; k++)
      wrong += k && hits[k].score > hits[k - 1].score;
    lost += n > 0 && k == n;
  }
  CHECK(lost <= PEOPLE / 50 && wrong == 0);
  for(i = 0; i < 300; i++) {
    sei_rank_drop(r);
    random_record(&state, r);
    CHECK(sei_rank_ask(r, hits, i % 40) <= (i % 40 < 32 ? i % 40 : 32));
  }
  sei_rank_free(r);
}

int main(void)
{
  test_forms();
  test_why();
  test_nobody();
  test_random();
  if(!failures)
    printf("rank: %d checks\n", checks);
  return failures != 0;
}
