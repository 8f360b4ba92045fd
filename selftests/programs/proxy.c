// SPDX-License-Identifier: GPL-2.0
/*
 * A process on Linux that makes the system calls of a program of the RTOS, as in
 * systems that do not make them in the kernel; to be compared with, see bench.c. The
 * program is bench, which writes its requests into memory that both have.
 *
 *	proxy signal|ioctl|polled [FILE]
 *	proxy writer FIFO
 *
 * signal: the handler of a real-time signal takes the request, and the answer is
 * announced with an interrupt; ioctl: waits in the kernel; polled: looks. writer: is
 * none, and writes into the FIFO the time at which it does.
 */
#include <fcntl.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <x86intrin.h>

#include "../test_modules/crtos_test_floor.h"

/* Longer than it takes to read again, and to go to sleep */
#define WRITER_PAUSE_US	1000

static struct floor_control *const control = (struct floor_control *)FLOOR_ADDR;
static __u32 done;
static int device;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* As they are, without errno */
static inline long call(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("syscall" : "=a" (ret) : "0" (nr), "D" (a), "S" (b), "d" (c)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline long make_call(void)
{
	return call(control->request.nr, control->request.args[0], control->request.args[1],
		    control->request.args[2]);
}

static inline __u32 requested(void)
{
	return __atomic_load_n(&control->request.seq, __ATOMIC_ACQUIRE);
}

/* The only one there is, for the RTOS waits for the answer. */
static inline void answer(__u32 seq)
{
	control->answer.result = make_call();
	__atomic_store_n(&control->answer.seq, seq, __ATOMIC_RELEASE);
	done = seq;
}

static void take_signal(int sig)
{
	__u32 seq;

	while ((seq = requested()) != done) {
		done = seq;
		call(SYS_ioctl, device, FLOOR_ANSWER, make_call());
	}
}

static void on_signal(void)
{
	for (;;)
		call(SYS_pause, 0, 0, 0);
}

static void in_ioctl(void)
{
	while (!call(SYS_ioctl, device, FLOOR_WAIT, done))
		answer(requested());
}

static void polled(void)
{
	for (;;) {
		if (requested() == done)
			_mm_pause();
		else
			answer(requested());
	}
}

static void writer(void)
{
	int left;
	__u64 now;

	for (;;) {
		usleep(WRITER_PAUSE_US);
		if (ioctl(FLOOR_FD, FIONREAD, &left) || left)
			continue;
		now = __rdtsc();
		if (write(FLOOR_FD, &now, sizeof(now)) != sizeof(now))
			die("write");
	}
}

static const struct mode {
	const char *name;
	void (*run)(void);
	bool proxy;
} modes[] = {
	{ "signal", on_signal, true },
	{ "ioctl", in_ioctl, true },
	{ "polled", polled, true },
	{ "writer", writer, false },
	{}
};

static const struct mode *find(const char *name)
{
	const struct mode *m;

	for (m = modes; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

static void join(bool signals)
{
	signal(FLOOR_SIGNAL, take_signal);
	device = open("/dev/" FLOOR_DEVICE, O_RDWR);
	if (device < 0 || ioctl(device, FLOOR_JOIN, signals))
		die(FLOOR_DEVICE);
	if (mmap((void *)FLOOR_ADDR, FLOOR_PAGES * 4096, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED_NOREPLACE, device, 0) != (void *)FLOOR_ADDR)
		die("mmap");
	done = control->request.seq;
	__atomic_store_n(&control->proxy.parent, getppid(), __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
	const struct mode *m = argc > 1 ? find(argv[1]) : NULL;
	int fd;

	if (!m) {
		fprintf(stderr, "usage: proxy signal|ioctl|polled [FILE], proxy writer FIFO\n");
		return 2;
	}
	if (argc > 2) {
		fd = open(argv[2], O_RDWR | O_CREAT, 0600);
		if (fd < 0 || dup2(fd, FLOOR_FD) < 0)
			die(argv[2]);
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
	if (m->proxy)
		join(m->run == on_signal);
	m->run();
	return 1;
}
