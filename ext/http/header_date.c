/* header_date - Retry-After: seconds or one of the three HTTP dates.
 *
 * Read by hand, as strptime() would look at the host's locale. Names of days
 * are read over: they tell nothing that the date does not.
 */
#define _DEFAULT_SOURCE /* timegm */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "header.h"

/* A place in the text; each reader moves on or makes it NULL. */
struct reader {
  const char *at;
};

static void literal(struct reader *r, const char *text)
{
  size_t n = strlen(text);
  if(r->at)
    r->at = strncmp(r->at, text, n) ? NULL : r->at + n;
}

/* Exactly `digits` digits. */
static int number(struct reader *r, int digits)
{
  int value = 0;
  for(; r->at && digits; digits--) {
    if(*r->at < '0' || *r->at > '9') {
      r->at = NULL;
      return 0;
    }
    value = value * 10 + (*r->at++ - '0');
  }
  return value;
}

/* asctime's day of the month: two digits, or a blank and one. */
static int padded(struct reader *r)
{
  if(r->at && *r->at == ' ') {
    r->at++;
    return number(r, 1);
  }
  return number(r, 2);
}

static int month(struct reader *r)
{
  static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int i;
  for(i = 0; r->at && i < 12; i++)
    if(!strncmp(r->at, names + 3 * i, 3)) {
      r->at += 3;
      return i;
    }
  r->at = NULL;
  return 0;
}

static void hours(struct reader *r, struct tm *t)
{
  t->tm_hour = number(r, 2);
  literal(r, ":");
  t->tm_min = number(r, 2);
  literal(r, ":");
  t->tm_sec = number(r, 2);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static void imf_fixdate(struct reader *r, struct tm *t)
{
  t->tm_mday = number(r, 2);
  literal(r, " ");
  t->tm_mon = month(r);
  literal(r, " ");
  t->tm_year = number(r, 4) - 1900;
  literal(r, " ");
  hours(r, t);
  literal(r, " GMT");
}

/* The year with those two digits that is at most 50 years ahead: one that
 * looks farther off means the past (RFC 9110 section 5.6.7), and at the end
 * of a century 00 means the next. */
static int whole_year(int two, double now)
{
  time_t seconds = (time_t)now;
  struct tm today;
  int year;
  if(!gmtime_r(&seconds, &today))
    return two;
  year = (today.tm_year + 1900) / 100 * 100 + two;
  if(year > today.tm_year + 1950)
    return year - 100;
  return year <= today.tm_year + 1850 ? year + 100 : year;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static void rfc850(struct reader *r, struct tm *t, double now)
{
  t->tm_mday = number(r, 2);
  literal(r, "-");
  t->tm_mon = month(r);
  literal(r, "-");
  t->tm_year = whole_year(number(r, 2), now) - 1900;
  literal(r, " ");
  hours(r, t);
  literal(r, " GMT");
}

/* Sun Nov  6 08:49:37 1994 */
static void asctime_date(struct reader *r, struct tm *t)
{
  t->tm_mon = month(r);
  literal(r, " ");
  t->tm_mday = padded(r);
  literal(r, " ");
  hours(r, t);
  literal(r, " ");
  t->tm_year = number(r, 4) - 1900;
}

static bool in_range(const struct tm *t)
{
  return t->tm_mday >= 1 && t->tm_mday <= 31 && t->tm_hour < 24 &&
         t->tm_min < 60 && t->tm_sec <= 60; /* 60: a leap second */
}

/* Unix seconds of an HTTP date, or -1. */
static double http_date(const char *s, double now)
{
  struct reader r = { s };
  struct tm t;
  size_t day = strspn(s, "abcdefghijklmnopqrstuvwxyzMTWFS");
  memset(&t, 0, sizeof t);
  r.at += day;
  if(day > 3 && *r.at == ',') {
    literal(&r, ", ");
    rfc850(&r, &t, now);
  }
  else if(day == 3 && *r.at == ',') {
    literal(&r, ", ");
    imf_fixdate(&r, &t);
  }
  else if(day == 3) {
    literal(&r, " ");
    asctime_date(&r, &t);
  }
  else
    return -1;
  if(!r.at || *r.at || !in_range(&t))
    return -1;
  return (double)timegm(&t);
}

double sei_header_retry_after(const struct sei_headers *h, double now)
{
  const char *s = sei_headers_get(h, "Retry-After");
  double seconds = 0, date;
  if(!s || !*s)
    return -1;
  if(s[strspn(s, "0123456789")]) {
    date = http_date(s, now);
    return date < 0 ? -1 : date > now ? date - now : 0;
  }
  for(; *s; s++)
    if(seconds < 1e12) /* a longer wait says nothing more */
      seconds = seconds * 10 + (*s - '0');
  return seconds;
}
