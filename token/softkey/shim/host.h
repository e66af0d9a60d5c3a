/*
 * What the library asks of the system, for each in a file of its own: connections to the server, the process, random bytes.
 */
#ifndef SOFTKEY_HOST_H
#define SOFTKEY_HOST_H

#include <stddef.h>

int host_connect(void);                                       /* -1 when nobody listens */
long host_send(int connection, const void *data, size_t n);   /* bytes sent; at most 0 when the connection is gone */
long host_receive(int connection, void *data, size_t n);      /* bytes received; the same */
int host_quiet(int connection);                               /* the connection stands, and nothing waits to be read */
void host_close(int connection);
long host_process(void);
int host_random(void *to, size_t n);                          /* 0 when there are none */

/* The hosts call these when the system loads and unloads the library, where calls may be made at that time. */
void softkey_load(void);
void softkey_unload(void);

#endif
