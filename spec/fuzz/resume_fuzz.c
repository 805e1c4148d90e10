/* resume_fuzz - resume tokens: what is written reads back; what is read has
 * one spelling only; a changed character is found. */
#include "../../ext/api/resume.h"
#include "fuzz.h"

static const int64_t LARGEST = (int64_t)1 << 53;

static bool same(const struct sei_resume *a, const struct sei_resume *b)
{
  return a->query == b->query && a->offset == b->offset &&
    a->page_size == b->page_size && a->total == b->total &&
    a->flags == b->flags;
}

/* Without the blanks around it, for those allocate anew that look behind. */
static void check_spelling(const char *text, size_t n,
                           const struct sei_resume *r)
{
  char again[SEI_RESUME_SIZE];
  size_t from = 0;
  MUST(sei_resume_write(r, again, sizeof again));
  while(from < n && memchr(" \t\r\n", text[from], 4))
    from++;
  MUST(n - from >= strlen(again));
  MUST(memcmp(text + from, again, strlen(again)) == 0);
}

static void check_text(const uint8_t *data, size_t size, uint64_t query)
{
  struct sei_resume r = { 1, 2, 3, 4, 5 }, before = r;
  char *text = fuzz_copy(data, size);
  const char *problem = sei_resume_read(text, size, query, &r);
  if(problem)
    MUST(same(&r, &before) && strlen(problem) > 10);
  else {
    MUST(r.query == query);
    check_spelling(text, size, &r);
  }
  free(text);
}

/* Blanks around a token mean nothing. */
static void check_blanks(const char *token, const struct sei_resume *r)
{
  char wide[SEI_RESUME_SIZE + 8];
  struct sei_resume read;
  int n = snprintf(wide, sizeof wide, " \t%s\r\n", token);
  MUST(!sei_resume_read(wide, (size_t)n, r->query, &read));
  MUST(same(&read, r));
}

static void check_numbers(struct fuzz_bytes *b)
{
  struct sei_resume r, read;
  char token[SEI_RESUME_SIZE];
  size_t n, at;
  bool fits;
  r.query = fuzz_take(b, 8);
  r.offset = fuzz_extreme(b);
  r.page_size = fuzz_extreme(b);
  r.total = fuzz_extreme(b);
  r.flags = (uint32_t)fuzz_take(b, 4);
  fits = r.offset >= 0 && r.offset <= LARGEST && r.page_size >= 1 &&
    r.page_size <= LARGEST && r.total >= -1 && r.total <= LARGEST;
  MUST(sei_resume_write(&r, token, sizeof token) == fits);
  n = strlen(token);
  if(!fits) {
    MUST(n == 0);
    return;
  }
  MUST(!sei_resume_read(token, n, r.query, &read) && same(&r, &read));
  MUST(sei_resume_read(token, n, r.query + 1, &read));
  check_text((const uint8_t *)token, n, r.query);
  check_blanks(token, &r);
  at = fuzz_take(b, 1) % n;
  token[at] = (char)(token[at] ^ (char)(1 + fuzz_take(b, 1) % 127));
  MUST(sei_resume_read(token, n, r.query, &read));
  MUST(!sei_resume_write(&r, token, n) && !*token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct fuzz_bytes b = { data, data + size };
  uint64_t query = 0;
  char digits[17] = "";
  if(size > 1024)
    return 0;
  if(size >= 21)        /* the query that the text says it is of */
    memcpy(digits, data + 5, 16);
  query = strtoull(digits, NULL, 16);
  check_text(data, size, query);
  check_numbers(&b);
  return 0;
}
