#define _POSIX_C_SOURCE 200809L
#include "wire.h"
#include "host.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_MESSAGE = 1 << 20, /* bytes, either way */
	MAX_STRING = 4096,     /* bytes of a string that is handed in */
	MAX_IDLE = 16,         /* connections kept open between calls */
	ABORT = 1,             /* the server wants to see a crash */
};

struct message {
	unsigned char *data;
	size_t length, room, at;
	int bad;
};

/* ---- messages ---- */

static void wipe(void *p, size_t n)
{
	volatile unsigned char *b = p;
	while (n--)
		*b++ = 0;
}

/* grow moves by hand, so that no PIN stays behind where a message was. */
static int grow(struct message *m, size_t more)
{
	size_t room = m->room ? m->room : 256;
	unsigned char *data;

	if (m->bad || more > MAX_MESSAGE || m->length + more > MAX_MESSAGE) {
		m->bad = 1;
		return 0;
	}
	if (m->length + more <= m->room)
		return 1;
	while (room < m->length + more)
		room *= 2;
	if (!(data = malloc(room))) {
		m->bad = 1;
		return 0;
	}
	if (m->length)
		memcpy(data, m->data, m->length);
	if (m->data) {
		wipe(m->data, m->length);
		free(m->data);
	}
	m->data = data;
	m->room = room;
	return 1;
}

static void drop(struct message *m)
{
	if (m->data) {
		wipe(m->data, m->room);
		free(m->data);
	}
	memset(m, 0, sizeof *m);
}

static void put_raw(struct message *m, const void *data, size_t n)
{
	if (n && grow(m, n)) {
		memcpy(m->data + m->length, data, n);
		m->length += n;
	}
}

static void put_le(struct message *m, unsigned long long v, int bytes)
{
	unsigned char b[8];
	int i;

	for (i = 0; i < bytes; i++)
		b[i] = (unsigned char)(v >> (8 * i));
	put_raw(m, b, bytes);
}

void put_number(struct message *m, unsigned long long v)
{
	put_raw(m, "n", 1);
	put_le(m, v, 8);
}

void put_none(struct message *m)
{
	put_raw(m, "z", 1);
}

void put_bytes(struct message *m, const void *data, size_t n)
{
	if (!data) {
		put_none(m);
		return;
	}
	put_raw(m, "b", 1);
	put_le(m, n, 4);
	put_raw(m, data, n);
}

/* A buffer's room: none without a size, all ones when only the size is asked for. */
void put_room(struct message *m, const void *buffer, const unsigned long *size)
{
	if (!size)
		put_none(m);
	else
		put_number(m, buffer ? *size : ~0ULL);
}

static const unsigned char *take(struct message *m, size_t n)
{
	const unsigned char *p;

	if (m->bad || n > m->length - m->at) {
		m->bad = 1;
		return NULL;
	}
	p = m->data + m->at;
	m->at += n;
	return p;
}

static unsigned long long get_le(struct message *m, int bytes)
{
	const unsigned char *p = take(m, bytes);
	unsigned long long v = 0;

	while (p && bytes--)
		v = v << 8 | p[bytes];
	return v;
}

int get_number(struct message *m, unsigned long long *v)
{
	const unsigned char *tag = take(m, 1);

	if (tag && *tag == 'z')
		return 0;
	if (!tag || *tag != 'n') {
		m->bad = 1;
		return 0;
	}
	*v = get_le(m, 8);
	return !m->bad;
}

/* get_bytes copies at most room bytes; it tells how many there were. */
static size_t get_bytes(struct message *m, void *to, size_t room)
{
	const unsigned char *tag = take(m, 1), *p;
	size_t n;

	if (tag && *tag == 'z')
		return 0;
	if (!tag || *tag != 'b') {
		m->bad = 1;
		return 0;
	}
	n = (size_t)get_le(m, 4);
	p = take(m, n);
	if (p && to && n)
		memcpy(to, p, n < room ? n : room);
	return p ? n : 0;
}

int get_buffer(struct message *m, void *to, unsigned long long room, unsigned long long *length)
{
	if (!get_number(m, length)) {
		get_bytes(m, NULL, 0);
		return 0;
	}
	get_bytes(m, to, room < MAX_MESSAGE ? (size_t)room : MAX_MESSAGE);
	return !m->bad;
}

/* ---- connections ---- */

/*
 * Several connections, for calls of several threads, are one client to the server by the number they share. A child that was
 * forked is another client. The lock is held for no call to the server.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int idle[MAX_IDLE];
static int idles;
static long owner;
static unsigned char client[16];

static int send_all(int fd, const unsigned char *p, size_t n)
{
	while (n) {
		long sent = host_send(fd, p, n);
		if (sent <= 0)
			return 0;
		p += sent;
		n -= (size_t)sent;
	}
	return 1;
}

static int receive_all(int fd, unsigned char *p, size_t n)
{
	while (n) {
		long got = host_receive(fd, p, n);
		if (got <= 0)
			return 0;
		p += got;
		n -= (size_t)got;
	}
	return 1;
}

/* exchange sends a message and leaves the answer in it. */
static int exchange(int fd, struct message *m)
{
	unsigned char head[4];
	size_t n;
	int i;

	if (m->bad)
		return 0;
	for (i = 0; i < 4; i++)
		head[i] = (unsigned char)(m->length >> (8 * i));
	if (!send_all(fd, head, 4) || !send_all(fd, m->data, m->length) || !receive_all(fd, head, 4))
		return 0;
	n = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
	drop(m);
	if (n > MAX_MESSAGE || !grow(m, n) || !receive_all(fd, m->data, n))
		return 0;
	m->length = n;
	if (get_le(m, 1) & ABORT)
		abort();
	return !m->bad;
}

/* dial connects and says who is there: the client, what it was built for, the size of a long, and whether it is just loaded. */
static int dial(const unsigned char *who, int loading)
{
	struct message m = {0};
	int fd = host_connect(), good;

	if (fd < 0)
		return -1;
	put_le(&m, 5, 1);
	put_raw(&m, "hello", 5);
	put_bytes(&m, who, sizeof client);
	put_bytes(&m, VARIANT, strlen(VARIANT));
	put_number(&m, sizeof(long));
	put_number(&m, (unsigned)loading);
	good = exchange(fd, &m) && get_le(&m, 8) == 0 && !m.bad;
	drop(&m);
	if (!good) {
		host_close(fd);
		return -1;
	}
	return fd;
}

static void close_idle(void)
{
	while (idles)
		host_close(idle[--idles]);
}

/*
 * acquire gives a connection on which nothing waits to be read. One that the server closed meanwhile is found out here, before
 * anything is sent: a call is never sent twice, for it may carry a PIN.
 */
static int acquire(int loading)
{
	unsigned char who[sizeof client];
	int fd;

	pthread_mutex_lock(&lock);
	if (owner != host_process()) {
		close_idle();
		owner = host_process();
		if (!host_random(client, sizeof client))
			memcpy(client, &owner, sizeof owner);
	}
	memcpy(who, client, sizeof who);
	while (idles) {
		fd = idle[--idles];
		if (host_quiet(fd)) {
			pthread_mutex_unlock(&lock);
			return fd;
		}
		host_close(fd);
	}
	pthread_mutex_unlock(&lock);
	return dial(who, loading);
}

static void release(int fd)
{
	pthread_mutex_lock(&lock);
	if (idles < MAX_IDLE && owner == host_process()) {
		idle[idles++] = fd;
		fd = -1;
	}
	pthread_mutex_unlock(&lock);
	if (fd >= 0)
		host_close(fd);
}

/* softkey_load tells the server of the library, and softkey_unload ends that; for the hosts. */
void softkey_load(void)
{
	int fd;

	if (getenv("SEALDESK_SOFTKEY_CRASH_ON_LOAD"))
		abort();
	if ((fd = acquire(1)) >= 0)
		release(fd);
}

void softkey_unload(void)
{
	if (owner == host_process())
		close_idle();
}

/* ---- calls ---- */

static void put_arguments(struct message *m, const char *format, va_list args)
{
	for (; *format; format++) {
		switch (*format) {
		case 'h':
			put_number(m, (size_t)va_arg(args, void *));
			break;
		case 'u':
			put_number(m, va_arg(args, unsigned int));
			break;
		case 'l':
			put_number(m, va_arg(args, unsigned long));
			break;
		case 's': {
			const char *s = va_arg(args, const char *);
			put_bytes(m, s, s ? strnlen(s, MAX_STRING) : 0);
			break;
		}
		case 'b': {
			const void *p = va_arg(args, const void *);
			put_bytes(m, p, va_arg(args, unsigned long));
			break;
		}
		case 'w': {
			write_fn write = va_arg(args, write_fn);
			write(m, va_arg(args, void *));
			break;
		}
		case 'B': {
			const void *p = va_arg(args, const void *);
			const unsigned int *size = va_arg(args, const unsigned int *);
			unsigned long wide = size ? *size : 0;
			put_room(m, p, size ? &wide : NULL);
			break;
		}
		case 'D': {
			const void *p = va_arg(args, const void *);
			put_room(m, p, va_arg(args, const unsigned long *));
			break;
		}
		case 'F':
			va_arg(args, void *);
			va_arg(args, size_t);
			break;
		case 'R':
			va_arg(args, read_fn);
			va_arg(args, void *);
			break;
		default: /* H, U, L */
			va_arg(args, void *);
		}
	}
}

static void get_values(struct message *m, const char *format, va_list args)
{
	unsigned long long v;

	for (; *format && !m->bad; format++) {
		switch (*format) {
		case 'h':
			va_arg(args, void *);
			break;
		case 'u':
			va_arg(args, unsigned int);
			break;
		case 'l':
			va_arg(args, unsigned long);
			break;
		case 's':
			va_arg(args, const char *);
			break;
		case 'b':
			va_arg(args, const void *);
			va_arg(args, unsigned long);
			break;
		case 'w':
			va_arg(args, write_fn);
			va_arg(args, void *);
			break;
		case 'H': {
			void **to = va_arg(args, void **);
			if (get_number(m, &v) && to)
				*to = (void *)(size_t)v;
			break;
		}
		case 'U': {
			unsigned int *to = va_arg(args, unsigned int *);
			if (get_number(m, &v) && to)
				*to = (unsigned int)v;
			break;
		}
		case 'L': {
			unsigned long *to = va_arg(args, unsigned long *);
			if (get_number(m, &v) && to)
				*to = (unsigned long)v;
			break;
		}
		case 'F': {
			void *to = va_arg(args, void *);
			get_bytes(m, to, va_arg(args, size_t));
			break;
		}
		case 'B': {
			void *to = va_arg(args, void *);
			unsigned int *size = va_arg(args, unsigned int *);
			if (get_buffer(m, to, size && to ? *size : 0, &v) && size)
				*size = (unsigned int)v;
			break;
		}
		case 'D': {
			void *to = va_arg(args, void *);
			unsigned long *size = va_arg(args, unsigned long *);
			if (get_buffer(m, to, size && to ? *size : 0, &v) && size)
				*size = (unsigned long)v;
			break;
		}
		case 'R': {
			read_fn read = va_arg(args, read_fn);
			read(m, va_arg(args, void *));
			break;
		}
		}
	}
}

unsigned long softkey_call(const char *name, const char *format, ...)
{
	struct message m = {0};
	unsigned long returned = GONE;
	va_list args;
	int fd = acquire(0);

	if (fd < 0)
		return GONE;
	put_le(&m, strlen(name), 1);
	put_raw(&m, name, strlen(name));
	va_start(args, format);
	put_arguments(&m, format, args);
	va_end(args);
	if (m.bad) { /* too big: nothing was sent */
		release(fd);
		drop(&m);
		return GONE;
	}
	if (exchange(fd, &m)) {
		returned = (unsigned long)get_le(&m, 8);
		if (m.at < m.length) {
			va_start(args, format);
			get_values(&m, format, args);
			va_end(args);
		}
		release(fd);
	} else {
		host_close(fd);
	}
	if (m.bad)
		returned = GONE;
	drop(&m);
	return returned;
}
