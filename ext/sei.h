/* sei - the client inside a program in C: no Lua file beside it, and no
 * knowledge of Lua needed.
 *
 *   #include <sei.h>
 *
 *   struct sei_context *c;
 *   struct sei_job job = SEI_JOB_INIT;
 *   job.file = "hire.lua";
 *   job.input = "{\"email\":\"ada@example.com\"}";
 *   if(sei_open(NULL, &c) == SEI_OK) {
 *     if(sei_run(c, &job) == SEI_OK)
 *       puts(sei_result(c, NULL));    // JSON: what the recipe returned
 *     else
 *       puts(sei_error(c, NULL));     // JSON: {"kind":…,"message":…}
 *     sei_close(c);
 *   }
 *
 *   cc host.c $(pkg-config --cflags --libs sei)           or, with our part of
 *   cc host.c $(pkg-config --cflags --libs sei-static)    it in the program
 *
 * Instead of sei_run(), which blocks, a host with a loop of its own calls
 * sei_start() and then sei_step() whenever the descriptor sei_fd() is readable
 * or sei_timeout() milliseconds are over, until it no longer says
 * SEI_RUNNING. Hosts that have a Lua state already use sei_preload() and
 * nothing else.
 *
 * The rules for all of it:
 * - Threads. A context is used by one thread at a time, not always the same
 *   one; contexts share nothing, so each thread may have its own, or many.
 *   sei_cancel() alone may be called from any thread and from signal handlers.
 * - Ownership. What is given to a function is read before it returns and stays
 *   the caller's. Texts that are returned belong to the context; they hold
 *   until the next sei_start(), sei_run() or sei_close() of it.
 * - Texts are UTF-8 and end with a NUL; `size` counts bytes without it.
 * - Errors are statuses below; sei_error() says the rest. Nothing prints,
 *   exits, aborts, or touches signals, locale, environment or working folder.
 *   A context that is NULL, as sei_open() leaves it when it fails, is
 *   SEI_MISUSE, or nothing, everywhere.
 * - fork(). A context works in the process that opened it. In a child all
 *   functions that return a status say SEI_FORKED, and the others what they
 *   say without a job; see sei_close().
 */
#ifndef SEI_H
#define SEI_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined __GNUC__
#define SEI_API __attribute__((visibility("default")))
#else
#define SEI_API
#endif

/* ---- version ---- */

/* Of this header. The first number is the soname's, too: it changes with
 * whatever breaks a host that was built before. Structures only grow at their
 * end: that is what their `size` is for. */
#define SEI_VERSION "0.1.0"
#define SEI_VERSION_MAJOR 0
#define SEI_VERSION_MINOR 1
#define SEI_VERSION_PATCH 0
#define SEI_VERSION_NUMBER \
  (SEI_VERSION_MAJOR * 1000000 + SEI_VERSION_MINOR * 1000 + SEI_VERSION_PATCH)

/* Of the library that runs, as SEI_VERSION and as SEI_VERSION_NUMBER. */
SEI_API const char *sei_version(void);
SEI_API int sei_version_number(void);

/* ---- statuses ---- */

enum {
  SEI_OK = 0,           /* done; sei_result() has what the job returned */
  SEI_RUNNING = 1,      /* not done yet: wait, then sei_step() */
  SEI_FAILED = 2,       /* the job failed; sei_error() says why */
  SEI_CANCELLED = 3,    /* sei_cancel() ended it */
  SEI_MEMORY = 4,       /* not enough memory; the context may be used again */
  SEI_MISUSE = 5,       /* the call was wrong; sei_error() says how; nothing
                           else changed */
  SEI_SYSTEM = 6,       /* the system has no descriptor left; errno */
  SEI_FORKED = 7        /* the context is another process's */
};

/* "ok", "running", …; "unknown" for what is none. Static. */
SEI_API const char *sei_status_name(int status);

/* ---- a context ---- */

struct sei_context;

/* Levels of lines for `log` below. */
enum {
  SEI_LOG_ERROR = 1,    /* calls that failed */
  SEI_LOG_WARN = 2,     /* attempts that failed, repetitions, Lua's warnings */
  SEI_LOG_INFO = 3,     /* each attempt and batch; what recipes print() */
  SEI_LOG_DEBUG = 4     /* pages, requests, headers, beginnings of bodies */
};

/* Begin with SEI_OPTIONS_INIT; what is 0 or NULL is as said. */
struct sei_options {
  size_t size;          /* sizeof(struct sei_options) */

  /* Memory of the context and of its Lua state; NULL: realloc() and free().
   * Like realloc(): `block` NULL makes one, a new size 0 frees it and returns
   * NULL. Returns NULL if it cannot; never when a block shrinks. `old_size` is
   * what was asked for before. Called by the thread that uses the context.
   * What libcurl and the buffers of connections need comes from malloc(), and
   * so does the state of a sandboxed recipe, which has its own limit. */
  void *(*allocate)(void *user, void *block, size_t old_size,
                    size_t new_size);
  void *allocate_user;

  /* Takes lines of log, without a newline and without any key: those of
   * clients that have no option `log` of their own, and what recipes print or
   * warn. NULL: clients log nothing, print() writes to standard output,
   * warnings are dropped. It must not call back into the context, sei_cancel()
   * excepted (that is SEI_MISUSE there). */
  void (*log)(void *user, int level, const char *line, size_t size);
  void *log_user;
  int log_level;        /* the lowest that clients tell; 0: SEI_LOG_INFO */
  int log_json;         /* not 0: their lines are JSON objects */

  /* Milliseconds for which a step may compute in Lua before it returns; 0: 10;
   * negative: as long as it takes, and sei_cancel() reaches a recipe only
   * where it waits. A function written in C, a join of two long lists for
   * one, is not interrupted. It costs an empty loop half of its speed, a
   * mapping a fifth, waiting nothing. */
  int slice_ms;

  int reserved;         /* 0. Without it, the next field would be where this
                           version has nothing but padding */
};

#define SEI_OPTIONS_INIT \
  { sizeof(struct sei_options), NULL, NULL, NULL, NULL, 0, 0, 0, 0 }

/* Opens a context: a Lua state of its own with the client in it. `options`
 * NULL: the defaults. Writes the context to `*context`, or NULL if it fails:
 * SEI_MEMORY, SEI_SYSTEM (errno), SEI_MISUSE (of the options). Never
 * blocks. */
SEI_API int sei_open(const struct sei_options *options,
                     struct sei_context **context);

/* Closes it at any moment: a job under way is given up, requests are
 * cancelled, keys wiped, all memory given back. NULL is fine. SEI_MISUSE if it
 * is called out of the context's own callbacks: nothing is closed then.
 * In a child after fork() it closes the context's own descriptors and leaves
 * memory and connections alone until the child ends or executes another
 * program: whatever else it did, the parent would feel it. SEI_OK there,
 * too. */
SEI_API int sei_close(struct sei_context *context);

/* ---- a job ---- */

/* Lua to run, from a file or a text. It finds `sei`, the module, and, if
 * `client` is given, `client`, which stays open for the next job that gives
 * the same options: what is under way ends with the job. Its first argument is
 * the input. What it returns becomes the result, if JSON can hold it: nil is
 * null; `nil, err` is a failure, as is what it raises. With `plan` it is a
 * recipe for `sei plan`: the plan is made, by `client`, and the result is
 * {digest, writes, header, failed, file}; `failed` names the guards that stop
 * it. os.exit and os.setlocale are refused in a context: they are the host's.
 * What a job makes global is gone after it; modules that were loaded and what
 * was set in _G stay.
 *
 * With `sandbox` it need not be trusted: it runs in a state of its own, where
 * it finds `inputs` instead of an argument, an object or array of JSON, a few
 * functions, and of `client` what it is allowed (reference: sei.sandboxed). It
 * is computed in slices of 2 ms, but for what goes on below table.sort,
 * string.gsub and the like: then a step may take as long as its option `time`
 * says. */
struct sei_job {
  size_t size;          /* sizeof(struct sei_job) */
  const char *file;     /* path; or */
  const char *text;     /* the Lua text itself */
  size_t text_size;     /* 0: it ends with a NUL */
  const char *name;     /* what messages call the text; NULL: "recipe" */
  const char *input;    /* JSON; NULL: null */
  size_t input_size;    /* 0: it ends with a NUL */
  const char *client;   /* JSON object: options of sei.client. api_key is the
                           key, or {"env":NAME}, {"file":PATH} or
                           {"command":[WORD,…]}. NULL: none */
  size_t client_size;   /* 0: it ends with a NUL */
  const char *plan;     /* it is a recipe: path of the plan file to write; "":
                           only the digest is computed. NULL: it is none */
  const char *sandbox;  /* JSON object: options of sei.sandboxed, its limits
                           and what its client may do, for one
                           {"time":2,"operations":["get_schema"]}; NULL: the
                           recipe is trusted */
  size_t sandbox_size;  /* 0: it ends with a NUL */
};

#define SEI_JOB_INIT \
  { sizeof(struct sei_job), NULL, NULL, 0, NULL, NULL, 0, NULL, 0, NULL, \
    NULL, 0 }

/* Begins a job: reads the file, compiles. Returns SEI_RUNNING, and sei_step()
 * does the rest; or why it could not begin: SEI_FAILED (no such file, a syntax
 * error, an input that is no JSON, an option that the client does not know),
 * SEI_MEMORY, SEI_MISUSE (one is running; neither or both of file and text),
 * SEI_FORKED. One job at a time. Does not block, but for the file. */
SEI_API int sei_start(struct sei_context *context,
                      const struct sei_job *job);

/* Goes on with the job as far as it goes without waiting. Returns SEI_RUNNING,
 * or how it ended: SEI_OK, SEI_FAILED, SEI_CANCELLED, SEI_MEMORY; the same
 * again if called after its end. Never waits for the network; a key source
 * that is a command and the files that a recipe reads are waited for. */
SEI_API int sei_step(struct sei_context *context);

/* A descriptor that is readable when sei_step() has something to do (epoll).
 * The same as long as the context is open; the host watches it and does
 * nothing else with it. -1: in another process. Never fails else. */
SEI_API int sei_fd(const struct sei_context *context);

/* Milliseconds until sei_step() is to be called even if the descriptor is
 * silent: 0 at once, -1 whenever: what epoll_wait() and poll() take. It
 * changes with every step. */
SEI_API int sei_timeout(const struct sei_context *context);

/* Steps and blocks until the job is done; returns what sei_step() returned
 * last. Signals do not end it: cancel in their handlers. */
SEI_API int sei_wait(struct sei_context *context);

/* sei_start() and sei_wait(). */
SEI_API int sei_run(struct sei_context *context, const struct sei_job *job);

/* Asks the job under way to end, from any thread or a signal handler: the
 * descriptor becomes readable, and the next step closes the job's variables,
 * cancels its requests and says SEI_CANCELLED. A request that was sent may
 * have been acted upon. Does nothing if no job runs. The context must not be
 * closed meanwhile. */
SEI_API void sei_cancel(struct sei_context *context);

/* ---- what became of it ---- */

/* What sei_step() said last; SEI_OK before the first job. */
SEI_API int sei_status(const struct sei_context *context);

/* The result as JSON, after SEI_OK; else NULL. `size` may be NULL. */
SEI_API const char *sei_result(const struct sei_context *context,
                               size_t *size);

/* The error as a JSON object, after anything but SEI_OK and SEI_RUNNING; else
 * NULL. It has kind, message and often hint, and, where they apply, status,
 * code, request_id, method, url, attempts, rows, file, line, and traceback.
 * Kinds are those of the reference (connect, tls, timeout, http, auth,
 * rejected, refused, drift, …) and of this interface: script (a recipe
 * raised something else), misuse, memory, cancelled, internal. `size` may be
 * NULL. */
SEI_API const char *sei_error(const struct sei_context *context,
                              size_t *size);

/* Its kind and its message alone; NULL where sei_error() is. */
SEI_API const char *sei_error_kind(const struct sei_context *context);
SEI_API const char *sei_error_message(const struct sei_context *context);

/* ---- for hosts that know Lua ---- */

struct lua_State;

/* The context's state, to register functions of the host's own. Belongs to the
 * context; not to be touched while one of its functions runs. Its allocator
 * and warning function are not to be replaced. NULL in another process. */
SEI_API struct lua_State *sei_lua(struct sei_context *context);

/* Puts every module of the client ("sei", "sei.core" and what stands below)
 * into package.preload of any Lua 5.4 state, so that scripts may require them.
 * Loads none. Needs the package library to be open (luaL_openlibs,
 * luaopen_package). Leaves the stack as it was. Raises a Lua error on no
 * memory, and where package.preload is no table. Scripts that use lua-cjson
 * bring it along; the client does without. */
SEI_API void sei_preload(struct lua_State *L);

/* The same, and loads "sei" and pushes its table: for luaL_requiref and for
 * hosts that list their libraries as lua_CFunctions. Returns 1. Raises what
 * loading raises. */
SEI_API int luaopen_sei(struct lua_State *L);

#ifdef __cplusplus
}
#endif

#endif
