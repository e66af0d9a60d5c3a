/*
 * One call of a library becomes one message to the server, and its answer the values that the caller gets.
 * See ../wire.go for the messages.
 */
#ifndef SOFTKEY_WIRE_H
#define SOFTKEY_WIRE_H

#include <stddef.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#define CONVENTION __stdcall /* as the vendors' libraries for 386 are called */
#else
#define EXPORT __attribute__((visibility("default")))
#define CONVENTION
#endif

/*
 * softkey_call forwards a call and gives what it returned, or GONE when there is no server to ask. The format has one letter an
 * argument; small letters go in, capitals come out, where a null pointer is skipped.
 *
 *   h  void *                          H  void **
 *   u  unsigned int                    U  unsigned int *
 *   l  unsigned long                   L  unsigned long *
 *   s  const char *                    F  void *, size_t          at most so many bytes of a structure
 *   b  const void *, unsigned long     B  void *, unsigned int *  a buffer and its size, in and out
 *   w  write_fn, void *                D  void *, unsigned long * the same
 *                                      R  read_fn, void *
 *
 * The answer holds no values when the call failed, except where the server sends them all the same.
 */
unsigned long softkey_call(const char *name, const char *format, ...);

/* What is too deep for a letter is written and read by a function of its own. */
struct message;
typedef void (*write_fn)(struct message *, void *);
typedef void (*read_fn)(struct message *, void *);

void put_number(struct message *, unsigned long long);
void put_bytes(struct message *, const void *, size_t);
void put_none(struct message *);
void put_room(struct message *, const void *buffer, const unsigned long *size);

int get_number(struct message *, unsigned long long *);
/* get_buffer reads a length, which it gives, and bytes, which it copies as far as room allows. */
int get_buffer(struct message *, void *to, unsigned long long room, unsigned long long *length);

#endif
