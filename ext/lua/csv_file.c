/* csv_file - the bytes of a CSV file, for a reader of rows. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

#include "csv.h"
#include "error.h"

static int raise_io(lua_State *L, const char *path, int e)
{
  sei_error_push(L, "io", "%s: %s", path, strerror(e));
  lua_pushstring(L, path);
  lua_setfield(L, -2, "file");
  return lua_error(L);
}

int sei_csv_open(lua_State *L, const char *path)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? raise_io(L, path, errno) : fd;
}

void sei_csv_rows_read(lua_State *L, struct sei_csv_rows *r, int fd,
                       const char *path, size_t piece)
{
  char *to = sei_csv_rows_room(r, piece);
  ssize_t n;
  if(!to)
    luaL_error(L, "not enough memory");
  do
    n = read(fd, to, piece);
  while(n < 0 && errno == EINTR);
  if(n < 0)
    raise_io(L, path, errno);
  sei_csv_rows_wrote(r, (size_t)n, n == 0);
}
