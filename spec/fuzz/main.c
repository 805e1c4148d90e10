/* main - runs a fuzzing target without a fuzzer: every file of its corpus,
 * then inputs that are made out of them at random, the same in each run.
 *
 *   NAME_fuzz CORPUS COUNT [SECONDS]    ends with "NAME_fuzz: N inputs"
 *   NAME_fuzz FILE                      runs that one input
 *
 * No more than COUNT inputs and SECONDS (of the processor, default 1). When a
 * target aborts, the input is left in ./NAME_fuzz.crash, or in the folder that
 * FUZZ_CRASHES names.
 */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

enum { FILES = 64, LONGEST = 8192, CHANGES = 6 };

struct input {
  uint8_t *bytes;
  size_t len;
};

static struct input corpus[FILES];
static size_t files;
static struct input now;        /* the one under way */
static char crash[512];         /* where it goes if it aborts */

static void complain(const char *what, const char *name)
{
  fprintf(stderr, "%s: %s\n", name, what);
  exit(2);
}

/* ---- the corpus ---- */

static void load(const char *path)
{
  struct input *x = &corpus[files];
  FILE *f = fopen(path, "rb");
  if(!f)
    complain("cannot be read", path);
  x->bytes = malloc(LONGEST);
  if(!x->bytes)
    complain("no memory", path);
  x->len = fread(x->bytes, 1, LONGEST, f);
  fclose(f);
  files++;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *e)
{
  return e->d_name[0] != '.';
}

/* In the order of their names, so that each run is the same. */
static void load_all(const char *folder)
{
  struct dirent **list;
  char path[1024];
  int n = scandir(folder, &list, visible, by_name), i;
  for(i = 0; i < n; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
    if(files < FILES)
      load(path);
    free(list[i]);
  }
  if(n < 1)
    complain("holds no corpus", folder);
  free(list);
}

/* ---- changing an input ---- */

static void insert(struct input *x, size_t at, const uint8_t *bytes, size_t n)
{
  if(n > LONGEST - x->len)
    n = LONGEST - x->len;
  memmove(x->bytes + at + n, x->bytes + at, x->len - at);
  memmove(x->bytes + at, bytes, n);
  x->len += n;
}

static void change(struct input *x, struct fuzz_dice *d)
{
  static const uint8_t telling[] = "\"\\{}[],:\r\n\t 09-.eE\0\x7f\x80\xc3\xff";
  const struct input *other = &corpus[fuzz_below(d, files)];
  size_t at = fuzz_below(d, x->len + 1), n = 1 + fuzz_below(d, 12), from;
  if(n > x->len - at)
    n = x->len - at;
  from = fuzz_below(d, other->len + 1);
  switch(fuzz_below(d, 5)) {
  case 0:
    if(n)
      x->bytes[at] ^= (uint8_t)(1u << fuzz_below(d, 8));
    break;
  case 1:
    if(n)
      x->bytes[at] = telling[fuzz_below(d, sizeof telling)];
    break;
  case 2:
    insert(x, at, telling + fuzz_below(d, sizeof telling), 1);
    break;
  case 3:
    memmove(x->bytes + at, x->bytes + at + n, x->len - at - n);
    x->len -= n;
    break;
  default:
    n = fuzz_below(d, 40);
    insert(x, at, other->bytes + from,
           n < other->len - from ? n : other->len - from);
  }
}

/* ---- running ---- */

static void on_abort(int sig)
{
  int fd = open(crash, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if(fd >= 0) {
    ssize_t n = write(fd, now.bytes, now.len);
    (void)n;
    close(fd);
  }
  signal(sig, SIG_DFL);
  raise(sig);
}

/* The target sees a copy that ends where its allocation ends. */
static void run(void)
{
  uint8_t *copy = (uint8_t *)fuzz_copy(now.bytes, now.len);
  LLVMFuzzerTestOneInput(copy, now.len);
  free(copy);
}

static double seconds(void)
{
  return (double)clock() / CLOCKS_PER_SEC;
}

static size_t run_all(size_t count, double limit)
{
  double start = seconds();
  struct fuzz_dice d = { 1 };
  size_t i, changes;
  for(i = 0; i < count && (i < files || seconds() - start < limit); i++) {
    const struct input *x = &corpus[i < files ? i : fuzz_below(&d, files)];
    memcpy(now.bytes, x->bytes, x->len);
    now.len = x->len;
    changes = i < files ? 0 : 1 + fuzz_below(&d, CHANGES);
    while(changes--)
      change(&now, &d);
    run();
  }
  return i;
}

static void name_crash(const char *name)
{
  const char *folder = getenv("FUZZ_CRASHES");
  snprintf(crash, sizeof crash, "%s/%s.crash", folder ? folder : ".", name);
  signal(SIGABRT, on_abort);
  signal(SIGSEGV, on_abort);
}

int main(int argc, char **argv)
{
  const char *slash = strrchr(argv[0], '/');
  const char *name = slash ? slash + 1 : argv[0];
  struct stat st;
  size_t n;
  if(argc < 2 || stat(argv[1], &st))
    complain("give a folder and a number of inputs, or a file", name);
  if(S_ISDIR(st.st_mode))
    load_all(argv[1]);
  else
    load(argv[1]);
  now.bytes = malloc(LONGEST);
  if(!now.bytes)
    complain("no memory", name);
  name_crash(name);
  n = run_all(argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 1,
              argc > 3 ? strtod(argv[3], NULL) : 1);
  printf("%s: %zu inputs\n", name, n);
  free(now.bytes);
  while(files)
    free(corpus[--files].bytes);
  return 0;
}
